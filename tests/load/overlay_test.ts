import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readItems } from "../../lib/archive/mod.ts";
import { buildOverlay, type EnvironmentOverrides, parseOverrides } from "../../lib/load/mod.ts";
import { parseMetadata } from "../../lib/model/mod.ts";
import { type PreparedSnapshot, Snapshot, SnapshotBuilder } from "../../lib/snapshot/mod.ts";
import { makeMetadata, text } from "../_environments.ts";

type Json = Record<string, unknown>;
type Items = Record<string, Json>;
interface Data {
  flags: Items;
  segments: Items;
}

function noPause(): undefined {}

function withKeys(items: Items): Items {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, { key, version: 1, ...item }]));
}

/** The snapshot that a load makes of a data file. */
function prepare({ flags, segments }: Data): PreparedSnapshot {
  const data = new TextEncoder().encode(
    JSON.stringify({ flags: withKeys(flags), segments: withKeys(segments) }),
  );
  const builder = new SnapshotBuilder(data.length);
  for (const item of readItems("e1", data)) builder.add(item);
  return builder.finish(parseMetadata(makeMetadata("e1", {}), "e1"));
}

async function parse(environment: Json): Promise<EnvironmentOverrides> {
  const file = new TextEncoder().encode(JSON.stringify({ environments: { e1: environment } }));
  return (await parseOverrides(file, "o.json", noPause)).get("e1")!;
}

async function overlay(base: Data, overrides: Json): Promise<Snapshot> {
  return Snapshot.from(await buildOverlay(Snapshot.from(prepare(base)), await parse(overrides), noPause));
}

async function getFlag(base: Items, overrides: Json, key = "f"): Promise<Json> {
  const snapshot = await overlay({ flags: base, segments: {} }, overrides);
  return JSON.parse(text(snapshot.find("flags", key)!.document!.parts));
}

const OFF = { on: false, variations: ["a", "b"], offVariation: 0, fallthrough: { variation: 1 } };

Deno.test("buildOverlay() gives an overridden item the higher one of its own version and the archive's plus one", async () => {
  const cases: [archive: Json | undefined, own: Json, version: number][] = [
    [{ version: 5 }, {}, 6],
    [{ version: 5, deleted: true }, {}, 6],
    [{ version: 5 }, { version: 3 }, 6],
    [{ version: 5 }, { version: 100 }, 100],
    [{ version: Number.MAX_SAFE_INTEGER }, {}, Number.MAX_SAFE_INTEGER],
    [undefined, {}, 1],
    [undefined, { version: 0 }, 0],
    [undefined, { version: 9 }, 9],
  ];
  for (const [archive, own, version] of cases) {
    const base = archive ? { f: archive } : {};
    const snapshot = await overlay({ flags: base, segments: base }, {
      flags: { f: { ...OFF, ...own } },
      segments: { f: own },
    });
    for (const kind of ["flags", "segments"] as const) {
      const { version: indexed, document } = snapshot.find(kind, "f")!;
      assertEquals([indexed, JSON.parse(text(document!.parts)).version], [version, version], kind);
    }
  }
});

Deno.test("buildOverlay() deletes what the overrides delete", async () => {
  const snapshot = await overlay({ flags: { f: OFF, g: OFF }, segments: {} }, {
    flags: { f: { deleted: true } },
  });
  assertEquals(snapshot.find("flags", "f"), { version: 2 });
  assertEquals(Object.keys(JSON.parse(text(snapshot.all.body)).flags), ["g"]);
});

Deno.test("buildOverlay() keeps of the archive's flag who sees it, how it is tracked and its variations, where only its value is overridden", async () => {
  const kept = {
    clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
    clientSide: true,
    trackEvents: true,
    debugEventsUntilDate: 1_800_000_000_000,
    excludeFromSummaries: true,
    samplingRatio: 3,
    migration: { checkRatio: 2 },
    salt: "pepper",
    unknown: { of: "a later version" },
    offVariation: 0,
  };
  const base = {
    ...kept,
    version: 4,
    on: false,
    prerequisites: [{ key: "g", variation: 0 }],
    targets: [{ variation: 0, values: ["u"] }],
    contextTargets: [{ contextKind: "org", variation: 0, values: ["o"] }],
    rules: [{ variation: 0, clauses: [] }],
    fallthrough: { rollout: { variations: [{ variation: 0, weight: 100_000 }] } },
    trackEventsFallthrough: true,
    variations: [true, false, { a: 1, b: [2] }],
  };
  const decided = {
    key: "f",
    version: 5,
    deleted: false,
    on: true,
    prerequisites: [],
    targets: [],
    contextTargets: [],
    rules: [],
    trackEventsFallthrough: false,
    variations: base.variations,
  };
  for (
    const [value, variation] of [[true, 0], [false, 1], [{ b: [2], a: 1.0 }, 2]] as const
  ) {
    assertEquals(await getFlag({ f: base }, { flagValues: { f: value } }), {
      ...kept,
      ...decided,
      fallthrough: { variation },
    });
  }
  // No other flag that wants one of the variations takes it for met.
  for (const value of [null, "false", 0, { a: 1 }]) {
    const flag = await getFlag({ f: base }, { flagValues: { f: value } });
    assertEquals([flag["variations"], flag["fallthrough"]], [[...base.variations, value], { variation: 3 }]);
  }
});

Deno.test("buildOverlay() makes a flag of a value that the archive has no flag for, or a deleted one", async () => {
  for (const [base, version] of [[{}, 1], [{ f: { deleted: true, version: 3 } }, 4]] as const) {
    const { fallthrough, variations, on, ...flag } = await getFlag(base, { flagValues: { f: [1, null] } });
    assertEquals([on, fallthrough, variations, flag["version"]], [
      true,
      { variation: 0 },
      [[1, null]],
      version,
    ]);
    // As SDKs need it.
    assertEquals([flag["salt"], flag["rules"], flag["offVariation"], flag["clientSide"]], [
      "",
      [],
      null,
      undefined,
    ]);
  }
  assertEquals((await getFlag({ f: { variations: null } }, { flagValues: { f: 1 } }))["variations"], [1]);
});

Deno.test("buildOverlay() leaves every text as it is spelled, but for the version", async () => {
  const base = prepare({ flags: {}, segments: {} });
  const file = '{"environments":{"e1":{"flags":{"f":{"on" : false,"v":1.0e2,"big":12345678901234567890,' +
    '"s":"\\u00e9","variations":[1.50],"offVariation":0}},"flagValues":{"g":123456789012345678901}}}}';
  const overrides = (await parseOverrides(new TextEncoder().encode(file), "o.json", noPause)).get("e1")!;
  const { all } = Snapshot.from(await buildOverlay(Snapshot.from(base), overrides, noPause));
  const served = text(all.body);
  for (
    const part of [
      '"v":1.0e2,"big":12345678901234567890,"s":"\\u00e9","variations":[1.50]',
      "[123456789012345678901]",
    ]
  ) {
    assertEquals(served.includes(part), true, `${part} is not in ${served}`);
  }
});

Deno.test("buildOverlay() says which flags and segments are malformed only with the overrides", async () => {
  const base = {
    flags: {
      f: {
        on: true,
        variations: [1],
        fallthrough: { variation: 0 },
        prerequisites: [{ key: "g", variation: 0 }],
      },
    },
    segments: {},
  };
  const g = {
    on: true,
    variations: [1],
    fallthrough: { variation: 0 },
    prerequisites: [{ key: "f", variation: 0 }],
  };
  const prepared = await buildOverlay(Snapshot.from(prepare(base)), await parse({ flags: { g } }), noPause);
  assertEquals(prepared.faults, ['flags are prerequisites of each other, so they are malformed: "f", "g"']);
});

/** Random data in which items refer to each other. */
const key = fc.constantFrom("a", "b", "B", "10", "9", "é", "\ud83d\ude00", "\ud800", "__proto__", "c/d");
const flag = fc.record({
  version: fc.integer({ min: 0, max: 5 }),
  on: fc.boolean(),
  deleted: fc.constantFrom(undefined, true),
  salt: fc.constantFrom(undefined, "s"),
  prerequisites: fc.array(fc.record({ key, variation: fc.constant(0) }), { maxLength: 2 }),
  rules: fc.array(
    fc.record({
      variation: fc.constant(1),
      clauses: fc.array(
        fc.record({ op: fc.constant("segmentMatch"), values: fc.array(key, { maxLength: 2 }) }),
      ),
    }),
    { maxLength: 2 },
  ),
  fallthrough: fc.constant({ variation: 0 }),
  offVariation: fc.constantFrom(null, 1),
  variations: fc.constant([true, { x: [] }]),
});
const segment = fc.record({
  version: fc.integer({ min: 0, max: 5 }),
  deleted: fc.constantFrom(undefined, true),
  included: fc.array(key, { maxLength: 2 }),
});
const data = fc.record({ flags: fc.dictionary(key, flag), segments: fc.dictionary(key, segment) });

Deno.test("buildOverlay() serves what a load of the archive serves whose data file was edited by hand", async () => {
  const withoutCycles = data.map(({ flags, segments }) => ({
    // Flags of the overrides that refer to each other would be refused.
    flags: withKeys(
      Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, { ...flag, prerequisites: [] }])),
    ),
    segments: withKeys(segments),
  }));
  await fc.assert(fc.asyncProperty(data, withoutCycles, async (base, overrides) => {
    const prepared = prepare(base);
    const snapshot = Snapshot.from(prepared);
    const overlaid = await buildOverlay(snapshot, await parse(overrides), noPause);
    const edited: Data = { flags: { ...base.flags }, segments: { ...base.segments } };
    for (const kind of ["flags", "segments"] as const) {
      for (const [key, item] of Object.entries(overrides[kind])) {
        const known = Object.hasOwn(base[kind], key) ? base[kind][key]!["version"] as number + 1 : -1;
        Object.defineProperty(edited[kind], key, {
          value: { ...item, version: Math.max(known, item["version"] as number) },
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    }
    const expected = prepare(edited);
    const [a, b] = [Snapshot.from(overlaid), Snapshot.from(expected)];
    assertEquals(text(a.all.body), text(b.all.body));
    assertEquals(
      [
        new Float64Array(overlaid.versions),
        new Uint8Array(overlaid.isOn),
        new Uint32Array(overlaid.references),
        new Uint32Array(overlaid.referenceEnds),
      ],
      [
        new Float64Array(expected.versions),
        new Uint8Array(expected.isOn),
        new Uint32Array(expected.references),
        new Uint32Array(expected.referenceEnds),
      ],
    );
    assertEquals([overlaid.faults, overlaid.flagCount, overlaid.ends], [
      expected.faults,
      expected.flagCount,
      expected.ends,
    ]);
    const overridden = Array.from({ length: a.items.count }, (_, i) => i).filter((i) =>
      Object.hasOwn(overrides[a.items.getKind(i)], a.items.getKey(i))
    );
    assertEquals(overlaid.overridden ?? [], overridden);
    // Only what is overridden has another digest than in an archive.
    for (let i = 0; i < a.items.count; i++) {
      assertEquals(a.items.isSame(i, b.items, i), !overridden.includes(i), a.items.getKey(i));
    }
    // The base is as before.
    assertEquals(prepared.digest, prepare(base).digest);
  }));
});
