import { init } from "@launchdarkly/node-server-sdk";
import { assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, startRelay } from "./_relay.ts";

const USER = { kind: "user", key: "u" };

function archiveWith(value: unknown, version = 1): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
}

for (const threads of ["1", "2"]) {
  Deno.test(`main.ts with THREADS=${threads} serves SDKs by STREAM_PORT, reloads on SIGHUP, and ends well`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    const streamPort = freePort();
    await using relay = await startRelay({
      env: {
        FILE_DATA_SOURCE: file.path,
        FILE_DATA_SOURCE_MONITORING_INTERVAL: "1h",
        THREADS: threads,
        STREAM_PORT: `${streamPort}`,
      },
    }, "Listening for streams on");
    const clients = Array.from({ length: 6 }, () =>
      init("sdk-e1", {
        baseUri: relay.url,
        streamUri: `http://127.0.0.1:${streamPort}`,
        eventsUri: relay.url,
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      }));
    for (const client of clients) {
      await client.waitForInitialization({ timeout: 10 });
      assertEquals(await client.variation("f", USER, "fallback"), "one");
    }
    const updated = Promise.all(
      clients.map((client) => new Promise((resolve) => client.once("update:f", resolve))),
    );
    await file.replace(await archiveWith("two", 2));
    Deno.kill(relay.pid, "SIGHUP");
    await updated;
    for (const client of clients) {
      assertEquals(await client.variation("f", USER, "fallback"), "two");
      await client.flush();
      client.close();
    }
    const { code } = await relay.stop();
    assertEquals([code, relay.errors], [0, []]);
  });
}

Deno.test("main.ts with THREADS=2 ends at once on a second signal", async () => {
  await using file = await DataFile.create(await archiveWith("one"));
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, THREADS: "2" } });
  const stream = await fetch(`${relay.url}/all`, { headers: { authorization: "sdk-e1" } });
  await using _ = { [Symbol.asyncDispose]: () => stream.body!.cancel().catch(() => {}) };
  Deno.kill(relay.pid, "SIGTERM");
  await relay.waitFor("Stopping");
  Deno.kill(relay.pid, "SIGTERM");
  assertEquals((await relay.ended).code, 1);
});

Deno.test("main.ts refuses THREADS without --unstable-net, and says so", async () => {
  await using file = await DataFile.create(await archiveWith("one"));
  const env = { FILE_DATA_SOURCE: file.path, PORT: `${freePort()}`, THREADS: "2" };
  const { code, stderr } = await halyardCommand({ env, permissions: ["--allow-all"] }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stderr),
    /^Unable to create relay: Cannot serve in several threads without --unstable-net.*\nhint: add --unstable-net/,
  );
});
