import { assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { type Client, type Sdk, SDKS, withShortWaits } from "./_clients.ts";
import { freePort, startRelay } from "./_relay.ts";

const USER = { kind: "user", key: "u" };
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

/** Waits until the SDK's own store gives `value`. (SDKs tell of changes by event, but not of a rollback to lower versions.) */
async function waitForValue(client: Client, value: unknown): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (await client.variation("changing", USER, undefined) !== value) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
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

for (const sdk of SDKS) {
  const sanitizers = { sanitizeOps: !sdk.leavesTimers, sanitizeResources: !sdk.leavesTimers };

  Deno.test(
    `${sdk.name} takes flags and segments with gaps, nulls, fractions and deep values`,
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
      const client = sdk.connect(relay.url, "sdk-e1");
      await client.waitForInitialization({ timeout: 10 });
      const values = [];
      for (const key of ["bare", "nulls", "rule", "half", "deep"]) {
        values.push(await client.variation(key, USER, "default"));
      }
      assertEquals(values, ["default", "default", "yes", "half", "default"]);
      await client.close();
      assertMatch(relay.lines.join("\n"), /flag "half" is served with 3 for 3\.5 in "version"/);
      assertMatch(relay.lines.join("\n"), /flag "deep" is left out/);
    },
  );

  Deno.test(
    `${sdk.name} gets every JSON type, follows the file, and outlives a bad file and a restart`,
    sanitizers,
    async () => {
      await using file = await DataFile.create(await archiveWith({}, "one", 1));
      const port = freePort();
      const env = { FILE_DATA_SOURCE: file.path };
      await withShortWaits(async () => {
        const client = await (async () => {
          await using relay = await startRelay({ env, port });
          const client = sdk.connect(relay.url, "sdk-e1");
          await client.waitForInitialization({ timeout: 10 });
          for (const [key, value] of Object.entries(TYPES)) {
            assertEquals(await client.variation(key, USER, "fallback"), value);
          }
          await file.replace(await archiveWith({}, "two", 2));
          await waitForValue(client, "two");

          await file.replace(new TextEncoder().encode("this is no archive"));
          await relay.waitFor("Data file reload failed");
          assertEquals(await client.variation("changing", USER, "fallback"), "two");
          assertEquals(await canStart(sdk, relay.url, "sdk-e1"), true);

          // An older version: a rollback must reach SDKs too.
          await file.replace(await archiveWith({}, "one again", 1));
          await waitForValue(client, "one again");
          return client;
        })();
        assertEquals(await client.variation("changing", USER, "fallback"), "one again");
        await file.replace(await archiveWith({}, "after restart", 3));
        await using _relay = await startRelay({ env, port });
        await waitForValue(client, "after restart");
        await client.close();
      });
    },
  );

  Deno.test(`${sdk.name} follows a key rotation with and without grace`, sanitizers, async () => {
    const [a, b] = ["sdk-aaaaaaaa-aaaa", "sdk-bbbbbbbb-bbbb"];
    await using file = await DataFile.create(await archiveWith({ sdkKey: { value: a } }, "one", 1));
    await withShortWaits(async () => {
      await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
      const client = sdk.connect(relay.url, a);
      await client.waitForInitialization({ timeout: 10 });

      const expiring = { value: a, timestamp: Date.now() + 600_000 };
      await file.replace(await archiveWith({ sdkKey: { value: b, expiring } }, "two", 2));
      await waitForValue(client, "two");
      assertEquals(await canStart(sdk, relay.url, a), true);
      assertEquals(await canStart(sdk, relay.url, b), true);

      await file.replace(await archiveWith({ sdkKey: { value: b } }, "three", 3));
      await relay.waitFor("Reloaded data");
      await relay.waitFor("Reloaded data");
      assertEquals(await canStart(sdk, relay.url, a), false);
      assertEquals(await canStart(sdk, relay.url, b), true);
      assertEquals(await client.variation("changing", USER, "fallback"), "two");
      await client.close();
    });
  });
}
