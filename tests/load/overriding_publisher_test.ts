import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  loadArchive,
  Loader,
  type Overrides,
  OverridingPublisher,
  parseOverrides,
  type Publisher,
  StorePublisher,
} from "../../lib/load/mod.ts";
import { type PreparedSnapshot, share, type Snapshot } from "../../lib/snapshot/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { type EnvironmentParts, makeLog, type TestLog, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";

type Json = Record<string, unknown>;
type Archive = Record<string, EnvironmentParts>;

function noPause(): undefined {}

function parse(environments: Json): Promise<Overrides> {
  return parseOverrides(new TextEncoder().encode(JSON.stringify({ environments })), "o.json", noPause);
}

/** One store behind overrides and a loader. */
class Bench implements AsyncDisposable {
  readonly store = new Store(() => 1);
  readonly log: TestLog = makeLog();
  readonly publisher: OverridingPublisher;
  readonly loader: Loader;
  swaps = 0;
  /** Number of environments that came as new data. */
  prepared = 0;

  constructor() {
    const stored = new StorePublisher(this.store, () => void this.swaps++);
    const counting: Publisher = {
      get environments() {
        return stored.environments;
      },
      listUses: () => stored.listUses(),
      publish: (loaded) => {
        this.prepared += loaded.filter((one) => "prepared" in one).length;
        return stored.publish(loaded);
      },
    };
    this.publisher = new OverridingPublisher(counting, this.log);
    this.loader = new Loader({ path: "a", maxBytes: 1e6, publisher: this.publisher, log: this.log });
  }

  async load(archive: Archive): Promise<void> {
    await this.loader.load({ bytes: await packArchive(archive), digest: "", isAtRest: true });
  }

  async override(environments: Json): Promise<void> {
    await this.publisher.setOverrides(await parse(environments));
  }

  snapshot(id: string): Snapshot {
    return this.store.get(id)!.snapshot!;
  }

  /** Value and version of the flag that is served. */
  served(id = "e1", key = "f"): [value: unknown, version: number] | undefined {
    const document = this.store.get(id)?.snapshot?.find("flags", key)?.document;
    if (!document) return undefined;
    const { variations, fallthrough, version } = JSON.parse(text(document.parts));
    return [variations[fallthrough.variation], version];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loader.close();
  }
}

const F = { flags: { f: constantFlag("archive", 5) } };

Deno.test("OverridingPublisher serves overrides over each archive, and the archive itself when they end", async () => {
  await using bench = new Bench();
  await bench.load({ e1: F, e2: F });
  const [before, other] = [bench.snapshot("e1"), bench.snapshot("e2")];
  await bench.override({ e1: { flagValues: { f: "override" } } });
  assertEquals([bench.served(), bench.served("e2")], [["override", 6], ["archive", 5]]);
  assertStrictEquals(bench.snapshot("e2"), other);
  assertEquals([bench.publisher.isOverridden("e1"), bench.publisher.isOverridden("e2")], [true, false]);

  await bench.load({ e1: { flags: { f: constantFlag("newer", 9) } }, e2: F });
  assertEquals([bench.served(), bench.swaps], [["override", 10], 3]);

  await bench.override({});
  assertEquals([bench.served(), bench.publisher.isOverridden("e1")], [["newer", 9], false]);
  await bench.load({ e1: F, e2: F });
  assertEquals(bench.snapshot("e1").digest, before.digest);
  assertEquals(bench.log.problems, []);
});

Deno.test("OverridingPublisher shows environments as archives have them, so that an archive is not taken for changed", async () => {
  await using bench = new Bench();
  await bench.load({ e1: F });
  const { digest } = bench.snapshot("e1");
  await bench.override({ e1: { flagValues: { f: "override" } } });
  const served = bench.snapshot("e1");
  assertEquals(bench.publisher.environments[0]!.snapshot!.digest, digest);
  assert(served.digest !== digest);
  assertEquals(bench.prepared, 2);
  await bench.load({ e1: F });
  assertStrictEquals(bench.snapshot("e1"), served);
  // A spelling that is served alike.
  await bench.load({ e1: { flags: { f: { key: "f", ...constantFlag("archive", 5) } } } });
  assertStrictEquals(bench.snapshot("e1"), served);
  assertEquals(bench.prepared, 2);
  await bench.load({ e1: { ...F, env: { envName: "Renamed" } } });
  assertEquals([bench.snapshot("e1").metadata.name, bench.served()], ["Renamed", ["override", 6]]);
  assertEquals(bench.publisher.environments[0]!.snapshot!.metadata.name, "Renamed");
  await bench.override({});
  assertEquals([bench.snapshot("e1").metadata.name, bench.snapshot("e1").digest], ["Renamed", digest]);
});

Deno.test("OverridingPublisher swaps nothing where overrides are the same as before", async () => {
  await using bench = new Bench();
  await bench.override({ e1: { flagValues: { f: 1 } } });
  assertEquals([bench.store.ready, bench.swaps], [false, 0]);
  await bench.load({ e1: F, e2: F });
  assertEquals([bench.served(), bench.swaps], [[1, 6], 1]);
  const [first, second] = [bench.snapshot("e1"), bench.snapshot("e2")];
  await bench.override({ e1: { flagValues: { f: 1 }, until: "2100-01-01T00:00:00Z" } });
  assertEquals(bench.swaps, 1);
  await bench.override({ e1: { flagValues: { f: 1 } }, e2: { flagValues: { f: 1 } } });
  assertEquals(bench.swaps, 2);
  assertStrictEquals(bench.snapshot("e1"), first);
  assert(bench.snapshot("e2") !== second);
  assertEquals(bench.snapshot("e1").digest, bench.snapshot("e2").digest);
});

Deno.test("OverridingPublisher puts overrides over the data that an environment with a fault keeps, and its fault stays", async () => {
  await using bench = new Bench();
  const bad = { e1: { flags: { f: { version: "x" } } }, e2: F };
  await bench.load({ e1: F, e2: F });
  const { digest } = bench.snapshot("e1");
  await bench.load(bad);
  const { fault } = bench.store.get("e1")!;
  assert(fault !== undefined);
  await bench.override({ e1: { flagValues: { f: 1 } } });
  assertEquals([bench.served(), bench.store.get("e1")!.fault], [[1, 6], fault]);
  // Over an archive with the same fault, and with a change of another environment.
  await bench.load({ ...bad, e2: {} });
  assertEquals([bench.served(), bench.store.get("e1")!.fault], [[1, 6], fault]);
  await bench.override({ e2: { flagValues: { f: 1 } } });
  assertEquals([bench.served(), bench.store.get("e1")!.fault], [["archive", 5], fault]);
  assertEquals(bench.snapshot("e1").digest, digest);
  await bench.override({ e1: { flagValues: { f: 2 } } });
  await bench.load({ e1: F, e2: F });
  assertEquals([bench.served(), bench.store.get("e1")!.fault], [[2, 6], undefined]);
});

Deno.test("OverridingPublisher has no data to put overrides over where an environment never had any, until it has", async () => {
  await using bench = new Bench();
  await bench.override({ e1: { flagValues: { f: 1 } } });
  await bench.load({ e1: { flags: { f: { version: "x" } } } });
  await bench.override({ e1: { flagValues: { f: 2 } } });
  assertEquals([bench.store.get("e1")!.snapshot, bench.publisher.isOverridden("e1")], [undefined, false]);
  assert(bench.store.get("e1")!.fault !== undefined);
  await bench.load({ e1: F });
  assertEquals([bench.served(), bench.publisher.isOverridden("e1")], [[2, 6], true]);
});

Deno.test("OverridingPublisher warns once of an environment that no archive has, and serves it when one has", async () => {
  await using bench = new Bench();
  await bench.override({ e2: { flagValues: { f: 1 } } });
  await bench.load({ e1: F });
  await bench.load({ e1: {} });
  await bench.override({ e2: { flagValues: { f: 2 } } });
  assertEquals(bench.log.problems, [
    "warn: Overrides are for an environment that the archive does not have; they take effect when one has it environment=e2",
  ]);
  assertEquals(bench.log.lines.filter((line) => line.startsWith("warn")).length, 1);
  await bench.load({ e1: F, e2: F });
  assertEquals([bench.served("e2"), bench.served()], [[2, 6], ["archive", 5]]);
  await bench.load({ e1: F });
  assertEquals([bench.store.get("e2"), bench.publisher.isOverridden("e2")], [undefined, false]);
  await bench.load({ e1: F, e2: F });
  assertEquals(bench.served("e2"), [2, 6]);
});

Deno.test("OverridingPublisher says which flags become malformed by overrides", async () => {
  await using bench = new Bench();
  const needs = (key: string) => ({ ...constantFlag(1), prerequisites: [{ key, variation: 1 }] });
  await bench.load({ e1: { flags: { f: needs("g"), g: constantFlag(1), bad: { on: true } } } });
  const known = bench.log.lines.length;
  await bench.override({ e1: { flags: { g: needs("f") } } });
  assertEquals(bench.log.lines.slice(known), [
    "warn: Flags or segments are malformed with the overrides environment=e1 " +
    'error="flags are prerequisites of each other, so they are malformed: \\"f\\", \\"g\\""',
  ]);
});

Deno.test("OverridingPublisher remembers nothing of what could not be published", async () => {
  const store = new Store();
  const stored = new StorePublisher(store);
  let isBroken = false;
  const publisher = new OverridingPublisher({
    get environments() {
      return stored.environments;
    },
    listUses: () => stored.listUses(),
    publish: (loaded) => isBroken ? Promise.reject(new Error("no memory")) : stored.publish(loaded),
  }, makeLog());
  const loader = new Loader({ path: "a", maxBytes: 1e6, publisher, log: makeLog() });
  const load = async (archive: Archive) =>
    await loader.load({ bytes: await packArchive(archive), digest: "", isAtRest: true });
  await load({ e1: F });
  const before = store.get("e1")!.snapshot!;
  isBroken = true;
  await assertRejects(() => load({ e1: { flags: {} } }), Error, "no memory");
  await assertRejects(
    async () => await publisher.setOverrides(await parse({ e1: { flagValues: { f: 1 } } })),
    Error,
  );
  assertEquals(publisher.isOverridden("e1"), false);
  isBroken = false;
  await load({ e1: F });
  assertStrictEquals(store.get("e1")!.snapshot, before);
  await publisher.setOverrides(await parse({ e1: { flagValues: { f: 1 } } }));
  assertEquals(publisher.isOverridden("e1"), true);
  await loader.close();
});

Deno.test("OverridingPublisher remembers the buffers to which the publisher has moved the data, and no copy of them", async () => {
  const [given, moved]: PreparedSnapshot[][] = [[], []];
  const inner = new StorePublisher(new Store());
  const publisher = new OverridingPublisher({
    get environments() {
      return inner.environments;
    },
    listUses: () => inner.listUses(),
    publish(loaded) {
      for (const environment of loaded) {
        if (!("prepared" in environment)) continue;
        given!.push(environment.prepared);
        // As for several threads.
        environment.prepared = share(environment.prepared);
        moved!.push(environment.prepared);
      }
      return inner.publish(loaded);
    },
  }, makeLog());
  const { buffer } = await packArchive({ e1: F });
  const request = { bytes: buffer, path: "a", maxBytes: 1e6, known: new Map() };
  await publisher.publish(await Array.fromAsync(loadArchive(request)));
  for (let i = 0; i < 2; i++) {
    await publisher.setOverrides(await parse({ e1: { flagValues: { f: 1 } } }));
    await publisher.setOverrides(new Map());
  }
  assertEquals(given!.map(({ overridden }) => overridden), [undefined, [0], undefined, [0], undefined]);
  assertStrictEquals(given![2]!.buffer, moved![0]!.buffer);
  assertStrictEquals(given![4]!.buffer, moved![2]!.buffer);
});

Deno.test("OverridingPublisher serves the same whatever comes in between, one thing at a time or all at once", async () => {
  const flags = fc.dictionary(fc.constantFrom("f", "g", "h"), fc.integer({ min: 1, max: 3 }), { maxKeys: 3 });
  const archive = fc.dictionary(
    fc.constantFrom("e1", "e2"),
    fc.oneof({ weight: 4, arbitrary: flags }, { weight: 1, arbitrary: fc.constant("fault" as const) }),
  );
  const overrides = fc.dictionary(fc.constantFrom("e1", "e2"), flags);
  const step = fc.oneof(fc.record({ archive }), fc.record({ overrides }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, isAtOnce) => {
      await using bench = new Bench();
      let [lastOverrides, hasArchive] = [{} as Record<string, Record<string, number>>, false];
      const bases = new Map<string, Record<string, number> | undefined>();
      let last: Promise<void> = Promise.resolve();
      for (const step of steps) {
        if ("archive" in step) {
          hasArchive = true;
          for (const id of bases.keys()) if (!Object.hasOwn(step.archive, id)) bases.delete(id);
          for (const [id, flags] of Object.entries(step.archive)) {
            bases.set(id, flags === "fault" ? bases.get(id) : flags);
          }
          await last;
          last = bench.load(
            Object.fromEntries(
              Object.entries(step.archive).map(([id, flags]): [string, EnvironmentParts] => [id, {
                flags: flags === "fault"
                  ? { f: { version: "x" } }
                  : Object.fromEntries(Object.entries(flags).map(([key, v]) => [key, constantFlag("a", v)])),
              }]),
            ),
          );
        } else {
          lastOverrides = step.overrides;
          const environments = Object.entries(step.overrides).map(([id, flagValues]) => [id, { flagValues }]);
          const parsed = await parse(Object.fromEntries(environments));
          const overriding = bench.publisher.setOverrides(parsed);
          const before = last;
          last = Promise.all([before, overriding]).then(() => {});
        }
        if (!isAtOnce) await last;
      }
      await last;
      assertEquals(bench.store.ready, hasArchive);
      assertEquals(bench.store.environments.map(({ id }) => id), [...bases.keys()].sort());
      for (const [id, base] of bases) {
        assertEquals(bench.store.get(id)!.snapshot !== undefined, base !== undefined, id);
        if (!base) continue;
        const overridden = Object.hasOwn(lastOverrides, id) ? lastOverrides[id]! : {};
        for (const key of ["f", "g", "h"]) {
          const [archived, value] = [base[key], overridden[key]];
          const expected = value !== undefined
            ? [value, archived === undefined ? 1 : archived + 1]
            : archived === undefined
            ? undefined
            : ["a", archived];
          assertEquals(bench.served(id, key), expected as [unknown, number] | undefined, `${id} ${key}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});
