import { assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { type Client, type Sdk, SDKS, USER, waitForValue, withShortWaits } from "./_clients.ts";
import { freePort, startRelay } from "./_relay.ts";

const TYPES = {
  boolean: true,
  string: "ünïcode \u2028",
  number: 1.5,
  integer: 7,
  array: [1, "a", null],
  object: { a: { b: [] } },
};
const FLAGS = Object.fromEntries(Object.entries(TYPES).map(([key, value]) => [key, constantFlag(value)]));

function archiveWith(env: Record<string, unknown>, changing: unknown, version: number): Promise<Uint8Array> {
  return packArchive({ e1: { env, flags: { ...FLAGS, changing: constantFlag(changing, version) } } });
}

/** Whether the SDK that starts with this key gets flags (true) or is turned away for good (false). */
async function canStart(sdk: Sdk, url: string, key: string): Promise<boolean> {
  const client = sdk.connect(url, key);
  try {
    await client.waitForInitialization({ timeout: 10 });
    return true;
  } catch (error) {
    assertMatch((error as Error).message, /401|Authentication failed/);
    return false;
  } finally {
    await client.close();
  }
}

/** Does something for each of them at a time. */
async function forEach<T>(sdks: Sdk[], run: (sdk: Sdk) => Promise<T>): Promise<Record<string, T>> {
  return Object.fromEntries(await Promise.all(sdks.map(async (sdk) => [sdk.name, await run(sdk)])));
}

/** The same value for each of them. */
function all<T>(sdks: Sdk[], value: T): Record<string, T> {
  return Object.fromEntries(sdks.map(({ name }) => [name, value]));
}

/** Connects one client of each, and waits until all have started. */
async function connect(sdks: Sdk[], url: string, key: string): Promise<Client[]> {
  const clients = sdks.map((sdk) => sdk.connect(url, key));
  await Promise.all(clients.map((client) => client.waitForInitialization({ timeout: 10 })));
  return clients;
}

async function closeAll(clients: Client[]): Promise<void> {
  for (const client of clients) await client.close();
}

for (const [leavesTimers, sdks] of Map.groupBy(SDKS, ({ leavesTimers }) => leavesTimers)) {
  const sanitizers = { sanitizeOps: !leavesTimers, sanitizeResources: !leavesTimers };
  const names = sdks.map(({ name }) => name).join(" and ");

  Deno.test(
    `${names} take flags and segments with gaps, nulls, fractions and deep values`,
    sanitizers,
    async () => {
      const rule = { variation: 1, clauses: [{ op: "segmentMatch", values: ["gaps"] }] };
      const archive = await packArchive({
        e1: {
          flags: {
            bare: {},
            nulls: Object.fromEntries(Object.keys(constantFlag("")).map((name) => [name, null]).slice(1)),
            rule: { on: true, variations: ["no", "yes"], rules: [rule], fallthrough: { variation: 0.5 } },
            half: { ...constantFlag("half"), version: 3.5, fallthrough: { variation: 1.0 } },
            deep: constantFlag(JSON.parse("[".repeat(5000) + "]".repeat(5000))),
          },
          segments: { gaps: { included: ["u"], excluded: null } },
        },
      });
      await using file = await DataFile.create(archive);
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
      const clients = await connect(sdks, relay.url, "sdk-e1");
      const values = { bare: "default", nulls: "default", rule: "yes", half: "half", deep: "default" };
      for (const client of clients) {
        for (const [key, value] of Object.entries(values)) {
          assertEquals(await client.variation(key, USER, "default"), value);
        }
      }
      await closeAll(clients);
      assertMatch(relay.lines.join("\n"), /flag "half" is served with 3 for 3\.5 in "version"/);
      assertMatch(relay.lines.join("\n"), /flag "deep" is left out/);
    },
  );

  Deno.test(
    `${names} get every JSON type, follow the file, and outlive a bad file and a restart`,
    sanitizers,
    async () => {
      await using file = await DataFile.create(await archiveWith({}, "one", 1));
      const port = freePort();
      const env = { FILE_DATA_SOURCE: file.path };
      await withShortWaits(async () => {
        const clients = await (async () => {
          await using relay = await startRelay({ env, port });
          const clients = await connect(sdks, relay.url, "sdk-e1");
          for (const client of clients) {
            for (const [key, value] of Object.entries(TYPES)) {
              assertEquals(await client.variation(key, USER, "fallback"), value);
            }
          }
          await file.replace(await archiveWith({}, "two", 2));
          await waitForValue(clients, "two");

          // Not one that looks like the beginning of a copy, which takes seconds to be sure of.
          const sameKey = { env: { sdkKey: { value: "sdk-e1" } } };
          await file.replace(await packArchive({ e1: sameKey, e2: sameKey }));
          await relay.waitFor("Data file reload failed");
          await waitForValue(clients, "two");
          assertEquals(await forEach(sdks, (sdk) => canStart(sdk, relay.url, "sdk-e1")), all(sdks, true));

          // An older version: a rollback must reach SDKs too.
          await file.replace(await archiveWith({}, "one again", 1));
          await waitForValue(clients, "one again");
          return clients;
        })();
        await waitForValue(clients, "one again");
        await file.replace(await archiveWith({}, "after restart", 3));
        await using _relay = await startRelay({ env, port });
        await waitForValue(clients, "after restart");
        await closeAll(clients);
      });
    },
  );

  Deno.test(`${names} follow a key rotation with and without grace`, sanitizers, async () => {
    const [a, b] = ["sdk-aaaaaaaa-aaaa", "sdk-bbbbbbbb-bbbb"];
    await using file = await DataFile.create(await archiveWith({ sdkKey: { value: a } }, "one", 1));
    await withShortWaits(async () => {
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
      const clients = await connect(sdks, relay.url, a);

      const expiring = { value: a, timestamp: Date.now() + 600_000 };
      await file.replace(await archiveWith({ sdkKey: { value: b, expiring } }, "two", 2));
      await waitForValue(clients, "two");
      assertEquals(await forEach(sdks, (sdk) => canStart(sdk, relay.url, a)), all(sdks, true));
      assertEquals(await forEach(sdks, (sdk) => canStart(sdk, relay.url, b)), all(sdks, true));

      await file.replace(await archiveWith({ sdkKey: { value: b } }, "three", 3));
      await relay.waitFor("Reloaded data");
      await relay.waitFor("Reloaded data");
      assertEquals(await forEach(sdks, (sdk) => canStart(sdk, relay.url, a)), all(sdks, false));
      assertEquals(await forEach(sdks, (sdk) => canStart(sdk, relay.url, b)), all(sdks, true));
      await waitForValue(clients, "two");
      await closeAll(clients);
    });
  });
}
