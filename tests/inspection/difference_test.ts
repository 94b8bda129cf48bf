import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { prepareServerChannels } from "../../lib/delivery/mod.ts";
import { createSession, evaluate } from "../../lib/evaluation/mod.ts";
import {
  compareContexts,
  compareEnvironments,
  describeFlagChange,
  describeSegmentChange,
  type EnvironmentDifference,
} from "../../lib/inspection/mod.ts";
import { type JsonValue, parseContext, parseFlag, parseSegment } from "../../lib/model/mod.ts";
import { buildSnapshot, compareSnapshots, type Snapshot } from "../../lib/snapshot/mod.ts";
import { runs } from "../_nightly.ts";
import { type EnvironmentParts, makeEnvironment, makeSnapshot } from "../_environments.ts";
import { contexts } from "../evaluation/_contexts.ts";
import { anyEnvironments, type GeneratedEnvironment } from "../evaluation/_generate.ts";

type Json = Record<string, unknown>;

const FLAG = { key: "f", version: 3, on: true, variations: ["on", "off"], fallthrough: { variation: 1 } };

function flagWords(before: Json, after: Json): string[] {
  const [old, now] = [before, after].map((parts) => parseFlag({ ...FLAG, ...parts }, "f"));
  return describeFlagChange(old!, now!);
}

function segmentWords(before: Json, after: Json): string[] {
  const [old, now] = [before, after].map((parts) => parseSegment({ key: "s", version: 3, ...parts }, "s"));
  return describeSegmentChange(old!, now!);
}

function rollout(on: number, parts: Json = {}): Json {
  return {
    rollout: {
      variations: [{ variation: 0, weight: on }, { variation: 1, weight: 100_000 - on }],
      ...parts,
    },
  };
}

function rule(id: string, country: unknown, parts: Json = { variation: 0 }): Json {
  const values = Array.isArray(country) ? country : [country];
  return { id, clauses: [{ attribute: "country", op: "in", values }], ...parts };
}

const [GERMANY, AUSTRIA, FRANCE] = [rule("r1", "DE"), rule("r2", "AT"), rule("r3", "FR")];

// Fields of a flag before and after, and what is said of them.
const FLAG_CHANGES: [before: Json, after: Json, words: string[]][] = [
  [{}, { version: 4, on: false }, ["version 3 → 4", "turned off"]],
  [{ on: null }, { on: false }, ["on: null → false"]],
  [{}, {}, ["the same values, written otherwise"]],
  [{}, { variations: ["on", "no", 3] }, ['variations[1]: "off" → "no"', "variations[2] added: 3"]],
  [{ variations: [{ a: [1] }] }, { variations: [{ a: [2], "b c": 0 }] }, [
    "variations[0].a[0]: 1 → 2",
    'variations[0]."b c" added: 0',
  ]],
  [
    { prerequisites: [{ key: "a", variation: 0 }, { key: "b", variation: 0 }] },
    { prerequisites: [{ key: "a", variation: 1 }, { key: "b", variation: 0 }] },
    ['now requires "a" = variation 1', 'no longer requires "a" = variation 0'],
  ],
  [
    { targets: [{ variation: 0, values: ["ann", "bob"] }] },
    {
      targets: [{ variation: 0, values: ["bob", "cid", "dot"] }],
      contextTargets: [{ variation: 0 }, { contextKind: "org", variation: 1, values: ["acme"] }],
    },
    [
      'targets user for "on": 2 added: "cid", "dot"; 1 removed: "ann"',
      'targets org for "off": 1 added: "acme"',
    ],
  ],
  [{ targets: [{ variation: 0, values: ["ann", "bob"] }] }, {
    targets: [{ variation: 0, values: ["bob", "ann"] }],
  }, [
    'targets[0].values reordered: ["ann","bob"] → ["bob","ann"]',
  ]],
  [{ rules: [GERMANY] }, { rules: [AUSTRIA, GERMANY] }, ['rule 1 added: IF user.country is "AT" SERVE "on"']],
  [{ rules: [GERMANY, AUSTRIA] }, { rules: [AUSTRIA] }, [
    'rule 1 removed: IF user.country is "DE" SERVE "on"',
  ]],
  [{ rules: [GERMANY, AUSTRIA, FRANCE] }, { rules: [FRANCE, GERMANY, AUSTRIA] }, [
    "rules reordered: those that were 3, 1, 2 now come in this order",
  ]],
  [{ rules: [GERMANY] }, { rules: [rule("r1", ["DE", "AT"], { variation: 1, trackEvents: true })] }, [
    'rule 1: user.country is …: 1 added: "AT"',
    'rule 1: SERVE "on" → SERVE "off"',
    "rules[0].trackEvents added: true",
  ]],
  [
    { rules: [GERMANY] },
    { rules: [{ ...GERMANY, clauses: [{ attribute: "n", op: "lessThan", values: [3] }] }] },
    ["rule 1: condition added: user.n < 3", 'rule 1: condition removed: user.country is "DE"'],
  ],
  [
    { rules: [rule("r1", ["DE", "AT"])] },
    { rules: [rule("r1", ["AT", "DE"])] },
    ['rules[0].clauses[0].values reordered: ["DE","AT"] → ["AT","DE"]'],
  ],
  [{ rules: [rule("", "DE")] }, { rules: [rule("", "AT")] }, [
    'rule 1: user.country is …: 1 added: "AT"; 1 removed: "DE"',
  ]],
  [{ rules: [rule("", "DE"), rule("", "DE")] }, { rules: [rule("", "DE")] }, [
    'rule 2 removed: IF user.country is "DE" SERVE "on"',
  ]],
  [{ rules: [rule("r1", "DE", rollout(10_000))] }, { rules: [rule("r1", "DE", rollout(20_000))] }, [
    'rule 1: 10% → 20% "on", 90% → 80% "off"',
  ]],
  [{ fallthrough: rollout(10_000) }, { fallthrough: rollout(20_000) }, [
    'fallthrough: 10% → 20% "on", 90% → 80% "off"',
  ]],
  [{ fallthrough: rollout(10_000) }, { fallthrough: rollout(20_000, { seed: 7 }) }, [
    'fallthrough: SERVE 10% "on", 90% "off" by user.key → SERVE 20% "on", 80% "off" by user.key with seed 7',
  ]],
  [
    {
      fallthrough: {
        rollout: { variations: [{ variation: 0, weight: 60_000 }, { variation: 1, weight: 40_000 }] },
      },
    },
    {
      fallthrough: {
        rollout: { variations: [{ variation: 0, weight: 60_000 }, { variation: 1, weight: 20_000 }] },
      },
    },
    [
      'fallthrough: SERVE 60% "on", 40% "off" by user.key → SERVE 60% "on", 20% "off", 20% "off" (the rest) by user.key',
    ],
  ],
  [{ variations: ["x".repeat(80) + "1"] }, { variations: ["x".repeat(80) + "2"] }, [
    `variations[0]: …${"x".repeat(20)}1" → …${"x".repeat(20)}2"`,
  ]],
  [{ variations: ["y".repeat(80)] }, { variations: ["y".repeat(80) + "y".repeat(80)] }, [
    `variations[0]: …${"y".repeat(20)}" → …${"y".repeat(59)}…`,
  ]],
  [{}, { fallthrough: rollout(20_000) }, [
    'fallthrough: SERVE "off" → SERVE 20% "on", 80% "off" by user.key',
  ]],
  [
    { fallthrough: { variation: 1, ...rollout(10_000) } },
    { fallthrough: { variation: 1, ...rollout(20_000) } },
    [
      "fallthrough.rollout.variations[0].weight: 10000 → 20000",
      "fallthrough.rollout.variations[1].weight: 90000 → 80000",
    ],
  ],
  [{}, { offVariation: 1 }, ['off variation: null → "off"']],
  [{ salt: "a" }, { salt: "b" }, ["salt changed: rollouts without a seed put contexts into other buckets"]],
  [{}, { clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: true } }, [
    "seen by: server SDKs, mobile SDKs → server SDKs, browsers",
  ]],
  [{ new: { a: 1 } }, { new: { a: 2 }, trackEvents: true }, ["new.a: 1 → 2", "trackEvents added: true"]],
  [{ new: { a: 1 } }, { new: [] }, ['new: {"a":1} → []']],
  [{ new: {} }, { new: JSON.parse('{"__proto__":1}') }, ["new.__proto__ added: 1"]],
];

Deno.test("describeFlagChange() says what changed in words, and by JSON path where it has none", () => {
  for (const [before, after, words] of FLAG_CHANGES) assertEquals(flagWords(before, after), words);
});

Deno.test("describeFlagChange() stops after 50 lines", () => {
  const rules = Array.from({ length: 60 }, (_, i) => rule(`r${i}`, "DE"));
  const words = flagWords({}, { rules });
  assertEquals([words.length, words.at(-1)], [51, "and more"]);
});

Deno.test("describeSegmentChange() says what changed in words", () => {
  const clauses = [{ attribute: "country", op: "in", values: ["DE"] }];
  assertEquals(
    segmentWords(
      { included: ["ann"], excluded: ["bob"], rules: [{ id: "r", clauses }], salt: "a" },
      {
        version: 4,
        includedContexts: [{ contextKind: "org", values: ["acme"] }],
        excluded: ["bob", "cid"],
        rules: [{ id: "r", clauses, weight: 5_000 }, { clauses: [] }],
        salt: "b",
        generation: 2,
      },
    ),
    [
      "version 3 → 4",
      'included user: 1 removed: "ann"',
      'included org: 1 added: "acme"',
      'excluded user: 1 added: "cid"',
      "rule 1: INCLUDE → INCLUDE 5% by user.key",
      "rule 2 added: ALWAYS INCLUDE",
      "salt changed: rules with a weight put contexts into other buckets",
      "generation added: 2",
    ],
  );
  assertEquals(segmentWords({}, { unbounded: true, unboundedContextKind: "org" }), [
    "segment: ordinary → big, of org",
  ]);
});

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
    { kind: "sdk", change: "removed", key: "sdk-**********-xxold" },
    { kind: "sdk", change: "no longer expires", key: "sdk-**********-xnext" },
    { kind: "sdk", change: "primary", key: "sdk-**********-xnext" },
    { kind: "sdk", change: "expires", key: "sdk-**********-xsame", expiry: 2 },
    { kind: "mobile", change: "removed", key: "mob-**" },
    { kind: "mobile", change: "added", key: "mob-**********-yyyyy" },
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

/** Takes each item from the first environment, the second, or neither, with a version that is any, or higher than the first's. */
function mix(
  { flags: before, segments: segmentsBefore }: GeneratedEnvironment,
  { flags: after, segments: segmentsAfter }: GeneratedEnvironment,
  choices: readonly number[],
): EnvironmentParts {
  let i = 0;
  function choose(old: Record<string, Json>, now: Record<string, Json>): Record<string, Json> {
    const items: Record<string, Json> = {};
    for (const [key, item] of Object.entries(old)) {
      const choice = choices[i++ % choices.length]!;
      if (choice < 12) items[key] = item;
      else if (choice < 18) items[key] = { ...now[key], version: (item.version as number) + 1 };
      else if (choice < 19) items[key] = now[key]!;
    }
    return items;
  }
  return { flags: choose(before, after), segments: choose(segmentsBefore, segmentsAfter) };
}

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

Deno.test("compareContexts() counts contexts that get another value", async () => {
  function flags(on: boolean, value: JsonValue): Record<string, Json> {
    return {
      same: {
        on,
        variations: [{ a: [1, 2] }, { a: [1, 2] }],
        fallthrough: { variation: 0 },
        offVariation: 1,
      },
      value: { on: true, variations: [value], fallthrough: { variation: 0 } },
      beta: {
        on: true,
        variations: [true, false],
        fallthrough: { variation: 1 },
        rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 0 }],
      },
    };
  }
  const before = await makeSnapshot("e1", { flags: { ...flags(true, 1), off: {} }, segments: { s: {} } });
  const after = await makeSnapshot("e1", {
    flags: { ...flags(false, 1), gone: { ...FLAG, key: "gone" } },
    segments: { s: { included: ["k1"] } },
  });
  const users = Array.from({ length: 4 }, (_, i) => parseContext({ kind: "user", key: `k${i}` }));
  // Read from a pipe, contexts come once, for all environments.
  assertEquals(await compareContexts([[before, after], [before, before]], users.values()), [
    {
      contexts: 4,
      changed: 4,
      flags: [{ flag: "beta", changed: 1, of: 4 }, { flag: "gone", changed: 4, of: 4 }],
    },
    { contexts: 4, changed: 0, flags: [] },
  ]);
  assertEquals(await compareContexts([[before, after]], []), [{ contexts: 0, changed: 0, flags: [] }]);
});

async function evaluateAll(snapshot: Snapshot, context: unknown): Promise<Map<string, string>> {
  const session = createSession(await snapshot.compile(() => undefined), parseContext(context));
  const keys = Array.from({ length: 20 }, (_, i) => `f${i}`);
  return new Map(keys.map((key) => [key, JSON.stringify(evaluate(session, key)?.value ?? null)]));
}

Deno.test("compareContexts() counts what evaluating every flag counts", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyEnvironments,
      anyEnvironments,
      fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 1, maxLength: 30 }),
      fc.array(contexts, { minLength: 1, maxLength: 5 }),
      async (one, other, choices, list) => {
        const before = await makeSnapshot("e1", one);
        const after = await makeSnapshot("e1", mix(one, other, choices), before);
        const counts = new Map<string, number>();
        for (const context of list) {
          const [old, now] = [await evaluateAll(before, context), await evaluateAll(after, context)];
          for (const [key, value] of old) {
            if (now.get(key) !== value) counts.set(key, (counts.get(key) ?? 0) + 1);
          }
        }
        async function* stream() {
          for (const context of list) yield await Promise.resolve(parseContext(context));
        }
        const [comparison] = await compareContexts([[before, after]], stream());
        assertEquals(
          comparison!.flags,
          [...counts].sort().map(([flag, changed]) => ({ flag, changed, of: list.length })),
        );
      },
    ),
    { numRuns: runs(50) },
  );
});
