import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { loadOnce, type Relay, type RelayOptions, startRelay } from "../lib/relay.ts";
import { type Clock, LoadError, MACHINE_CLOCK, SourceError, TransientError } from "../lib/source/mod.ts";
import { type EnvironmentParts, makeLog } from "./_environments.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";
import { readMetrics, valueOf } from "./observe/_exposition.ts";
import { evaluate } from "./routes/ofrep/_ofrep.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const THREADS = [1, 2];
const CONTEXT = btoa('{"kind":"user","key":"u"}');
const EVERYWHERE = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };
const NEEDS_F = {
  ...constantFlag("dependent"),
  ...EVERYWHERE,
  prerequisites: [{ key: "f", variation: 1 }],
};
const OFF = { e1: { flagValues: { f: "override" } } };

function partsWith(version: number, value: unknown = `archive ${version}`): EnvironmentParts {
  // So large that a patch is shorter than all.
  const filler = { ...constantFlag("x".repeat(10_000)), key: "filler" };
  return {
    flags: { f: { ...constantFlag(value, version), ...EVERYWHERE }, dependent: NEEDS_F, filler },
  };
}

/** A relay with a file of overrides, which need not be there. */
class Running implements AsyncDisposable {
  readonly file: DataFile;
  readonly log = makeLog();
  relay!: Relay;

  private constructor(file: DataFile) {
    this.file = file;
  }

  static async create(overrides?: unknown): Promise<Running> {
    const running = new Running(
      await DataFile.create(await packArchive({ e1: partsWith(1), e2: partsWith(1) })),
    );
    if (overrides !== undefined) await running.write(overrides);
    return running;
  }

  get path(): string {
    return this.file.path.replace("flags.tar.gz", "overrides.json");
  }

  get settings(): Settings {
    return {
      ...DEFAULT_SETTINGS,
      port: 0,
      bindAddress: "127.0.0.1",
      shutdownGracePeriod: 500,
      fileDataSource: this.file.path,
      fileDataSourceMonitoringInterval: 20,
      overridesFile: this.path,
    };
  }

  async start(settings: Partial<Settings> = {}, options: Partial<RelayOptions> = {}): Promise<this> {
    this.relay = await startRelay({ ...this.settings, ...settings }, {
      log: this.log,
      threadUrl: new URL("./_mortal_thread.ts", import.meta.url),
      ...options,
    });
    return this;
  }

  /** Replaces the overrides by renaming over them. */
  async write(environments: unknown): Promise<void> {
    await Deno.writeTextFile(`${this.path}.new`, JSON.stringify({ environments }));
    await Deno.rename(`${this.path}.new`, this.path);
  }

  /** Replaces the overrides and waits until they are in effect. */
  async override(environments: unknown): Promise<void> {
    if (environments === undefined) await Deno.remove(this.path);
    else await this.write(environments);
    await this.relay.reload();
  }

  async load(archive: Record<string, EnvironmentParts>): Promise<void> {
    await this.file.replace(await packArchive(archive));
    await (this.relay as Relay | undefined)?.reload();
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = {
      authorization: "sdk-e1",
      connection: "close",
      ...init.headers as Record<string, string>,
    };
    return await fetch(`http://127.0.0.1:${this.relay.address.port}${path}`, { ...init, headers });
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Json> {
    return await (await this.fetch(path, { headers })).json();
  }

  /** Value and version of flag `f`, as PHP gets it. */
  async served(key = "sdk-e1"): Promise<[value: unknown, version: number]> {
    const { variations, fallthrough, version } = await this.get("/sdk/flags/f", { authorization: key });
    return [variations[fallthrough.variation], version];
  }

  async status(): Promise<Json> {
    return (await this.get("/status")).overrides;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.relay as Relay | undefined)?.[Symbol.asyncDispose]();
    await this.file[Symbol.asyncDispose]();
  }
}

/** An open stream. */
class Stream implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(response: Response) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(running: Running, path: string, headers: Record<string, string> = {}): Promise<Stream> {
    return new Stream(await running.fetch(path, { headers }));
  }

  /** Takes the next event that is no heartbeat: its name and its data. */
  async next(): Promise<[event: string, data: Json]> {
    while (true) {
      const match = /^event: ?(.*)\ndata: ?(.*)\n\n/m.exec(this.#text);
      if (match) {
        this.#text = this.#text.slice(match.index + match[0].length);
        return [match[1]!, JSON.parse(match[2]!)];
      }
      const { value } = await this.#reader.read();
      assert(value !== undefined, "The stream has ended");
      this.#text += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}

for (const threads of THREADS) {
  const ignore = threads > 1 && !("listenDatagram" in Deno);
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name}, with ${threads === 1 ? "one thread" : `${threads} threads`}`, fn, ignore });

  test("overrides reach polls and open streams as a patch, and their end as a put", async () => {
    await using running = await (await Running.create()).start({ threads });
    await using server = await Stream.open(running, "/all");
    await using client = await Stream.open(running, `/eval/e1/${CONTEXT}?withReasons=true`);
    await using plain = await Stream.open(running, `/eval/e1/${CONTEXT}`);
    for (const stream of [server, client, plain]) assertEquals((await stream.next())[0], "put");

    // It is noticed by itself.
    await running.write(OFF);
    const [event, { path, data }] = await server.next();
    assertEquals([event, path, data.version, data.on], ["patch", "/flags/f", 2, true]);
    assertEquals(data.variations[data.fallthrough.variation], "override");
    assertEquals(await running.served(), ["override", 2]);
    assertEquals(await running.served("sdk-e2"), ["archive 1", 1]);

    const [put, results] = await client.next();
    const reason = { kind: "FALLTHROUGH", overrideAffected: true };
    assertEquals([put, results.f.value, results.f.version, results.f.reason], ["put", "override", 2, reason]);
    // The flag is a prerequisite, and has another value.
    assertEquals([results.dependent.value, results.dependent.reason], [
      null,
      { kind: "PREREQUISITE_FAILED", prerequisiteKey: "f", overrideAffected: true },
    ]);
    const [, withoutReasons] = await plain.next();
    assertEquals([withoutReasons.f.value, withoutReasons.f.reason], ["override", undefined]);

    await Deno.remove(running.path);
    const [end, { data: all }] = await server.next();
    assertEquals([end, all.flags.f.version, all.flags.f.variations[1]], ["put", 1, "archive 1"]);
    assertEquals((await client.next())[1].f.reason, { kind: "FALLTHROUGH" });
    assertEquals(await running.served(), ["archive 1", 1]);
    assertEquals(running.log.problems, []);
  });

  test("an override that changes no value reaches those who asked for reasons", async () => {
    await using running = await (await Running.create()).start({ threads });
    await using withReasons = await Stream.open(running, `/eval/e1/${CONTEXT}?withReasons=true`);
    await withReasons.next();
    await running.override({ e1: { segments: { s: {} }, flagValues: { f: "archive 1" } } });
    const [event, results] = await withReasons.next();
    // The version of the dependent flag is the same, so a patch of it would be ignored.
    assertEquals([event, results.dependent.value, results.dependent.reason], [
      "put",
      "dependent",
      { kind: "FALLTHROUGH", overrideAffected: true },
    ]);
    await running.override({ e1: {} });
    const [, { f, dependent }] = await withReasons.next();
    assertEquals([f.reason, dependent.reason], [{ kind: "FALLTHROUGH" }, { kind: "FALLTHROUGH" }]);
  });

  test("an archive that is loaded beneath an override leaves it in effect, one with a fault too", async () => {
    await using running = await (await Running.create(OFF)).start({ threads });
    assertEquals(await running.served(), ["override", 2]);
    await using server = await Stream.open(running, "/all");
    await server.next();
    await running.load({ e1: partsWith(7), e2: partsWith(7) });
    assertEquals([await running.served(), await running.served("sdk-e2")], [["override", 8], [
      "archive 7",
      7,
    ]]);
    const [event, { data }] = await server.next();
    assertEquals([event, data.version], ["patch", 8]);

    await running.load({ e1: { flags: { f: { version: "x" } } }, e2: partsWith(9) });
    assertEquals([await running.served(), await running.served("sdk-e2")], [["override", 8], [
      "archive 9",
      9,
    ]]);
    await running.override({ e1: { flagValues: { f: "second" } } });
    assertEquals(await running.served(), ["second", 8]);
    const { status, reasons } = await running.get("/health/ready");
    assertMatch(reasons[0], /^environment e1 keeps its previous data: /);
    assertEquals([status, reasons.length], ["degraded", 1]);
    await running.override(undefined);
    assertEquals(await running.served(), ["archive 7", 7]);
    assertEquals((await running.get("/health/ready")).status, "degraded");
    await running.load({ e1: partsWith(8), e2: partsWith(9) });
    assertEquals([await running.served(), (await running.get("/health/ready")).status], [
      ["archive 8", 8],
      "ready",
    ]);
  });

  test("overrides of one environment leave the keys of another that never had data", async () => {
    await using running = await Running.create();
    await running.load({ e1: { flags: { f: { version: "x" } } }, e2: partsWith(1) });
    await running.start({ threads });
    async function statusOf(key: string): Promise<number> {
      const response = await running.fetch("/sdk/flags", { headers: { authorization: key } });
      await response.body?.cancel();
      return response.status;
    }
    assertEquals([await statusOf("sdk-e1"), await statusOf("sdk-e2")], [503, 200]);
    await running.override({ e2: OFF.e1 });
    // SDKs give up for good after a 401.
    assertEquals([await statusOf("sdk-e1"), await running.served("sdk-e2")], [503, ["override", 2]]);
  });

  test("a bad file leaves the last good overrides in effect, and status, readiness and log say why", async () => {
    await using running = await (await Running.create(OFF)).start({ threads });
    await running.override({ e1: { flags: { f: { on: 1 } } } });
    await running.relay.reload();
    const message =
      `Cannot read overrides "${running.path}": environment "e1", flag "f": "on" must be a boolean, is number`;
    assertEquals(await running.served(), ["override", 2]);
    assertEquals((await running.status()).lastError.message, message);
    const ready = await running.fetch("/health/ready");
    assertEquals([ready.status, (await ready.json()).reasons], [
      200,
      [`the newest overrides file is not in effect: ${message}`],
    ]);
    assertEquals(running.log.lines.filter((line) => line.startsWith("error")).length, 1);
    await running.override({ e1: { flagValues: { f: "mended" } } });
    assertEquals([await running.served(), (await running.status()).lastError], [["mended", 2], undefined]);
    assertEquals((await running.get("/health/ready")).status, "ready");
  });

  test("/status, ?expect= and metrics show what is overridden", async () => {
    const until = "2100-01-01T00:00:00Z";
    await using running = await Running.create({
      e1: { flagValues: { f: 1 }, segments: { s: {} }, until },
      "e 9": { flagValues: { f: 1 } },
    });
    await running.start({ threads, prometheus: { port: 0 } });
    async function scrape() {
      const response = await fetch(`http://127.0.0.1:${running.relay.metricsAddress!.port}/metrics`);
      return readMetrics(await response.text());
    }
    const status = await running.status();
    assertEquals([status.path, status.digest.length, typeof status.loadedAt], [running.path, 64, "number"]);
    assertEquals(status.environments, {
      e1: { flags: ["f"], segments: ["s"], until: Date.parse(until), isApplied: true },
      "e 9": { flags: ["f"], segments: [], isApplied: false },
    });
    const clauses = [
      "overrides.environments.e1.isApplied=true",
      'overrides.environments["e 9"].isApplied=false',
      `overrides.environments.e1.until=${Date.parse(until)}`,
      `overrides.digest=${status.digest}`,
      "overrides.environments.e1.flags[0]=f",
    ];
    const query = clauses.map((clause) => `expect=${encodeURIComponent(clause)}`).join("&");
    const response = await running.fetch(`/status?${query}`);
    assertEquals([response.status, (await response.json()).satisfied], [200, true]);
    const before = await scrape();
    assertEquals(
      [
        valueOf(before, "halyard_overrides", { environment: "e1" }),
        valueOf(before, "halyard_overrides", { environment: "e 9" }),
        valueOf(before, "halyard_overrides_failing"),
      ],
      [2, 0, 0],
    );
    await running.override({ e1: 1 });
    assertEquals(valueOf(await scrape(), "halyard_overrides_failing"), 1);
    await running.override(undefined);
    const after = await scrape();
    assertEquals(
      [after.get("halyard_overrides")?.metrics ?? [], valueOf(after, "halyard_overrides_failing")],
      [[], 0],
    );
  });
}

Deno.test({
  name: "a thread that takes the place of one that died has the overrides, and what comes when they end",
  ignore: !("listenDatagram" in Deno),
  async fn() {
    await using running = await (await Running.create(OFF)).start({ threads: 2 });
    await running.load({ e1: { flags: { f: { version: "x" } } }, e2: partsWith(1) });
    for (const index of [0, 1]) await Deno.writeTextFile(`${running.file.path}.kill${index}`, "");
    const deadline = performance.now() + 20_000;
    while (running.log.lines.filter((line) => line.includes("has been replaced")).length < 2) {
      assert(performance.now() < deadline, running.log.lines.join("\n"));
      await new Promise((done) => setTimeout(done, 10));
    }
    assertEquals(await running.served(), ["override", 2]);
    assertEquals((await running.get("/health/ready")).status, "degraded");
    await running.override(undefined);
    assertEquals(await running.served(), ["archive 1", 1]);
    assertEquals((await running.get("/health/ready")).status, "degraded");
  },
});

/** A clock that can be set forward. */
class SetClock implements Clock {
  #offset = 0;
  #waking = new AbortController();

  now(): number {
    return Date.now() + this.#offset;
  }

  uptime(): number {
    return performance.now();
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return MACHINE_CLOCK.sleep(ms, AbortSignal.any([signal, this.#waking.signal]));
  }

  /** Lets time pass: whoever sleeps wakes up. */
  pass(ms: number): void {
    this.#offset += ms;
    this.#waking.abort();
    this.#waking = new AbortController();
  }
}

Deno.test("overrides expire while streams are open", async () => {
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await using running = await Running.create({ e1: { ...OFF.e1, until } });
  const clock = new SetClock();
  await running.start({}, { clock });
  await using server = await Stream.open(running, "/all");
  assertEquals((await server.next())[1].data.flags.f.version, 2);
  clock.pass(3_600_000);
  assertEquals((await server.next())[1].data.flags.f.version, 1);
  assertEquals((await running.status()).environments.e1.isApplied, false);
  assertEquals(running.log.lines.filter((line) => line.includes("Overrides have expired")).length, 1);
});

Deno.test("results by FDv2 and OFREP say that overrides affect them, in each dialect", async () => {
  for (const ofrepReasons of ["openfeature", "launchdarkly"] as const) {
    await using running = await (await Running.create({ e1: { flagValues: { f: "override" } } })).start({
      ofrepReasons,
    });
    const send = { fetch: (path: string, init?: RequestInit) => running.fetch(path, init) };
    const headers = { authorization: "Bearer mob-e1" };
    const { body: { flags } } = await evaluate(send, { targetingKey: "u" }, { headers });
    const { body: one } = await evaluate(send, { targetingKey: "u" }, { headers, path: "/f" });
    const f = flags.find(({ key }: Json) => key === "f");
    assertEquals(f.metadata, { version: 2, ldReason: "FALLTHROUGH", overrideAffected: true });
    assertEquals([one, f.value], [f, "override"]);
    assertEquals(flags.find(({ key }: Json) => key === "filler").metadata.overrideAffected, undefined);

    const { events } = await running.get(`/sdk/poll/eval/${CONTEXT}?withReasons=true`, {
      authorization: "mob-e1",
    });
    const objects = events.filter(({ event }: Json) => event === "put-object").map(({ data }: Json) =>
      [data.key, data.object.reason.overrideAffected] as const
    );
    assertEquals(Object.fromEntries(objects), { dependent: true, f: true, filler: undefined });
    const polled = await running.get(`/msdk/evalx/contexts/${CONTEXT}?withReasons=true`, {
      authorization: "mob-e1",
    });
    assertEquals([polled.f.reason.overrideAffected, polled.filler.reason.overrideAffected], [
      true,
      undefined,
    ]);
    const { f: item } = await running.get("/sdk/flags");
    assertEquals(Object.keys(item).includes("overrideAffected"), false);
  }
});

Deno.test("startRelay() and loadOnce() refuse a bad file of overrides, and leave nothing running", async () => {
  await using running = await Running.create({ e1: { flagValues: 1 } });
  for (const run of [() => running.start(), () => loadOnce(running.settings, running.log)]) {
    const error = await assertRejects(run, LoadError);
    assertEquals(
      error.message,
      `Cannot read overrides "${running.path}": environment "e1", "flagValues": it must be an object`,
    );
  }
  await Deno.remove(running.path);
  await Deno.mkdir(running.path);
  for (const run of [() => running.start(), () => loadOnce(running.settings, running.log)]) {
    const error = await assertRejects(run, SourceError);
    assertEquals(error.message, `Cannot read overrides file "${running.path}": is a directory`);
  }
  await Deno.remove(running.path);
  await running.write(OFF);
  const store = await loadOnce(running.settings, running.log);
  assertEquals(store.get("e1")!.snapshot!.find("flags", "f")!.version, 2);
});

Deno.test("startRelay() does not serve flags that may be overridden while the overrides cannot be read", async () => {
  await using running = await Running.create(OFF);
  const fs = {
    ...Deno,
    open: (path: string | URL) =>
      `${path}`.endsWith(".json") ? Promise.reject(new Error("disk failed")) : Deno.open(path),
  };
  const error = await assertRejects(() => running.start({}, { fs }), TransientError);
  assertEquals(error.message, `Cannot read overrides file "${running.path}": disk failed`);
});

Deno.test("without a file of overrides in the settings, nothing is watched or published but the archive", async () => {
  await using running = await Running.create(OFF);
  const watched: string[] = [];
  const stats: string[] = [];
  const fs = {
    ...Deno,
    watchFs(...args: Parameters<typeof Deno.watchFs>) {
      watched.push(`${args[0]}`);
      return Deno.watchFs(...args);
    },
    stat(path: string | URL) {
      stats.push(`${path}`);
      return Deno.stat(path);
    },
  };
  const { overridesFile: _, ...settings } = running.settings;
  const log = makeLog();
  await using relay = await startRelay(settings, { log, fs });
  running.relay = relay;
  await relay.reload();
  assertEquals([watched.length, new Set(stats)], [1, new Set([running.file.path])]);
  assertEquals([await running.served(), await running.status()], [["archive 1", 1], undefined]);
  assertEquals(log.lines.filter((line) => /overrid/i.test(line)), []);
});
