import { assertEquals } from "@std/assert";
import type { Flag, Segment } from "../../lib/model/mod.ts";
import { SnapshotBuilder } from "../../lib/snapshot/mod.ts";
import { type EnvironmentParts, makeEnvironment } from "../_environments.ts";

/** What a builder finds wrong with flags and segments. */
function faultsOf(parts: EnvironmentParts): string[] {
  const { metadata, data } = makeEnvironment("e1", parts);
  const builder = new SnapshotBuilder(0);
  function add(kind: "flags" | "segments", key: string, value: Flag | Segment): void {
    builder.add({ kind, key, value, text: JSON.stringify(value) } as never);
  }
  for (const [key, { value }] of data.flags) add("flags", key, value);
  for (const [key, { value }] of data.segments) add("segments", key, value);
  return builder.finish(metadata).faults;
}

const GOOD = { on: true, variations: [1, 2], fallthrough: { variation: 0 }, offVariation: 1 };

function needs(...keys: string[]) {
  return { ...GOOD, prerequisites: keys.map((key) => ({ key, variation: 0 })) };
}

function asks(...keys: string[]) {
  return { rules: [{ clauses: [{ attribute: "", op: "segmentMatch", values: keys }] }] };
}

const FAULTS: [what: string, parts: EnvironmentParts, faults: string[]][] = [
  [
    "no fault",
    { flags: { a: GOOD, b: needs("a"), c: needs("gone") }, segments: { s: {}, t: asks("s") } },
    [],
  ],
  [
    "a variation that is not there",
    { flags: { a: { ...GOOD, fallthrough: { variation: 7 } }, b: GOOD } },
    ['flag "a" is malformed: "fallthrough.variation" is 7, the flag has 2 variations'],
  ],
  [
    "flags that need each other, one cycle for all of its members",
    { flags: { a: needs("b"), b: needs("c"), c: needs("a", "d"), d: needs("a"), e: needs("a") } },
    ['flags are prerequisites of each other, so they are malformed: "a", "b", "c", "d"'],
  ],
  [
    "a cycle that a flag which is off cuts",
    { flags: { a: needs("b"), b: { ...needs("a"), on: false } } },
    [],
  ],
  [
    "segments that contain each other, and themselves",
    { segments: { r: asks("r"), s: asks("t"), t: asks("s") } },
    [
      'segments contain each other, so they are malformed: "r"',
      'segments contain each other, so they are malformed: "s", "t"',
    ],
  ],
  ["a tombstone", { flags: { a: { deleted: true, on: true, fallthrough: { variation: 7 } } } }, []],
];

for (const [what, parts, faults] of FAULTS) {
  Deno.test(`SnapshotBuilder.finish() lists the faults of ${what}`, () => {
    assertEquals(faultsOf(parts).sort(), faults);
  });
}

Deno.test("SnapshotBuilder.finish() lists twenty faults and counts the others", () => {
  const bad = { ...GOOD, fallthrough: { variation: 7 } };
  const flags = Object.fromEntries(Array.from({ length: 23 }, (_, i) => [`f${i}`, bad]));
  const faults = faultsOf({ flags });
  assertEquals([faults.length, faults.at(-1)], [21, "3 more faults of these kinds"]);
});
