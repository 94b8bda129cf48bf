import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { openEndlessRequest, type RelayProcess, startRelay } from "./_relay.ts";

const ARCHIVE = await packArchive({ e1: { flags: { f: constantFlag("one") } } });
const HEADERS = { authorization: "sdk-e1" };

/** Makes a named pipe beside the file, which blocks the watch on its directory, and waits until that is so. */
async function blockWatch(file: DataFile, relay: RelayProcess): Promise<void> {
  const pipe = `${file.path}.pipe`;
  assert((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
  await file.replace(await packArchive({ e1: { flags: { f: constantFlag("two", 2) } } }));
  await relay.waitFor("Reloaded data");
}

/** The first bytes of a stream, and its reader. */
async function openStream({ url }: RelayProcess) {
  const { body } = await fetch(`${url}/all`, { headers: HEADERS });
  const reader = body!.getReader();
  return { reader, text: new TextDecoder().decode((await reader.read()).value) };
}

async function readiness({ url }: RelayProcess): Promise<[status: number, body: Record<string, unknown>]> {
  const response = await fetch(`${url}/health/ready`);
  return [response.status, await response.json()];
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`main.ts ends on ${signal} though a named pipe blocks its watch, and answers until then`, async () => {
    await using file = await DataFile.create(ARCHIVE);
    await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, SHUTDOWN_DELAY: "1s" } });
    await blockWatch(file, relay);
    const { reader } = await openStream(relay);
    Deno.kill(relay.pid, signal);
    await relay.waitFor("Stopping;");
    assertEquals((await readiness(relay))[0], 503);
    const [{ code }, { done }] = await Promise.all([relay.ended, reader.read()]);
    assertEquals([code, done], [0, true]);
  });
}

Deno.test("main.ts ends at once on a second signal though a named pipe blocks its watch", async () => {
  await using file = await DataFile.create(ARCHIVE);
  for (const env of [{ SHUTDOWN_GRACE_PERIOD: "1h" }, { SHUTDOWN_DELAY: "1h" }]) {
    await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, ...env } });
    using _request = await openEndlessRequest(relay);
    const { reader } = await openStream(relay);
    await new Deno.Command("mkfifo", { args: [`${file.path}.pipe`] }).output();
    Deno.kill(relay.pid, "SIGTERM");
    await relay.waitFor("Stopping; a second signal stops at once signal=SIGTERM");
    assertEquals((await relay.stop()).code, 1);
    await reader.cancel().catch(() => {});
    await Deno.remove(`${file.path}.pipe`);
  }
});

Deno.test("main.ts ends while it still reads its archive for the first time", async () => {
  await using file = await DataFile.create(ARCHIVE.subarray(0, 100));
  const env = { FILE_DATA_SOURCE: file.path, SHUTDOWN_GRACE_PERIOD: "1h" };
  // It is waited for the rest of the file: some seconds.
  await using relay = await startRelay({ env: { ...env, LOG_LEVEL: "debug" } }, "Data file is incomplete");
  assertEquals((await relay.stop()).code, 0);
});

Deno.test("main.ts serves on for SHUTDOWN_DELAY after SIGTERM, new requests, streams and reloads included", async () => {
  await using file = await DataFile.create(ARCHIVE);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, SHUTDOWN_DELAY: "5s" } });
  assertEquals(await readiness(relay), [200, { status: "ready" }]);
  const before = await openStream(relay);
  const start = performance.now();
  Deno.kill(relay.pid, "SIGTERM");
  await relay.waitFor("signal=SIGTERM delayMs=5000");
  const reasons = ["the relay is shutting down"];
  assertEquals(await readiness(relay), [503, { status: "not ready", reasons }]);
  assertStringIncludes(
    await (await fetch(`${relay.url}/sdk/latest-all`, { headers: HEADERS })).text(),
    '"one"',
  );
  const during = await openStream(relay);
  await file.replace(await packArchive({ e1: { flags: { f: constantFlag("two", 2) } } }));
  for (const { reader } of [before, during]) {
    assertStringIncludes(new TextDecoder().decode((await reader.read()).value), '"two"');
  }
  const ends = await Promise.all([before, during].map(({ reader }) => reader.read()));
  assertEquals(ends.map(({ done }) => done), [true, true]);
  assertLess(4_900, performance.now() - start);
  assertEquals((await relay.ended).code, 0);
});
