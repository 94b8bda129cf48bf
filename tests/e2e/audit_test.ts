import { assert, assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, type RelayProcess, startRelay } from "./_relay.ts";

type Line = Record<string, unknown>;

/** An archive with one environment, flag `f` with that value, and these SDK keys. */
function pack(
  value: number,
  sdkKeys: { value: string; expiry?: number }[],
): Promise<Uint8Array<ArrayBuffer>> {
  const env = { sdkKey: undefined, sdkKeys };
  return packArchive({ e1: { env, flags: { f: constantFlag(value, value) } } });
}

const OLD = { value: "sdk-00000000-0000-4000-8000-0000000000a1" };
const NEW = { value: "sdk-00000000-0000-4000-8000-0000000000b2" };

/** The audit events among lines of JSON: what each is about, and its message or key; `seq` goes from 1 without gaps. */
function readEvents(lines: readonly string[]): Line[] {
  const events = lines.map((line): Line => JSON.parse(line)).filter(({ audit }) => audit !== undefined);
  // Standard error has some of them.
  events.sort((a, b) => Number(a["seq"]) - Number(b["seq"]));
  assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
  return events;
}

/** Replaces the archive again and again: load, refusal, a rotation with an overlap, its end, SIGHUP, the end. */
async function play(relay: RelayProcess, file: DataFile): Promise<void> {
  await file.replace(await pack(2, [OLD]));
  await relay.waitFor("Reloaded data");
  await file.replace(new TextEncoder().encode("no archive ".repeat(100)));
  await relay.waitFor("Data file reload failed");
  await file.replace(await pack(3, [NEW, { ...OLD, expiry: Date.now() + 1_500 }]));
  await relay.waitFor("Changed the expiry of a key");
  await relay.waitFor("A key has expired");
  await file.replace(await pack(3, [NEW]));
  await relay.waitFor("Reloaded data");
  Deno.kill(relay.pid, "SIGHUP");
  await relay.waitFor("has the same content as before");
  assertEquals((await relay.stop()).code, 0);
}

for (const [threads, level] of [["1", "info"], ["2", "info"], ["2", "debug"]] as const) {
  Deno.test(`main.ts numbers audit events without gaps, with ${threads} threads at level ${level}`, async () => {
    await using file = await DataFile.create(await pack(1, [OLD]));
    const env = { FILE_DATA_SOURCE: file.path, LOG_FORMAT: "json", THREADS: threads, LOG_LEVEL: level };
    await using relay = await startRelay({ env });
    await play(relay, file);
    const events = readEvents(relay.lines);
    assertEquals(events.map(({ audit, message }) => `${audit}: ${message}`), [
      "load: Loaded data",
      "ready: Ready",
      "load: Reloaded data",
      "refuse: Data file reload failed, serving the previous data",
      "key: Added a key",
      "key: Changed the expiry of a key",
      "load: Reloaded data",
      "key: A key has expired",
      "load: Reloaded data",
      "shutdown: Stopping; a second signal stops at once",
    ]);
    const loads = events.filter(({ audit }) => audit === "load");
    assertEquals(
      loads.slice(1).map((line) => line["previousDigest"]),
      loads.slice(0, -1).map((line) => line["digest"]),
    );
    for (const load of loads) assert(Number(load["durationMs"]) >= 0 && Number(load["ageMs"]) >= 0);
    assertMatch(String(events[3]!["digest"]), /^[0-9a-f]{64}$/);
    assertEquals(events[4]!["key"], "sdk-********-****-****-****-*******000b2");
  });
}

Deno.test("main.ts writes audit events at level error too, and none at level none", async () => {
  await using file = await DataFile.create(await pack(1, [OLD]));
  for (const [level, count] of [["error", 2], ["none", 0]] as const) {
    const env = { FILE_DATA_SOURCE: file.path, LOG_FORMAT: "json", LOG_LEVEL: level, EXIT_ALWAYS: "1" };
    const good = await halyardCommand({ env }).output();
    const bad = await halyardCommand({ env: { ...env, FILE_DATA_SOURCE: "README.md" } }).output();
    assertEquals([good.code, bad.code], [0, 1]);
    const lines = [good, bad].flatMap(({ stdout }) => new TextDecoder().decode(stdout).trimEnd().split("\n"));
    const events = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
    assertEquals(
      events.map(({ audit, seq }) => [audit, seq]),
      [["load", 1], ["refuse", 1]].slice(0, count),
    );
  }
});

Deno.test("main.ts shows by a gap that audit events were dropped, since nobody read its log", async () => {
  await using file = await DataFile.create(await pack(1, [OLD]));
  const port = freePort();
  const env = {
    PORT: String(port),
    FILE_DATA_SOURCE: file.path,
    FILE_DATA_SOURCE_MONITORING_INTERVAL: "1h",
    LOG_FORMAT: "json",
    LOG_LEVEL: "debug",
  };
  await using process = halyardCommand({ env }).spawn();
  const decoder = new TextDecoderStream();
  const reading = process.stdout.pipeThrough(decoder as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .getReader();
  let log = "";
  while (!log.includes('"Listening on')) log += (await reading.read()).value ?? "";
  const url = `http://127.0.0.1:${port}`;
  async function request(count: number): Promise<void> {
    for (let i = 0; i < count; i += 20) {
      await Promise.all(Array.from({ length: 20 }, async () => {
        await (await fetch(`${url}/health/live`)).body?.cancel();
      }));
    }
  }
  async function isServed(value: number): Promise<void> {
    const deadline = AbortSignal.timeout(20_000);
    while (true) {
      const response = await fetch(`${url}/sdk/flags/f`, { headers: { authorization: OLD.value } });
      if ((await response.json()).version === value) return;
      deadline.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  // More than pipe and queue together hold.
  await request(8_000);
  await file.replace(await pack(2, [OLD]));
  await isServed(2);
  while (!/Dropped \d+ lines/.test(log)) log += (await reading.read()).value ?? "";
  process.kill("SIGTERM");
  for (let part = await reading.read(); !part.done; part = await reading.read()) log += part.value;
  const lines: Line[] = log.trimEnd().split("\n").map((line) => JSON.parse(line));
  const events = lines.filter(({ audit }) => audit !== undefined).map(({ audit, seq }) => [audit, seq]);
  assertEquals(events, [["load", 1], ["ready", 2], ["shutdown", 4]]);
  assertEquals((await process.status).code, 0);
  await process.stderr.cancel();
});
