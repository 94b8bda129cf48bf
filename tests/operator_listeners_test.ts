import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { ListenError } from "../lib/http/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { makeLog } from "./_environments.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";
import { readMetrics, valueOf } from "./observe/_exposition.ts";

async function createFile(): Promise<DataFile> {
  return await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(1, 1) } } }));
}

function start(file: DataFile, settings: Partial<Settings> = {}): Promise<Relay> {
  return startRelay({
    ...DEFAULT_SETTINGS,
    port: 0,
    bindAddress: "127.0.0.1",
    shutdownGracePeriod: 1_000,
    fileDataSource: file.path,
    admin: { port: 0, bindAddress: "127.0.0.1" },
    ...settings,
  }, { log: makeLog() });
}

async function get({ port }: Deno.NetAddr, path: string): Promise<[status: number, body: string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: "sdk-e1" } });
  return [response.status, await response.text()];
}

for (const threads of [1, 2]) {
  Deno.test(`startRelay() keeps the status in detail for the admin listener, with ${threads} threads`, async () => {
    await using file = await createFile();
    await using relay = await start(file, { threads });
    const { address, adminAddress } = relay;
    const [, status] = await get(adminAddress!, "/status");
    const { environments, dataFile, version } = JSON.parse(status);
    assertEquals([Object.keys(environments), dataFile.digest.length], [["e1"], 64]);
    assertEquals(await get(adminAddress!, "/status/e1"), [200, JSON.stringify(environments.e1)]);
    assertEquals((await get(adminAddress!, "/status?expect=status=healthy"))[0], 200);
    const { size } = readMetrics((await get(adminAddress!, "/metrics"))[1]);
    assertEquals(size > 20, true);

    assertEquals(await get(address, "/status"), [200, JSON.stringify({ status: "healthy", version })]);
    for (const path of ["/status/e1", "/status/p/e", "/status?expect=status=healthy", "/metrics"]) {
      assertEquals([path, (await get(address, path))[0]], [path, 404]);
    }
    for (const listener of [address, adminAddress!]) {
      assertEquals(await get(listener, "/health/live"), [200, '{"status":"live"}']);
      assertEquals(await get(listener, "/health/ready"), [200, '{"status":"ready"}']);
      assertEquals((await get(listener, "/"))[0], 200);
    }
    for (const path of ["/all", "/sdk/latest-all", "/sdk/flags", "/mobile", "/msdk/evalx/contexts/e30"]) {
      assertEquals([path, (await get(adminAddress!, path))[0]], [path, 404]);
    }
  });
}

Deno.test("the admin listener has the Relay Proxy's metrics too, by the prefix of [Prometheus]", async () => {
  await using file = await createFile();
  await using relay = await start(file, { metricsPrefix: "my_app", prometheus: { port: 0 } });
  await get(relay.address, "/sdk/latest-all");
  const texts = [];
  for (const listener of [relay.adminAddress!, relay.metricsAddress!]) {
    const metrics = readMetrics((await get(listener, "/metrics"))[1]);
    texts.push(valueOf(metrics, "my_app_requests", { route: "_sdk_latest-all" }));
  }
  assertEquals(texts, [1, 1]);
  assertEquals((await get(relay.metricsAddress!, "/status"))[0], 404);
});

Deno.test("without an admin port the status is on the public one, as with the Relay Proxy", async () => {
  await using file = await createFile();
  const { admin: _, ...settings } = DEFAULT_SETTINGS;
  await using relay = await startRelay({
    ...settings,
    port: 0,
    bindAddress: "127.0.0.1",
    fileDataSource: file.path,
  }, { log: makeLog() });
  assertEquals(relay.adminAddress, undefined);
  assertStringIncludes((await get(relay.address, "/status"))[1], '"dataFile"');
  assertEquals((await get(relay.address, "/status/e1"))[0], 200);
  assertEquals((await get(relay.address, "/metrics"))[0], 404);
});

Deno.test("startRelay() names the setting of an admin port that is taken, and leaves nothing open", async () => {
  await using file = await createFile();
  using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = taken.addr as Deno.NetAddr;
  const error = await assertRejects(
    () => start(file, { prometheus: { port: 0 }, admin: { port, bindAddress: "127.0.0.1" } }),
    ListenError,
    "Cannot serve operators: ",
  );
  assertStringIncludes(error.hint, "ADMIN_PORT ([Admin] port)");
});
