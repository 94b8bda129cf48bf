import { assertEquals } from "@std/assert";
import { bucketOf } from "./_boundary.ts";
import { evaluateFlag, type Json, matchClause } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const MULTI = { kind: "multi", user: { key: "u" }, org: { key: "o" } };
const ANY = { attribute: "key", op: "in", values: [""], negate: true };
const IN_SEGMENT = { op: "segmentMatch", values: ["s"] };

const MEMBERS: [name: string, segment: Json, context: unknown, member: boolean | "malformed"][] = [
  ["nobody", {}, USER, false],
  ["an included user", { included: ["x", "u"] }, USER, true],
  ["a user of another key", { included: ["x"] }, USER, false],
  [
    "no included user where there is another kind only",
    { included: ["o"] },
    { kind: "org", key: "o" },
    false,
  ],
  ["an included context", { includedContexts: [{ contextKind: "org", values: ["o"] }] }, MULTI, true],
  ["an included context without a kind, a user", { includedContexts: [{ values: ["u"] }] }, MULTI, true],
  [
    "no included context of a missing kind",
    { includedContexts: [{ contextKind: "org", values: ["o"] }] },
    USER,
    false,
  ],
  ["no excluded user, whatever the rules", { excluded: ["u"], rules: [{ clauses: [ANY] }] }, USER, false],
  [
    "no excluded context, whatever the rules",
    {
      excludedContexts: [{ contextKind: "org", values: ["o"] }],
      rules: [{ clauses: [ANY] }],
    },
    MULTI,
    false,
  ],
  ["a user both included and excluded", { included: ["u"], excluded: ["u"] }, USER, true],
  [
    "a context both included and, as a user, excluded",
    {
      includedContexts: [{ contextKind: "org", values: ["o"] }],
      excluded: ["u"],
    },
    MULTI,
    true,
  ],
  [
    "a context of a rule",
    { rules: [{ clauses: [{ attribute: "key", op: "in", values: ["u"] }] }] },
    USER,
    true,
  ],
  [
    "nobody whom no rule matches",
    { rules: [{ clauses: [{ attribute: "key", op: "in", values: ["x"] }] }] },
    USER,
    false,
  ],
  ["everybody for a rule without clauses", { rules: [{}] }, USER, true],
  ["nobody of whom a clause fails", { rules: [{ clauses: [ANY, { ...ANY, negate: false }] }] }, USER, false],
  [
    "a context of a later rule",
    { rules: [{ clauses: [{ ...ANY, negate: false }] }, { clauses: [ANY] }] },
    USER,
    true,
  ],
  ["nobody in a share of nothing", { rules: [{ clauses: [ANY], weight: 0 }] }, USER, false],
  ["everybody in a share of all", { rules: [{ clauses: [ANY], weight: 100_000 }] }, USER, true],
  [
    "nobody of a share of a missing kind",
    { rules: [{ weight: 100_000, rolloutContextKind: "org" }] },
    USER,
    false,
  ],
  [
    "everybody without the attribute of a share, in its first bucket",
    { rules: [{ weight: 1, bucketBy: "x" }] },
    USER,
    true,
  ],
  [
    "nobody without the attribute of a share of nothing",
    { rules: [{ weight: 0, bucketBy: "x" }] },
    USER,
    false,
  ],
  [
    "an error for a malformed share",
    {
      rules: [{ weight: 1, bucketBy: "//", rolloutContextKind: "user" }],
    },
    USER,
    "malformed",
  ],
  [
    "nobody for a malformed share that no clause leads to",
    {
      rules: [{
        clauses: [{ ...ANY, negate: false }],
        weight: 1,
        bucketBy: "//",
        rolloutContextKind: "user",
      }],
    },
    USER,
    false,
  ],
  [
    "an error for a malformed clause",
    { rules: [{ clauses: [{ attribute: "", op: "in" }] }] },
    USER,
    "malformed",
  ],
  ["nobody when it is deleted", { included: ["u"], deleted: true }, USER, false],
];

for (const [name, segment, context, member] of MEMBERS) {
  Deno.test(`evaluate() has in a segment ${name}`, () => {
    assertEquals(matchClause(IN_SEGMENT, context, { s: segment }), member);
    const negated = member === "malformed" ? member : !member;
    assertEquals(matchClause({ ...IN_SEGMENT, negate: true }, context, { s: segment }), negated);
  });
}

Deno.test("evaluate() matches any one of several segments and passes over what is none", () => {
  const segments = { a: {}, b: { included: ["u"] } };
  const clause = { op: "segmentMatch", values: ["none", 3, null, "a", "b"] };
  assertEquals(matchClause(clause, USER, segments), true);
  assertEquals(matchClause({ ...clause, negate: true }, USER, segments), false);
  assertEquals(matchClause({ op: "segmentMatch", values: [] }, USER), false);
  assertEquals(matchClause({ op: "segmentMatch", negate: true }, USER), true);
});

Deno.test("evaluate() takes the share of a segment's rule by key and salt of the segment", () => {
  const cases: [rule: Json, context: unknown, text: string][] = [
    [{}, USER, "s.salt.u"],
    [{ bucketBy: "x" }, { ...USER, x: "v" }, "s.salt.v"],
    [{ rolloutContextKind: "org" }, MULTI, "s.salt.o"],
    [{ rolloutContextKind: "org", bucketBy: "/key" }, MULTI, "s.salt.o"],
    [{}, { key: "u", secondary: "2" }, "s.salt.u.2"],
  ];
  for (const [rule, context, text] of cases) {
    const end = Math.ceil(bucketOf(text) * 100_000);
    assertEquals(matchClause(IN_SEGMENT, context, { s: { rules: [{ ...rule, weight: end }] } }), true);
    assertEquals(matchClause(IN_SEGMENT, context, { s: { rules: [{ ...rule, weight: end - 1 }] } }), false);
  }
});

function includes(...keys: string[]): Json {
  return { rules: [{ clauses: [{ op: "segmentMatch", values: keys }] }] };
}

const NESTED: [name: string, segments: Record<string, Json>, matches: boolean | "malformed"][] = [
  ["a member of the inner one", { s: includes("a"), a: includes("b"), b: { included: ["u"] } }, true],
  ["nobody of an inner one that is missing", { s: includes("none") }, false],
  ["an error for a segment within itself", { s: includes("s") }, "malformed"],
  ["an error for a cycle", { s: includes("a"), a: includes("b"), b: includes("a") }, "malformed"],
  ["no error for a cycle that a list cuts short", {
    s: includes("a"),
    a: { ...includes("s"), included: ["u"] },
  }, true],
  ["no error for a segment met twice, not in itself", {
    s: includes("a", "b"),
    a: includes("c"),
    b: includes("c"),
    c: {},
  }, false],
];

for (const [name, segments, matches] of NESTED) {
  Deno.test(`evaluate() has in nested segments ${name}`, () => {
    assertEquals(matchClause(IN_SEGMENT, USER, segments), matches);
  });
}

const BIG = { unbounded: true, generation: 1, included: ["u"] };

const BIG_SEGMENTS: [name: string, segment: Json, context: unknown, matches: boolean, asked: boolean][] = [
  ["has no members", BIG, USER, false, true],
  ["still has rules", { ...BIG, rules: [{ clauses: [ANY] }] }, USER, true, true],
  [
    "has no rules without a generation",
    { ...BIG, generation: null, rules: [{ clauses: [ANY] }] },
    USER,
    false,
    true,
  ],
  ["has rules with generation 0", { ...BIG, generation: 0, rules: [{ clauses: [ANY] }] }, USER, true, true],
  [
    "is not asked about a missing kind",
    { ...BIG, unboundedContextKind: "org", rules: [{}] },
    USER,
    false,
    false,
  ],
  ["is asked about its kind", { ...BIG, unboundedContextKind: "org" }, MULTI, false, true],
  [
    "is asked about a missing kind without a generation",
    {
      ...BIG,
      generation: null,
      unboundedContextKind: "org",
    },
    USER,
    false,
    true,
  ],
];

for (const [name, segment, context, matches, asked] of BIG_SEGMENTS) {
  Deno.test(`evaluate() finds that a big segment ${name}`, () => {
    const flag = { rules: [{ clauses: [IN_SEGMENT], variation: 1 }] };
    const { reason } = evaluateFlag({ flags: { flag }, segments: { s: segment } }, context);
    assertEquals([reason.kind, reason.bigSegmentsStatus], [
      matches ? "RULE_MATCH" : "FALLTHROUGH",
      asked ? "NOT_CONFIGURED" : undefined,
    ]);
  });
}

const ASKS = { rules: [{ clauses: [{ op: "segmentMatch", values: ["big"] }], variation: 1 }] };

const STATUS: [name: string, flags: Record<string, Json>, segments: Record<string, Json>, asked: boolean][] =
  [
    ["a segment within another", { flag: { rules: [{ clauses: [IN_SEGMENT], variation: 1 }] } }, {
      s: includes("big"),
    }, true],
    ["a prerequisite", { flag: { prerequisites: [{ key: "other", variation: 0 }] }, other: ASKS }, {}, true],
    [
      "a prerequisite's prerequisite",
      {
        flag: { prerequisites: [{ key: "a", variation: 0 }] },
        a: { prerequisites: [{ key: "other", variation: 0 }] },
        other: ASKS,
      },
      {},
      true,
    ],
    [
      "a first prerequisite",
      {
        flag: { prerequisites: [{ key: "other", variation: 0 }, { key: "plain", variation: 0 }] },
        other: ASKS,
        plain: { rules: [{ clauses: [ANY], variation: 0 }] },
      },
      {},
      true,
    ],
    ["no other flag", { flag: { rules: [{ clauses: [ANY], variation: 1 }] }, before: ASKS }, {}, false],
  ];

for (const [name, flags, segments, asked] of STATUS) {
  Deno.test(`evaluate() reports a big segment asked by ${name}`, () => {
    const { reason } = evaluateFlag({ flags, segments: { big: BIG, ...segments } }, USER);
    assertEquals(reason.bigSegmentsStatus, asked ? "NOT_CONFIGURED" : undefined);
  });
}
