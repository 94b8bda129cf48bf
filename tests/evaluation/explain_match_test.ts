import { assertEquals } from "@std/assert";
import { MAX_NESTING } from "../../lib/evaluation/_depth.ts";
import { bucketOf } from "./_boundary.ts";
import type { Json } from "./_environment.ts";
import { explainClauses, explainSegment, MALFORMED, MULTI, TOO_COSTLY, USER } from "./_explain.ts";

// A clause, a context, and what is said of them.
const CLAUSES: [name: string, clause: Json, context: unknown, trace: Json][] = [
  [
    "the context's value",
    { attribute: "age", op: "lessThan", values: [30] },
    USER,
    { verdict: "no", actual: 40 },
  ],
  ["a negated clause", { attribute: "plan", op: "in", values: ["free"], negate: true }, USER, {
    verdict: "yes",
    actual: "pro",
  }],
  ["a negated clause without a value", { attribute: "x", op: "in", values: ["free"], negate: true }, USER, {
    verdict: "no",
    actual: null,
  }],
  [
    "an array",
    { attribute: "groups", op: "in", values: ["b"] },
    USER,
    { verdict: "yes", actual: ["a", "b"] },
  ],
  ["another kind", { contextKind: "org", attribute: "plan", op: "in", values: ["pro"] }, MULTI, {
    verdict: "yes",
    actual: "pro",
  }],
  ["a missing kind", { contextKind: "org", attribute: "plan", op: "in", values: ["pro"] }, USER, {
    verdict: "no",
    actual: null,
  }],
  ["all kinds", { attribute: "kind", op: "in", values: ["org"] }, MULTI, {
    verdict: "yes",
    actual: ["org", "user"],
  }],
  ["an unknown operator", { attribute: "plan", op: "like", values: ["pro"] }, USER, {
    verdict: "no",
    actual: "pro",
  }],
  ["a malformed reference", { contextKind: "user", attribute: "/", op: "in", values: ["pro"] }, USER, {
    ...MALFORMED,
    actual: null,
  }],
  ["a pattern that is too costly", { attribute: "x", op: "matches", values: ["^(a?){400}a{400}$"] }, {
    ...USER,
    x: "a".repeat(5_000),
  }, { ...TOO_COSTLY, actual: "a".repeat(5_000) }],
];

for (const [name, clause, context, trace] of CLAUSES) {
  Deno.test(`explain() explains a clause: ${name}`, () => {
    assertEquals(explainClauses([clause], context), [{ clause, ...trace }] as unknown);
  });
}

Deno.test("explain() does not reach clauses after one that does not match, and still says what the context has", () => {
  const clauses = [
    { attribute: "plan", op: "in", values: ["pro"] },
    { attribute: "age", op: "in", values: [1] },
    { attribute: "plan", op: "in", values: ["pro"] },
  ];
  assertEquals(
    explainClauses(clauses).map(({ verdict, actual }) => [verdict, actual]),
    [["yes", "pro"], ["no", 40], ["not reached", "pro"]],
  );
});

Deno.test("explain() explains the segments of a clause in order, up to the first that the context belongs to", () => {
  const clause = { op: "segmentMatch", values: ["x", 3, "no", "yes", "behind"], negate: true };
  const segments = { no: { excluded: ["u"] }, yes: { included: ["u"] }, behind: {} };
  assertEquals(explainClauses([clause], USER, segments), [{
    verdict: "no",
    clause,
    actual: null,
    segments: [
      { key: "x", verdict: "no", by: "missing" },
      { key: "no", verdict: "no", by: "excluded", rules: [] },
      { key: "yes", verdict: "yes", by: "included", rules: [] },
      { key: "behind", verdict: "not reached" },
    ],
  }] as unknown);
});

Deno.test("explain() explains nested segments, each once", () => {
  const inside = { op: "segmentMatch", values: ["t"], negate: true };
  const again = { op: "segmentMatch", values: ["t"] };
  const pro = { attribute: "plan", op: "in", values: ["pro"] };
  const t = { key: "t", verdict: "yes", by: "rule" };
  const segments = {
    s: { rules: [{ id: "r", clauses: [inside] }, { clauses: [again] }] },
    t: { rules: [{ clauses: [pro] }] },
  };
  assertEquals(explainSegment(segments), {
    key: "s",
    verdict: "yes",
    by: "rule",
    rules: [
      {
        verdict: "no",
        index: 0,
        id: "r",
        clauses: [{
          verdict: "no",
          clause: inside,
          actual: null,
          segments: [{
            ...t,
            rules: [{
              verdict: "yes",
              index: 0,
              clauses: [{ verdict: "yes", clause: pro, actual: "pro" }],
            }],
          }],
        }],
      },
      {
        verdict: "yes",
        index: 1,
        clauses: [{ verdict: "yes", clause: again, actual: null, segments: [t] }],
      },
    ],
  } as unknown);
});

Deno.test("explain() says where a cycle of segments closes", () => {
  const clauses = [{ op: "segmentMatch", values: ["s"] }];
  const segment = explainSegment({ s: { rules: [{ clauses }] } });
  assertEquals([segment.verdict, segment.errorKind, segment.by], ["error", "MALFORMED_FLAG", "rule"]);
  assertEquals(segment.rules![0]!.clauses[0]!.segments, [{ key: "s", ...MALFORMED, by: "cycle" }] as unknown);
});

Deno.test("explain() says that a chain of segments is too long", () => {
  const segments = Object.fromEntries(
    Array.from({ length: MAX_NESTING + 1 }, (_, i) => [
      `s${i || ""}`,
      { rules: [{ clauses: [{ op: "segmentMatch", values: [`s${i + 1}`] }] }] },
    ]),
  );
  assertEquals(explainSegment(segments), { key: "s", ...TOO_COSTLY, by: "too deep" } as unknown);
});

Deno.test("explain() says that the members of a big segment are unknown, whatever the verdict", () => {
  const big = { unbounded: true, generation: 1, included: ["u"] };
  const rules = [{ clauses: [{ attribute: "plan", op: "in", values: ["pro"] }] }];
  const { rules: _, ...yes } = explainSegment({ s: { ...big, rules } });
  assertEquals(yes, { key: "s", verdict: "yes", by: "rule", membersUnknown: true });
  const no = { key: "s", verdict: "no", rules: [] };
  assertEquals<unknown>(explainSegment({ s: big }), { ...no, by: "big segment", membersUnknown: true });
  assertEquals<unknown>(explainSegment({ s: { unbounded: true } }), {
    ...no,
    by: "big segment",
    membersUnknown: true,
  });
  // Who is of another kind cannot be a member.
  assertEquals<unknown>(explainSegment({ s: { ...big, unboundedContextKind: "org" } }), {
    ...no,
    by: "nothing",
  });
});

Deno.test("explain() compares a bucket with the share of a segment's rule", () => {
  const bucket = Math.fround(bucketOf("s.salt.u"));
  const weight = Math.round(bucket * 100_000);
  const rule = { clauses: [], bucketBy: "key" };
  const rules = [
    { ...rule, weight: weight - 100 },
    { ...rule, weight: 100_000, rolloutContextKind: "org" },
    { ...rule, weight: weight + 100 },
    { ...rule, weight: 100_000 },
  ];
  const explained = explainSegment({ s: { rules } }).rules!;
  assertEquals(
    explained.map(({ verdict, bucket }) => [verdict, bucket!.contextKind, bucket!.actual, bucket!.bucket]),
    [["no", "user", "u", bucket], ["no", "org", null, null], ["yes", "user", "u", bucket], [
      "not reached",
      "user",
      "u",
      null,
    ]],
  );
  assertEquals(explained[0]!.bucket!.share, Math.fround((weight - 100) / 100_000));
});
