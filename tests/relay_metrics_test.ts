import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { ListenError } from "../lib/http/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { makeLog } from "./_environments.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";
import { readMetrics, valueOf } from "./observe/_exposition.ts";

const PREFIX = "launchdarkly_relay";

function start(file: DataFile, settings: Partial<Settings> = {}): Promise<Relay> {
  return startRelay({
    ...DEFAULT_SETTINGS,
    port: 0,
    bindAddress: "127.0.0.1",
    shutdownGracePeriod: 1_000,
    fileDataSource: file.path,
    prometheus: { port: 0 },
    ...settings,
  }, { log: makeLog(), threadUrl: new URL("./_mortal_thread.ts", import.meta.url) });
}

function archiveWith(version: number): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(version, version) } } });
}

async function scrape({ metricsAddress }: Relay): Promise<ReturnType<typeof readMetrics>> {
  const response = await fetch(`http://127.0.0.1:${metricsAddress!.port}/metrics`);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return readMetrics(await response.text());
}

function seriesOf(metrics: ReturnType<typeof readMetrics>) {
  return [...metrics.values()].flatMap(({ metrics }) => metrics);
}

async function get({ address }: Relay, path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${address.port}${path}`, {
    headers: { authorization: "sdk-e1", connection: "close", ...headers },
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("startRelay() serves metrics to Prometheus, each with 0 before anything has happened", async () => {
  await using file = await DataFile.create(await archiveWith(1));
  await using relay = await start(file);
  const before = await scrape(relay);
  assertEquals(
    [
      valueOf(before, "halyard_reloads_total", { result: "ok" }),
      valueOf(before, "halyard_reloads_total", { result: "failed" }),
      valueOf(before, "halyard_reload_duration_seconds_count"),
      valueOf(before, "halyard_requests_refused_total", { reason: "unknown credential" }),
      valueOf(before, "halyard_requests_shed_total", { reason: "requests" }),
      valueOf(before, "halyard_requests_shed_total", { reason: "evaluations" }),
      valueOf(before, "halyard_requests_shed_total", { reason: "memory" }),
      valueOf(before, "halyard_requests_shed_total", { reason: "streams" }),
      valueOf(before, "halyard_stream_sent_bytes_total", { event: "put" }),
      valueOf(before, "halyard_isolate_restarts_total"),
      valueOf(before, "halyard_requests_total", { route: "/all", status: "200" }),
      valueOf(before, "halyard_streams", { kind: "server" }),
      valueOf(before, "halyard_environments", { data: "current" }),
    ],
    [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  );
  const { metrics: [info] } = before.get("halyard_data_info")!;
  assertEquals([info!.labels!["digest"]!.length, info!.value], [64, "1"]);
  assertGreater(valueOf(before, "halyard_memory_bytes")!, 1e6);

  const response = await fetch(`http://127.0.0.1:${relay.address.port}/all`, {
    headers: { authorization: "sdk-e1", "user-agent": "GoClient/7.6.0" },
  });
  const reader = response.body!.getReader();
  await reader.read();
  assertEquals(await get(relay, "/sdk/latest-all", { "x-launchdarkly-user-agent": "PHPClient/6" }), 200);
  assertEquals(await get(relay, "/sdk/latest-all", { authorization: "sdk-none" }), 401);
  await file.replace(await archiveWith(2));
  await relay.reload();
  await reader.read();
  await file.replace(new TextEncoder().encode("no archive at all, but a file that is long enough to be one"));
  await relay.reload();
  const after = await scrape(relay);
  const stream = { platformCategory: "server", userAgent: "GoClient_7.6.0" };
  assertEquals(
    [
      valueOf(after, `${PREFIX}_connections`, stream),
      valueOf(after, `${PREFIX}_newconnections`, stream),
      valueOf(after, `${PREFIX}_requests`, { ...stream, route: "_all", method: "GET" }),
      valueOf(after, `${PREFIX}_requests`, { userAgent: "PHPClient_6", route: "_sdk_latest-all" }),
      valueOf(after, `${PREFIX}_requests_total`, {
        user_agent_original: "GoClient/7.6.0",
        launchdarkly_relay_endpoint_type: "stream",
      }),
      valueOf(after, "http_server_active_requests", { http_route: "/all" }),
      valueOf(after, "http_server_request_duration_seconds_count", {
        http_route: "/sdk/latest-all",
        http_response_status_code: "401",
      }),
      valueOf(after, "halyard_streams", { kind: "server" }),
      valueOf(after, "halyard_requests_refused_total", { reason: "unknown credential" }),
      valueOf(after, "halyard_reloads_total", { result: "ok" }),
      valueOf(after, "halyard_data_failing"),
    ],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1],
  );
  assertGreater(valueOf(after, "halyard_stream_sent_bytes_total", { event: "patch" })!, 50);
  assert(after.get("halyard_data_info")!.metrics.length === 1, "one digest at a time");
  await reader.cancel();
});

Deno.test("no user agent and no path fills the metrics", async () => {
  await using file = await DataFile.create(await archiveWith(1));
  await using relay = await start(file);
  await get(relay, "/sdk/latest-all", { "user-agent": "first" });
  const before = await scrape(relay);
  for (let i = 0; i < 300; i++) {
    await get(relay, `/sdk/latest-all?${i}`, { "user-agent": `hostile "${i}" \\ ${"x".repeat(1_000)}` });
    await get(relay, `/nothing/${i}`, { authorization: `sdk-${i}` });
  }
  const metrics = await scrape(relay);
  assertEquals(metrics.size, before.size);
  const series = seriesOf(metrics);
  // Two for each of the 100 user agents that a relay tells apart.
  assertLess(series.length - seriesOf(before).length, 210);
  assertLess(
    Math.max(...series.flatMap(({ labels = {} }) => Object.values(labels).map((v) => v.length))),
    110,
  );
  assertEquals(valueOf(metrics, "halyard_requests_total", { route: "none", status: "404" }), 300);
  assertGreater(valueOf(metrics, `${PREFIX}_requests`, { userAgent: "other" })!, 100);
});

Deno.test("startRelay() adds up the metrics of all threads", async () => {
  await using file = await DataFile.create(await archiveWith(1));
  await using relay = await start(file, { threads: 2 });
  for (let i = 0; i < 40; i++) await get(relay, "/sdk/latest-all");
  const polls = { route: "/sdk/latest-all", status: "200" };
  const metrics = await scrape(relay);
  assertEquals(valueOf(metrics, "halyard_requests_total", polls), 40);
  assertEquals(valueOf(metrics, "halyard_isolate_restarts_total"), 0);
  assertEquals(valueOf(metrics, "halyard_reloads_total", { result: "ok" }), 1);
});

Deno.test("startRelay() loses no count of a thread that has died, and counts its replacement", async () => {
  await using file = await DataFile.create(await archiveWith(1));
  await using relay = await start(file, { threads: 2 });
  for (let i = 0; i < 40; i++) await get(relay, "/sdk/latest-all");
  await scrape(relay);
  await Deno.writeTextFile(`${file.path}.kill0`, "");
  let metrics = await scrape(relay);
  while (valueOf(metrics, "halyard_isolate_restarts_total") === 0) metrics = await scrape(relay);
  const polls = { route: "/sdk/latest-all", status: "200" };
  assertEquals(valueOf(metrics, "halyard_requests_total", polls), 40);
  assertEquals(await get(relay, "/sdk/latest-all"), 200);
  assertEquals(valueOf(await scrape(relay), "halyard_requests_total", polls), 41);
});

Deno.test("startRelay() names the setting of a metrics port that is taken", async () => {
  await using file = await DataFile.create(await archiveWith(1));
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const error = await assertRejects(
    () => start(file, { prometheus: { port } }),
    ListenError,
    `Cannot serve metrics: Cannot listen on port ${port}`,
  );
  assert(error.hint.includes("PROMETHEUS_PORT"));
});

const NAMES = /\b(?:halyard|http_server|launchdarkly_relay|process)_[a-z_]*[a-z]\b/g;

/** Names of metrics in the expressions of a dashboard or of alerts. */
function namesIn(text: string): Set<string> {
  const expressions = [...text.matchAll(/"?\bexpr"?: (.*)/g)].map(([, expression]) => expression!);
  return new Set(expressions.join("\n").match(NAMES));
}

for (const path of ["grafana/halyard.json", "prometheus/alerts.yml"]) {
  Deno.test(`packaging/${path} uses names that the endpoint has`, async () => {
    await using file = await DataFile.create(await archiveWith(1));
    const overridesFile = `${file.path}.json`;
    await Deno.writeTextFile(overridesFile, '{"environments":{"e1":{"flagValues":{"f":1}}}}');
    await using relay = await start(file, { overridesFile });
    await get(relay, "/sdk/latest-all");
    const metrics = await scrape(relay);
    const text = await Deno.readTextFile(new URL(`../packaging/${path}`, import.meta.url));
    const names = namesIn(text);
    assertGreater(names.size, 4);
    const unknown = [...names].filter((name) => !metrics.has(name));
    assertEquals(unknown, []);
    if (path.endsWith(".json")) JSON.parse(text);
  });
}
