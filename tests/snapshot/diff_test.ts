import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  buildSnapshot,
  compareSnapshots,
  getTombstoneVersion,
  oncePerPair,
  type Snapshot,
} from "../../lib/snapshot/mod.ts";
import { type EnvironmentParts, makeEnvironment, makeSnapshot, text } from "../_environments.ts";

type Json = Record<string, unknown>;

function snapshotOf(parts: EnvironmentParts): Snapshot {
  return buildSnapshot(makeEnvironment("e1", parts));
}

/** The diff of two states, each change as `kind/key previous -> version`; `-` for what is not there, `x` for what is gone. */
async function diff(before: EnvironmentParts, after: EnvironmentParts): Promise<string[]> {
  const { changes } = await compareSnapshots(snapshotOf(before), snapshotOf(after));
  return changes.map((
    { kind, key, body, version, previous },
  ) => `${kind}/${key} ${previous ?? "-"} -> ${body ? "" : "x"}${version}`);
}

/** Refers to flags and segments. */
function item(version: number, flags: string[] = [], segments: string[] = []): Json {
  return {
    version,
    prerequisites: flags.map((key) => ({ key })),
    rules: segments.map((key) => ({ clauses: [{ op: "in" }, { op: "segmentMatch", values: [key] }] })),
  };
}

// Flag "f" before and after, and what is said of it.
const CHANGES: [what: string, before: Json | undefined, after: Json | undefined, said: string[]][] = [
  ["an unchanged flag", item(3), item(3), []],
  ["a new flag", undefined, item(3), ["flags/f - -> 3"]],
  ["a changed flag", item(3), item(4), ["flags/f 3 -> 4"]],
  ["a flag that went back", item(3), item(2), ["flags/f 3 -> 2"]],
  ["a flag changed without a new version", item(3), { ...item(3), on: true }, ["flags/f 3 -> 3"]],
  ["a removed flag", item(3), undefined, ["flags/f 3 -> x4"]],
  ["a removed flag with a newer tombstone", item(3), { version: 9, deleted: true }, ["flags/f 3 -> x9"]],
  ["a removed flag with an older tombstone", item(3), { version: 2, deleted: true }, ["flags/f 3 -> x4"]],
  ["a flag that comes back from a tombstone", { version: 3, deleted: true }, item(4), ["flags/f - -> 4"]],
  ["a tombstone that comes", undefined, { version: 3, deleted: true }, []],
  ["a tombstone that changes", { version: 3, deleted: true }, { version: 4, deleted: true }, []],
  ["a tombstone that goes", { version: 3, deleted: true }, undefined, []],
  ["a flag with a version below zero", item(-3), undefined, ["flags/f -3 -> x-2"]],
];

for (const [what, before, after, said] of CHANGES) {
  Deno.test(`compareSnapshots() says ${said.join() || "nothing"} of ${what}`, async () => {
    const parts = [before, after].map((flag) => ({ flags: { ...flag && { f: flag }, other: {} } }));
    assertEquals(await diff(parts[0]!, parts[1]!), said);
  });
}

Deno.test("compareSnapshots() keeps flags and segments with the same key apart", async () => {
  const before = { flags: { k: item(1) }, segments: { k: item(5) } };
  assertEquals(await diff(before, { flags: { k: item(2) } }), ["flags/k 1 -> 2", "segments/k 5 -> x6"]);
});

Deno.test("compareSnapshots() tells spellings apart, which some SDKs do", async () => {
  const environment = makeEnvironment("e1", { flags: { f: item(1) } });
  const before = buildSnapshot(environment);
  environment.data.flags.get("f")!.text = '{"key":"f","version":1.0}';
  const { changes: [change] } = await compareSnapshots(before, buildSnapshot(environment));
  assertEquals(text(change!.body!), '{"key":"f","version":1.0}');
});

Deno.test("compareSnapshots() puts segments before flags, each after what it needs, and what is gone last", async () => {
  const refers = {
    flags: { a: item(1, ["b"]), b: item(1, ["c"], ["s"]), c: item(1) },
    segments: { r: item(1, [], ["s"]), s: item(1) },
  };
  assertEquals(
    await diff({}, refers),
    ["segments/s", "segments/r", "flags/c", "flags/b", "flags/a"].map((path) => `${path} - -> 1`),
  );
  assertEquals(
    await diff({ ...refers, flags: { ...refers.flags, z: item(1, ["a"]) } }, { flags: { z: item(2) } }),
    [
      "flags/z 1 -> 2",
      ...["flags/a", "flags/b", "flags/c", "segments/r", "segments/s"].map((path) => `${path} 1 -> x2`),
    ],
  );
});

Deno.test("compareSnapshots() gets through cycles and long chains", async () => {
  const cycle = { flags: { a: item(1, ["b"]), b: item(1, ["a"]) }, segments: { s: item(1, [], ["s"]) } };
  assertEquals((await diff({}, cycle)).length, 3);
  assertEquals((await diff(cycle, {})).length, 3);
  const length = 20_000;
  const chain = Array.from({ length }, (_, i) => [`f${i}`, item(1, [`f${i + 1}`])]);
  const changes = await diff({}, { flags: Object.fromEntries(chain) });
  assertEquals([changes.length, changes[0], changes.at(-1)], [
    length,
    `flags/f${length - 1} - -> 1`,
    "flags/f0 - -> 1",
  ]);
});

Deno.test("compareSnapshots() does not read what is in a tombstone", async () => {
  const hostile = { version: 1, deleted: true, prerequisites: 7, rules: "rules" };
  const after = snapshotOf({
    flags: { f: item(1, ["gone"], ["gone"]), gone: hostile },
    segments: { gone: hostile },
  });
  const { changes, findAffectedFlags } = await compareSnapshots(snapshotOf({}), after);
  assertEquals(changes.map(({ key }) => key), ["f"]);
  assertEquals([...await findAffectedFlags()], ["f"]);
});

/** A flag or segment and the paths of what it refers to. */
interface Referrer {
  path: string;
  version: number;
  references: string[];
}

const PATHS = [
  "flags/a",
  "flags/b",
  "flags/c",
  "flags/d",
  "flags/e",
  "segments/r",
  "segments/s",
  "segments/t",
];

/** Some of these, which refer to later ones. Segments do not refer to flags, so there are no cycles. */
const referrers: fc.Arbitrary<Map<string, Referrer>> = fc.tuple(...PATHS.map((path, i) =>
  fc.record({
    path: fc.constant(path),
    version: fc.integer({ min: 1, max: 3 }),
    references: fc.subarray(PATHS.slice(i + 1)),
  })
)).chain(fc.subarray).map((some) => new Map(some.map((referrer) => [referrer.path, referrer])));

function partsOf(referrers: Map<string, Referrer>) {
  const parts = { flags: {} as Record<string, Json>, segments: {} as Record<string, Json> };
  for (const { path, version, references } of referrers.values()) {
    const [flags, segments] = ["flags", "segments"].map((kind) =>
      references.filter((reference) => reference.startsWith(kind)).map((reference) =>
        reference.split("/")[1]!
      )
    );
    const [kind, key] = path.split("/") as ["flags" | "segments", string];
    parts[kind][key] = item(version, flags, segments);
  }
  return parts;
}

Deno.test("compareSnapshots() never has a client with something that refers to what comes later or is gone already", async () => {
  await fc.assert(
    fc.asyncProperty(referrers, referrers, async (before, after) => {
      const held = new Map(before);
      const { changes } = await compareSnapshots(snapshotOf(partsOf(before)), snapshotOf(partsOf(after)));
      for (const { kind, key, body } of changes) {
        const path = `${kind}/${key}`;
        if (!body) held.delete(path);
        else held.set(path, after.get(path)!);
        for (const { path, references } of held.values()) {
          const states = [before, after].filter((state) =>
            state.get(path)?.references.join() === references.join()
          );
          for (const reference of references) {
            assert(held.has(reference) || states.some((state) => !state.has(reference)));
          }
        }
      }
      assertEquals([...held.keys()].sort(), [...after.keys()].sort());
    }),
  );
});

// What changes, and which flags that reaches.
const REACHED: [changed: string, flags: string[]][] = [
  ["alone", ["alone"]],
  ["top", ["top"]],
  ["middle", ["middle", "top"]],
  ["bottom", ["bottom", "middle", "top"]],
  ["segment", ["bottom", "inSegment", "middle", "top"]],
  ["nested", ["bottom", "inSegment", "middle", "top"]],
  ["unused", []],
  ["cycleA", ["cycleA", "cycleB", "cycleC"]],
];

/** A place where everything refers to something. */
const NET: Required<Pick<EnvironmentParts, "flags" | "segments">> = {
  flags: {
    alone: item(1),
    top: item(1, ["alone2", "middle"]),
    middle: item(1, ["bottom"]),
    bottom: item(1, [], ["segment"]),
    inSegment: item(1, [], ["unused2", "segment"]),
    cycleA: item(1, ["cycleB"]),
    cycleB: item(1, ["cycleC"]),
    cycleC: item(1, ["cycleA"]),
  },
  segments: { segment: item(1, [], ["nested"]), nested: item(1), unused: item(1, [], ["segment"]) },
};

for (const [changed, flags] of REACHED) {
  for (const how of ["changed", "removed", "added"]) {
    Deno.test(`findAffectedFlags() finds ${flags.join() || "nothing"} when "${changed}" is ${how}`, async () => {
      const kind = changed in NET.flags ? "flags" : "segments";
      const { [changed]: old, ...rest } = NET[kind];
      const without = { ...NET, [kind]: rest };
      const other = { ...NET, [kind]: { ...rest, [changed]: { ...old, version: 2 } } };
      const [before, after] = how === "changed"
        ? [NET, other]
        : how === "removed"
        ? [NET, without]
        : [without, NET];
      const { findAffectedFlags } = await compareSnapshots(snapshotOf(before), snapshotOf(after));
      assertEquals([...await findAffectedFlags()].sort(), flags);
    });
  }
}

Deno.test("compareSnapshots() and findAffectedFlags() pause at each item", async () => {
  let pauses = 0;
  function pause(): undefined {
    pauses++;
  }
  const count = Object.keys(NET.flags).length + Object.keys(NET.segments).length;
  const { findAffectedFlags } = await compareSnapshots(snapshotOf({}), snapshotOf(NET), pause);
  assert(pauses >= 2 * count, `${pauses}`);
  pauses = 0;
  await findAffectedFlags();
  assert(pauses >= count, `${pauses}`);
});

Deno.test("getTombstoneVersion() is above the version there was and not below the one there is", () => {
  assertEquals([getTombstoneVersion(3), getTombstoneVersion(3, 3), getTombstoneVersion(3, 7)], [4, 4, 7]);
});

Deno.test("oncePerPair() compares each two snapshots once", async () => {
  const [a, b, c] = [await makeSnapshot("e1"), await makeSnapshot("e1"), await makeSnapshot("e1")];
  const compare = oncePerPair((before, after) => ({ before, after }));
  assertStrictEquals(compare(a, b), compare(a, b));
  for (const [before, after] of [[a, b], [a, c], [b, a], [b, c]] as const) {
    assertStrictEquals(compare(before, after).before, before);
    assertStrictEquals(compare(before, after).after, after);
  }
  const nothing = { calls: 0 };
  const count = oncePerPair(() => void nothing.calls++);
  for (let i = 0; i < 2; i++) count(a, b);
  assertEquals(nothing.calls, 1);
});
