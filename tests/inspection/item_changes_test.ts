import { assertEquals } from "@std/assert";
import { describeFlagChange, describeSegmentChange } from "../../lib/inspection/mod.ts";
import { parseFlag, parseSegment } from "../../lib/model/mod.ts";

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
