import { assertEquals } from "@std/assert";
import { KeyAudit } from "../../lib/load/_key_audit.ts";
import { Store } from "../../lib/store/mod.ts";
import { type EnvironmentParts, makeEnvironment, makeLog, makeSnapshot } from "../_environments.ts";
import { FakeClock } from "../source/_bench.ts";

/** A key, and until when it is good: ms since epoch. */
type Key = { value: string; expiry?: number };

const OLD = "sdk-0123456789-old-key-aaaaa";
const NEW = "sdk-0123456789-new-key-bbbbb";

/** A store whose keys are watched. */
class Bench implements Disposable {
  readonly clock = new FakeClock();
  readonly log = makeLog();
  readonly #store = new Store(() => this.clock.now());
  readonly #audit = new KeyAudit({
    log: this.log,
    clock: this.clock,
    list: () => this.#store.environments,
  });

  /** Swaps in environment `e1` with these SDK keys, and others. */
  async swap(keys: Key[], others: Record<string, EnvironmentParts | "faulty"> = {}): Promise<void> {
    const isFirst = !this.#store.ready;
    const loaded = Object.entries<EnvironmentParts | "faulty">({
      e1: { env: { sdkKey: undefined, sdkKeys: keys } },
      ...others,
    });
    this.#audit.noteExpired();
    const changes = this.#store.replace(
      await Promise.all(
        loaded.map(async ([id, parts]) =>
          parts === "faulty"
            ? { id, metadata: makeEnvironment(id).metadata, fault: "bad" }
            : { id, snapshot: await makeSnapshot(id, parts) }
        ),
      ),
    );
    this.#audit.noteChanges(changes, isFirst);
  }

  /** Lets the wait for the next expiry pass. Returns how long it was. */
  async pass(): Promise<number> {
    const ms = this.clock.pass();
    await Promise.resolve();
    await Promise.resolve();
    return ms;
  }

  /** The lines since it was last called, without what they all have. */
  take(): string[] {
    const lines = this.log.lines.map((line) =>
      line.replace(' environment=e1 name="Project Test" kind=sdk', "").replace(" audit=key", "")
    );
    this.log.lines.length = 0;
    return lines;
  }

  [Symbol.dispose](): void {
    this.#audit.close();
    assertEquals(this.clock.sleeps, []);
  }
}

Deno.test("KeyAudit logs a rotation with an overlap: the new key, the end of the old one, and that it has come", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD }]);
  assertEquals([bench.take(), bench.clock.sleeps], [[], []], "the first load is an event of its own");
  await bench.swap([{ value: NEW }, { value: OLD, expiry: 90_000 }]);
  assertEquals(bench.take(), [
    "info: Added a key key=sdk-**********-***-****bbbbb expiry=none",
    "info: Changed the expiry of a key key=sdk-**********-***-****aaaaa expiry=1970-01-01T00:01:30.000Z",
  ]);
  assertEquals([await bench.pass(), bench.take()], [60_000, []], "the clock may have been set");
  assertEquals(await bench.pass(), 30_001);
  assertEquals(bench.take(), [
    "info: A key has expired key=sdk-**********-***-****aaaaa expiry=1970-01-01T00:01:30.000Z",
  ]);
  await bench.swap([{ value: NEW }]);
  assertEquals(bench.take(), [], "it was no longer accepted");
});

Deno.test("KeyAudit waits for nothing once it is closed, though a load ends afterwards", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD }]);
  bench[Symbol.dispose]();
  await bench.swap([{ value: NEW }, { value: OLD, expiry: 90_000 }]);
  assertEquals([bench.take().length, bench.clock.sleeps], [2, []]);
});

Deno.test("KeyAudit logs a key that is revoked, one whose end is called off, and one that moves", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD }, { value: NEW, expiry: 5_000 }], { e2: {} });
  await bench.swap([{ value: NEW }], { e2: { env: { sdkKey: { value: OLD } } } });
  const moved = 'environment=e2 name="Project Test" kind=sdk key=sdk-**********-***-****aaaaa expiry=none';
  assertEquals(bench.take(), [
    "info: Revoked a key key=sdk-**********-***-****aaaaa expiry=none",
    "info: Changed the expiry of a key key=sdk-**********-***-****bbbbb expiry=none",
    'info: Revoked a key environment=e2 name="Project Test" kind=sdk key=sdk-** expiry=none',
    `info: Added a key ${moved}`,
  ]);
});

Deno.test("KeyAudit logs each expiry once, though a load comes between the expiry and its timer", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD, expiry: 1_000 }, { value: NEW, expiry: 70_000 }]);
  assertEquals(bench.clock.sleeps.map(({ ms }) => ms), [1_001]);
  await bench.pass();
  assertEquals(bench.take().map((line) => line.includes("has expired")), [true]);
  assertEquals(bench.clock.sleeps.map(({ ms }) => ms), [60_000]);
  await bench.swap([{ value: NEW, expiry: 70_000 }]);
  await bench.pass();
  await bench.pass();
  assertEquals(bench.take(), [
    "info: A key has expired key=sdk-**********-***-****bbbbb expiry=1970-01-01T00:01:10.000Z",
  ]);
});

Deno.test("KeyAudit says nothing of a key that has expired before, and reads any expiry", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD }]);
  await bench.swap([{ value: OLD }, { value: NEW, expiry: -1 }]);
  assertEquals(bench.take(), []);
  await bench.swap([{ value: OLD, expiry: Number.MAX_SAFE_INTEGER }]);
  assertEquals(bench.take(), [
    "info: Changed the expiry of a key key=sdk-**********-***-****aaaaa expiry=+275760-09-13T00:00:00.000Z",
  ]);
});

Deno.test("KeyAudit logs the keys of a new environment that has no data yet, and leaves whole environments to others", async () => {
  using bench = new Bench();
  await bench.swap([{ value: OLD }]);
  await bench.swap([{ value: OLD }], { e2: "faulty", e3: {} });
  assertEquals(bench.take(), [
    'info: Added a key environment=e2 name="Project Test" kind=sdk key=sdk-** expiry=none',
    'info: Added a key environment=e2 name="Project Test" kind=mobile key=mob-** expiry=none',
  ]);
  await bench.swap([{ value: OLD }]);
  assertEquals(bench.take(), []);
});
