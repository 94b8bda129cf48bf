import { assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { type Client, SDKS, waitForValue, withShortWaits } from "./_clients.ts";
import { freePort, halyardCommand, type RelayProcess, startRelay } from "./_relay.ts";

const NEEDS = { ...constantFlag("on"), prerequisites: [{ key: "changing", variation: 1 }] };
const ASKS = {
  ...constantFlag("on"),
  rules: [{ variation: 0, clauses: [{ attribute: "", op: "segmentMatch", values: ["staff"] }] }],
};

/** The archive and, beside it, a file of overrides that is not there yet. */
async function createFiles(): Promise<DataFile & { overrides: string }> {
  const file = await DataFile.create(
    await packArchive({
      e1: {
        flags: { changing: constantFlag("on", 3), needs: NEEDS, asks: ASKS },
        segments: { staff: { included: [] } },
      },
    }),
  );
  return Object.assign(file, { overrides: file.path.replace("flags.tar.gz", "overrides.json") });
}

async function write(path: string, environment: unknown): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, JSON.stringify({ environments: { e1: environment } }));
  await Deno.rename(`${path}.new`, path);
}

/** The value of flag `changing` that is served. */
async function readServed({ url }: RelayProcess): Promise<unknown> {
  const headers = { authorization: "sdk-e1", connection: "close" };
  const { variations, fallthrough } = await (await fetch(`${url}/sdk/flags/changing`, { headers })).json();
  return variations[fallthrough.variation];
}

for (const [leavesTimers, sdks] of Map.groupBy(SDKS, ({ leavesTimers }) => leavesTimers)) {
  const sanitizers = { sanitizeOps: !leavesTimers, sanitizeResources: !leavesTimers };
  const names = sdks.map(({ name }) => name).join(" and ");

  Deno.test(
    `${names} get a flag switched off by an override, and on again when it is removed`,
    sanitizers,
    async () => {
      await using file = await createFiles();
      const env = { FILE_DATA_SOURCE: file.path, OVERRIDES_FILE: file.overrides };
      await withShortWaits(async () => {
        await using relay = await startRelay({ env });
        const clients: Client[] = sdks.map((sdk) => sdk.connect(relay.url, "sdk-e1"));
        await Promise.all(clients.map((client) => client.waitForInitialization({ timeout: 10 })));
        await waitForValue(clients, "on");
        await waitForValue(clients, "on", "needs");
        await waitForValue(clients, "on", "asks");

        const off = { ...constantFlag("on"), on: false };
        await write(file.overrides, { flags: { changing: off } });
        await waitForValue(clients, null);
        // It is a prerequisite.
        await waitForValue(clients, null, "needs");
        await waitForValue(clients, "on", "asks");

        await write(file.overrides, {
          segments: { staff: { included: ["u"] } },
          flagValues: { changing: "other" },
        });
        await waitForValue(clients, null, "asks");
        await waitForValue(clients, "other");
        await waitForValue(clients, null, "needs");

        await Deno.remove(file.overrides);
        for (const key of ["changing", "needs", "asks"]) await waitForValue(clients, "on", key);
        await relay.waitFor("Overrides have ended");
        for (const client of clients) await client.close();
        assertEquals(relay.errors, []);
      });
    },
  );
}

Deno.test("main.ts reads the overrides on SIGHUP, before the first archive, and ends where they are bad at its start", async () => {
  await using file = await createFiles();
  const env = {
    FILE_DATA_SOURCE: file.path,
    OVERRIDES_FILE: file.overrides,
    FILE_DATA_SOURCE_MONITORING_INTERVAL: "1h",
  };
  await write(file.overrides, { flagValues: { changing: "first" } });
  {
    // Nothing else would notice a change: the interval is long, and the directory may not be watched.
    const permissions = [
      "--allow-net",
      "--allow-env",
      "--allow-sys",
      `--allow-read=${file.path},${file.overrides}`,
    ];
    await using relay = await startRelay({ env, permissions });
    assertEquals(relay.lines.findIndex((line) => line.includes("Loaded overrides")) >= 0, true);
    assertEquals(await readServed(relay), "first");
    await write(file.overrides, { flagValues: { changing: "second" } });
    Deno.kill(relay.pid, "SIGHUP");
    await relay.waitFor("Reloaded overrides");
    assertEquals(await readServed(relay), "second");
    await Deno.remove(file.overrides);
    Deno.kill(relay.pid, "SIGHUP");
    await relay.waitFor("Overrides have ended");
    assertEquals(await readServed(relay), "on");
  }
  await write(file.overrides, { flagValues: [] });
  const { code, stderr } = await halyardCommand({ env: { ...env, PORT: `${freePort()}` } }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stderr),
    /^Unable to create relay: Cannot read overrides ".*": environment "e1", "flagValues": it must be an object\nhint: correct the file/,
  );
});
