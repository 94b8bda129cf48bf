import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { OverridesLoader, OverridingPublisher, type Publisher, StorePublisher } from "../../lib/load/mod.ts";
import { loadArchive } from "../../lib/load/mod.ts";
import { type FileContent, LoadError } from "../../lib/source/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeLog, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { FakeClock } from "../source/_bench.ts";

type Json = Record<string, unknown>;

/** A clock whose system time can be set. */
class SystemClock extends FakeClock {
  offset = Date.UTC(2026, 11, 1);

  override now(): number {
    return super.now() + this.offset;
  }

  override uptime(): number {
    return super.now();
  }
}

const [SECOND, MINUTE] = [1_000, 60_000];
const ARCHIVE = await packArchive({
  e1: { flags: { f: constantFlag("archive") } },
  e2: { flags: { f: constantFlag("archive") } },
});

/** A loader of overrides in front of one store. */
class Bench implements Disposable {
  readonly clock = new SystemClock();
  readonly store = new Store(() => 1);
  readonly log = makeLog();
  readonly loader: OverridesLoader;
  readonly publisher: OverridingPublisher;
  isBroken = false;
  changes = 0;

  constructor() {
    const stored = new StorePublisher(this.store);
    const breakable: Publisher = {
      get environments() {
        return stored.environments;
      },
      listUses: () => stored.listUses(),
      publish: (loaded) => this.isBroken ? Promise.reject(new Error("no memory")) : stored.publish(loaded),
    };
    this.publisher = new OverridingPublisher(breakable, this.log);
    this.loader = new OverridesLoader({
      path: "o.json",
      publisher: this.publisher,
      log: this.log,
      clock: this.clock,
      onChange: () => void this.changes++,
    });
  }

  async loadArchive(): Promise<void> {
    const request = { bytes: ARCHIVE.slice().buffer, path: "a", maxBytes: 1e6, known: new Map() };
    await this.publisher.publish(await Array.fromAsync(loadArchive(request)));
  }

  content(environments: unknown, digest = "d1"): FileContent {
    const bytes = new TextEncoder().encode(JSON.stringify({ environments }));
    return { bytes, digest, isAtRest: true };
  }

  /** Values of flag `f` in both environments. */
  get served(): unknown[] {
    return ["e1", "e2"].map((id) => {
      const parts = this.store.get(id)!.snapshot!.find("flags", "f")!.document!.parts;
      const { variations, fallthrough } = JSON.parse(text(parts));
      return variations[fallthrough.variation];
    });
  }

  /** Lets the wait for the next look pass. Returns how long it was: ms. */
  async pass(): Promise<number> {
    const ms = this.clock.pass();
    // What a look does comes in turns, the last of which begins the next wait.
    for (let i = 0; i < 1000 && this.clock.sleeps.length === 0; i++) {
      await new Promise((done) => setTimeout(done));
    }
    return ms;
  }

  /** The lines since it was last called. */
  take(): string[] {
    return this.log.lines.splice(0);
  }

  [Symbol.dispose](): void {
    this.loader.close();
    assertEquals(this.clock.sleeps, []);
  }
}

function until(clock: SystemClock, ms: number): Json {
  return { flagValues: { f: "override" }, until: new Date(clock.now() + ms).toISOString() };
}

Deno.test("OverridesLoader has overrides take effect, says what they are, and ends them", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  assertEquals(loader.status, { path: "o.json", environments: {} });
  await bench.loadArchive();
  const flags = { f: { on: false, variations: ["off"], offVariation: 0, fallthrough: { variation: 0 } } };
  await loader.load(bench.content({ e1: { flags, segments: { s: {} }, flagValues: { a: 1 } }, e3: {} }));
  assertEquals(bench.served, ["off", "archive"]);
  const loadedAt = clock.now();
  assertEquals(loader.status, {
    path: "o.json",
    digest: "d1",
    loadedAt,
    environments: {
      e1: { flags: ["a", "f"], segments: ["s"], isApplied: true },
      e3: { flags: [], segments: [], isApplied: false },
    },
  });
  assertEquals(bench.take(), [
    "info: Loaded overrides path=o.json digest=d1 environments=2 flags=e1/a,e1/f segments=e1/s audit=override",
  ]);
  await loader.reload(bench.content({ e2: { flagValues: { f: 3 } } }, "d2"));
  assertEquals([bench.served, bench.changes], [["archive", 3], 2]);
  await loader.clear();
  assertEquals(bench.served, ["archive", "archive"]);
  assertEquals(loader.status, { path: "o.json", environments: {} });
  await loader.clear();
  assertEquals(bench.take(), [
    "info: Reloaded overrides path=o.json digest=d2 previousDigest=d1 environments=1 flags=e2/f segments=none audit=override",
    "info: Overrides have ended, there is no overrides file any more path=o.json previousDigest=d2 environments=1 " +
    "flags=e2/f segments=none audit=override",
  ]);
});

Deno.test("OverridesLoader keeps the last good overrides where a file is bad, and says why", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  await bench.loadArchive();
  await assertRejects(() => loader.load(bench.content({ e1: 1 })), LoadError);
  await loader.load(bench.content({ e1: { flagValues: { f: 1 } } }));
  const { loadedAt } = loader.status;
  bench.take();
  clock.offset += MINUTE;
  await loader.reload(bench.content({ e1: { flagValues: { f: 2 }, until: "soon" } }, "d2"));
  const message = 'Cannot read overrides "o.json": environment "e1": "until" must be a time such as ' +
    '"2026-12-01T06:00:00Z" or "2026-12-01T07:00:00+01:00"';
  assertEquals(bench.served, [1, "archive"]);
  assertEquals(
    [loader.status.digest, loader.status.loadedAt, loader.status.lastError],
    ["d1", loadedAt, { message, time: clock.now() }],
  );
  assertEquals(bench.take(), [
    `error: Overrides file reload failed, the overrides before stay in effect error=${
      JSON.stringify(message)
    } ` +
    'hint="correct the file; docs/operations.md has an example" digest=d2 audit=refuse',
  ]);
  await loader.reload(bench.content({ e1: { flagValues: { f: 3 } } }, "d3"));
  assertEquals([bench.served, loader.status.lastError], [[3, "archive"], undefined]);
  await loader.reload(bench.content(null, "d4"));
  await loader.clear();
  assertEquals([bench.served, loader.status.lastError], [["archive", "archive"], undefined]);
});

Deno.test("OverridesLoader ends the overrides of each environment when its time is over", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  await bench.loadArchive();
  await loader.load(bench.content({ e1: until(clock, 90 * SECOND), e2: until(clock, 100 * SECOND) }));
  const end = new Date(clock.now() + 90 * SECOND).toISOString();
  assertEquals(bench.served, ["override", "override"]);
  bench.take();
  assertEquals([await bench.pass(), bench.served], [MINUTE, ["override", "override"]]);
  assertEquals([await bench.pass(), bench.served], [30 * SECOND, ["archive", "override"]]);
  assertEquals(bench.take(), [
    `info: Overrides have expired environment=e1 until=${end} environments=1 flags=e1/f segments=none audit=override`,
  ]);
  assertEquals([loader.status.environments["e1"]!.isApplied, loader.status.environments["e2"]!.isApplied], [
    false,
    true,
  ]);
  // Over a new archive too.
  await bench.loadArchive();
  assertEquals(bench.served, ["archive", "override"]);
  assertEquals([await bench.pass(), bench.served], [10 * SECOND, ["archive", "archive"]]);
  assertEquals(bench.take().length, 1);
  assertEquals(await bench.pass(), MINUTE);
  assertEquals([bench.take(), bench.changes], [[], 5]);
});

Deno.test("OverridesLoader does not serve overrides whose time is over when they are read, and says so", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  await loader.load(bench.content({ e1: until(clock, 0), e2: until(clock, 1) }));
  await bench.loadArchive();
  assertEquals(bench.served, ["archive", "override"]);
  assertEquals(loader.status.environments["e1"], {
    flags: ["f"],
    segments: [],
    until: clock.now(),
    isApplied: false,
  });
  assertEquals(bench.take().slice(1), [
    "warn: Overrides are not in effect: their time was over when they were read environment=e1 until=2026-12-01T00:00:00.000Z",
  ]);
});

Deno.test("OverridesLoader follows the system time when it is set, forward and back", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  await bench.loadArchive();
  await loader.load(bench.content({ e1: until(clock, 3600 * SECOND) }));
  bench.take();
  clock.offset += 2 * 3600 * SECOND;
  assertEquals([await bench.pass(), bench.served[0]], [MINUTE, "archive"]);
  clock.offset -= 2 * 3600 * SECOND;
  assertEquals([await bench.pass(), bench.served[0]], [MINUTE, "override"]);
  assertEquals(bench.take().map((line) => line.split(" environment=")[0]), [
    "info: Overrides have expired",
    "info: Overrides are in effect again: the system time was set back",
  ]);
});

Deno.test("OverridesLoader waits for a time in the far future in many short waits, and for none where there is no time", async () => {
  using bench = new Bench();
  const { loader } = bench;
  await bench.loadArchive();
  await loader.load(bench.content({ e1: { flagValues: { f: 1 }, until: "9999-12-31T23:59:59Z" } }));
  assertEquals([await bench.pass(), await bench.pass(), bench.served[0]], [MINUTE, MINUTE, 1]);
  await loader.reload(bench.content({ e1: { flagValues: { f: 1 } } }));
  assertEquals(bench.clock.sleeps, []);
});

Deno.test("OverridesLoader tries again what the publisher could not take, until it does", async () => {
  using bench = new Bench();
  const { loader, clock } = bench;
  await bench.loadArchive();
  bench.isBroken = true;
  await loader.reload(bench.content({ e1: { flagValues: { f: 1 } } }));
  const error = { message: "no memory", time: clock.now() };
  assertEquals([bench.served[0], loader.status.lastError], ["archive", error]);
  assertEquals(await bench.pass(), MINUTE);
  assertEquals(bench.take().filter((line) => line.startsWith("error")), [
    'error: Cannot apply overrides; trying again once a minute error="no memory"',
  ]);
  // Their time has to do with something else.
  await loader.reload(bench.content({ e1: { flagValues: { f: 1 }, until: "2100-01-01T00:00:00Z" } }, "d2"));
  bench.take();
  bench.isBroken = false;
  clock.pass();
  for (let i = 0; i < 1000 && bench.served[0] !== 1; i++) await new Promise((done) => setTimeout(done));
  assertEquals([bench.served[0], loader.status.lastError], [1, undefined]);
  // It is said to be in effect now, and not before.
  const [line, ...others] = bench.take();
  assertMatch(line!, /^info: Reloaded overrides .*digest=d2 .*audit=override$/);
  assertEquals(others, []);
  await loader.reload(bench.content({ e1: { flagValues: { f: 1 } } }, "d3"));
  assertEquals(clock.sleeps, []);
});

Deno.test("OverridesLoader lists a hundred keys in its line of the log, and counts the rest", async () => {
  using bench = new Bench();
  const flagValues = Object.fromEntries(Array.from({ length: 102 }, (_, i) => [`f${i}`, i]));
  await bench.loader.load(bench.content({ e1: { flagValues } }));
  const line = bench.take()[0]!;
  const keys = /flags="([^"]*)"/.exec(line)![1]!.split(",");
  assertEquals([keys.length, keys.at(-1)], [101, "2 more"]);
  assertEquals(bench.loader.status.environments["e1"]!.flags.length, 102);
});
