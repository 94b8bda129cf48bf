import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { prepareServerChannels } from "../../lib/delivery/mod.ts";
import { compareEnvironments, type EnvironmentDifference } from "../../lib/inspection/mod.ts";
import { buildSnapshot, compareSnapshots } from "../../lib/snapshot/mod.ts";
import { runs } from "../_nightly.ts";
import { type EnvironmentParts, makeEnvironment, makeSnapshot } from "../_environments.ts";
import { anyEnvironments } from "../evaluation/_generate.ts";
import { mix } from "./_mix.ts";

type Json = Record<string, unknown>;

const FLAG = { version: 3, on: true, variations: ["on", "off"], fallthrough: { variation: 1 } };

async function compare(before?: EnvironmentParts, after?: EnvironmentParts): Promise<EnvironmentDifference> {
  return await compareEnvironments(
    before && await makeSnapshot("e1", before),
    after && await makeSnapshot("e1", after),
  );
}

/** So long that changes one by one are shorter than a `put`. */
const BALLAST = { ballast: { salt: "x".repeat(2_000) } };

Deno.test("compareEnvironments() lists flags and segments that were added, removed or changed", async () => {
  const { metadata: _, keys: __, ...difference } = await compare(
    { flags: { ...BALLAST, gone: { version: 2 }, f: FLAG }, segments: { s: {} } },
    {
      flags: { ...BALLAST, f: { ...FLAG, version: 4, on: false }, a: { version: 7 } },
      segments: { s: { version: 2 } },
    },
  );
  assertEquals(difference, {
    id: "e1",
    project: "Project",
    name: "Test",
    change: "changed",
    flags: [
      {
        key: "a",
        change: "added",
        after: 7,
        words: [
          "OFF",
          "ELSE SERVE nothing (malformed)",
          "OFF SERVE null",
          "VARIATIONS none",
          "SEEN BY server SDKs, mobile SDKs",
        ],
      },
      { key: "f", change: "changed", before: 3, after: 4, words: ["version 3 → 4", "turned off"] },
      { key: "gone", change: "removed", before: 2, words: [] },
    ],
    segments: [{ key: "s", change: "changed", before: 1, after: 2, words: ["version 1 → 2"] }],
    rollback: false,
    streams: "deltas",
  });
});

// Flags before and after; whether that is a rollback, and what streams get.
const UPDATES: [what: string, before: Json, after: Json, rollback: boolean, streams: string][] = [
  ["nothing", {}, {}, false, "none"],
  ["a tombstone alone", {}, { f: { deleted: true } }, false, "none"],
  ["a version that rises", { f: FLAG }, { f: { ...FLAG, version: 4 } }, false, "deltas"],
  ["a version that falls", { f: FLAG }, { f: { ...FLAG, version: 2 } }, true, "put"],
  ["a version that stays", { f: FLAG }, { f: { ...FLAG, on: false } }, true, "put"],
  ["a flag that comes back lower", { f: { version: 5, deleted: true } }, { f: FLAG }, true, "deltas"],
  ["a flag that comes back higher", { f: { version: 2, deleted: true } }, { f: FLAG }, false, "deltas"],
];

for (const [what, before, after, rollback, streams] of UPDATES) {
  Deno.test(`compareEnvironments() says rollback ${rollback} and ${streams} of ${what}`, async () => {
    const [old, now] = [before, after].map((flags) => ({
      flags: { ...BALLAST, ...flags } as Record<string, Json>,
    }));
    const difference = await compare(old, now);
    assertEquals([difference.rollback, difference.streams], [rollback, streams]);
    assertEquals(difference.change, streams === "none" ? "same" : "changed");
  });
}

Deno.test("compareEnvironments() says that streams get a put where it is shorter", async () => {
  const { streams, rollback } = await compare({ flags: { f: {}, g: {} } }, {
    flags: { f: { version: 2 }, g: { version: 2 } },
  });
  assertEquals([streams, rollback], ["put", false]);
});

Deno.test("compareEnvironments() says what changed in metadata and keys, which it obscures", async () => {
  const [old, same, next] = ["old", "same", "next"].map((name) => ({
    value: `sdk-0123456789-${name.padStart(5, "x")}`,
  }));
  const difference = await compare(
    { env: { sdkKey: old, sdkKeys: [old, same, { ...next, expiry: 1 }], defaultTtl: 5 } },
    {
      env: {
        envName: "New",
        envKey: "new",
        projName: "P",
        projKey: "p",
        secureMode: true,
        mobKey: "mob-0123456789-yyyyy",
        sdkKey: next,
        sdkKeys: [next, { ...same, expiry: 2 }],
      },
    },
  );
  assertEquals(difference.change, "changed");
  assertEquals(difference.metadata, [
    'project renamed: "Project" → "P"',
    'key of the project: "" → "p"',
    'environment renamed: "Test" → "New"',
    'key of the environment: "" → "new"',
    "secure mode switched on",
    "cache lifetime for PHP: 5 → 0 minutes",
  ]);
  assertEquals(difference.keys, [
    { kind: "sdk", change: "removed", key: "sdk-***********xxold" },
    { kind: "sdk", change: "no longer expires", key: "sdk-***********xnext" },
    { kind: "sdk", change: "primary", key: "sdk-***********xnext" },
    { kind: "sdk", change: "expires", key: "sdk-***********xsame", expiry: 2 },
    { kind: "mobile", change: "removed", key: "mob-**" },
    { kind: "mobile", change: "added", key: "mob-***********yyyyy" },
  ]);
  assertEquals(difference.streams, "none");
});

Deno.test("compareEnvironments() lists keys and items of an environment that is in one archive alone", async () => {
  const parts = { flags: { f: FLAG, gone: { deleted: true } }, segments: { s: {} } };
  const added = await compare(undefined, parts);
  assertEquals([added.change, added.streams, added.keys.length], ["added", "none", 2]);
  assertEquals(added.flags, [{ key: "f", change: "added", after: 3, words: [] }]);
  const removed = await compare(parts, undefined);
  assertEquals([removed.change, removed.keys.map(({ change }) => change)], ["removed", [
    "removed",
    "removed",
  ]]);
  assertEquals(removed.segments, [{ key: "s", change: "removed", before: 1, words: [] }]);
});

Deno.test("compareEnvironments() says of a faulty environment why it is one, and compares what it can", async () => {
  const snapshot = await makeSnapshot("e1", { flags: { f: FLAG } });
  const { metadata } = snapshot;
  const faulty = { id: "e1", fault: 'Cannot read environment "e1"' };
  const difference = await compareEnvironments(snapshot, {
    ...faulty,
    metadata: { ...metadata, secureMode: true, mobileKeys: [] },
  });
  assertEquals(difference, {
    id: "e1",
    project: "Project",
    name: "Test",
    change: "faulty",
    metadata: ['the newer version cannot be served: Cannot read environment "e1"', "secure mode switched on"],
    keys: [{ kind: "mobile", change: "removed", key: "mob-**" }],
    flags: [],
    segments: [],
    rollback: false,
    streams: "none",
  });
  const { change, keys, name } = await compareEnvironments(faulty, snapshot);
  assertEquals([change, keys, name], ["faulty", [], "Test"]);
  assertEquals((await compareEnvironments(undefined, faulty)).change, "faulty");
});

Deno.test("compareEnvironments() says of a new spelling that the values are the same", async () => {
  const environment = makeEnvironment("e1", { flags: { f: { version: 1 } } });
  const before = buildSnapshot(environment);
  environment.data.flags.get("f")!.text = '{"version":1.0,"key":"f"}';
  const { flags } = await compareEnvironments(before, buildSnapshot(environment));
  assertEquals(flags.map(({ words }) => words), [["the same values, written otherwise"]]);
});

Deno.test("compareEnvironments() agrees with what streams send, and has words for each change", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      anyEnvironments,
      anyEnvironments,
      fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 30 }),
      async (one, other, choices) => {
        const before = await makeSnapshot("e1", one);
        const after = await makeSnapshot("e1", mix(one, other, choices), before);
        const channel = prepareServerChannels("all")();
        await channel.begin(before);
        const sent = await channel.update(before, after);
        const wanted = !sent ? "none" : sent === after.all.put ? "put" : "deltas";
        const difference = await compareEnvironments(before, after);
        assertEquals(difference.streams, wanted);
        seen.add(wanted);
        const { changes } = await compareSnapshots(before, after);
        for (const kind of ["flags", "segments"] as const) {
          const keys = changes.filter((change) => change.kind === kind).map(({ key }) => key);
          assertEquals(difference[kind].map(({ key }) => key), keys.sort());
          for (const { change, words } of difference[kind]) assert(change === "removed" || words.length > 0);
        }
        if (difference.rollback !== (wanted === "put")) {
          assert(!difference.rollback || one.flags["f-deleted"]);
        }
      },
    ),
    { numRuns: runs(100) },
  );
  assertEquals([...seen].sort(), ["deltas", "none", "put"]);
});
