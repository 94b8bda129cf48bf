/**
 * Where LaunchDarkly's evaluators in Go and in JavaScript differ, Halyard follows Go, because the Relay Proxy does.
 * `_generate.ts` leaves these cases out of the comparison; here each is shown to differ, so that an exclusion that is
 * no longer needed does not stay.
 */
import { assertEquals } from "@std/assert";
import { complete, evaluateFlag, type Json } from "./_environment.ts";
import { startOracle } from "./_oracle.ts";

interface Difference {
  name: string;
  flag: Json;
  others?: Record<string, Json>;
  segments?: Record<string, Json>;
  context?: Json;
  /** What Go and Halyard say. */
  go: unknown;
  /** What JavaScript says. */
  js: unknown;
}

const USER = { kind: "user", key: "u" };
const ANY = { attribute: "key", op: "in", values: [""], negate: true };
const MALFORMED = { kind: "ERROR", errorKind: "MALFORMED_FLAG" };
const FALLTHROUGH = { kind: "FALLTHROUGH" };
const MATCH = { kind: "RULE_MATCH", ruleIndex: 0 };

function rule(...clauses: Json[]): Json {
  return { rules: [{ clauses, variation: 1 }] };
}

function inSegment(segment: Json): Pick<Difference, "flag" | "segments"> {
  return { flag: rule({ attribute: "", op: "segmentMatch", values: ["s"] }), segments: { s: segment } };
}

function clause(
  attribute: string,
  op: string,
  values: unknown[],
  value: unknown,
): Pick<Difference, "flag" | "context"> {
  return { flag: rule({ attribute, op, values, contextKind: "user" }), context: { ...USER, x: value } };
}

function needs(...keys: string[]): Json {
  return { prerequisites: keys.map((key) => ({ key, variation: 0 })) };
}

const DIFFERENCES: Difference[] = [
  { name: "a rule without clauses", flag: { rules: [{ variation: 1 }] }, go: MATCH, js: FALLTHROUGH },
  { name: "a segment's rule without clauses", ...inSegment({ rules: [{}] }), go: MATCH, js: FALLTHROUGH },
  {
    name: "the share of a kind that is not there",
    ...inSegment({ rules: [{ clauses: [ANY], weight: 1, rolloutContextKind: "org" }] }),
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "a big segment without a generation, of a kind that is not there",
    ...inSegment({ unbounded: true, unboundedContextKind: "org" }),
    go: { ...FALLTHROUGH, bigSegmentsStatus: "NOT_CONFIGURED" },
    js: FALLTHROUGH,
  },
  {
    name: "a big segment of generation 0",
    ...inSegment({ unbounded: true, generation: 0, rules: [{ clauses: [ANY] }] }),
    go: { ...MATCH, bigSegmentsStatus: "NOT_CONFIGURED" },
    js: { ...FALLTHROUGH, bigSegmentsStatus: "NOT_CONFIGURED" },
  },
  {
    name: "a user in contextTargets",
    flag: { contextTargets: [{ contextKind: "user", variation: 1, values: ["u"] }] },
    go: { kind: "TARGET_MATCH" },
    js: FALLTHROUGH,
  },
  {
    name: "a malformed clause before another",
    flag: rule({ attribute: "", op: "in", values: [] }, ANY),
    go: MALFORMED,
    js: MATCH,
  },
  {
    name: "a cycle before another prerequisite",
    flag: needs("a"),
    others: { a: needs("a", "none") },
    go: MALFORMED,
    js: { kind: "PREREQUISITE_FAILED", prerequisiteKey: "a" },
  },
  {
    name: "an operator named like a property",
    flag: rule({ attribute: "key", op: "constructor", values: ["x"] }),
    go: FALLTHROUGH,
    js: MATCH,
  },
  { name: "an empty kind", flag: rule({ ...ANY, contextKind: "" }), go: MATCH, js: FALLTHROUGH },
  {
    name: "a slash at the end of a path",
    ...clause("/x/", "in", ["a"], { "": "a" }),
    go: MALFORMED,
    js: MATCH,
  },
  {
    name: "an escape at the beginning of a step",
    ...clause("/~1y", "in", ["a"], "a"),
    context: { ...USER, "/y": "a" },
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "slashes inside a plain name",
    ...clause("y//z", "in", ["a"], "a"),
    context: { ...USER, "y//z": "a" },
    go: MATCH,
    js: MALFORMED,
  },
  {
    name: "a tilde at the end of a plain name",
    ...clause("y~", "in", ["a"], "a"),
    context: { ...USER, "y~": "a" },
    go: MATCH,
    js: MALFORMED,
  },
  { name: "_meta as an attribute", ...clause("_meta", "in", ["a"], "a"), go: FALLTHROUGH, js: MALFORMED },
  {
    name: "a date in lower case",
    ...clause("x", "after", [0], "2020-01-01t00:00:00z"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  { name: "a leap second", ...clause("x", "after", [0], "2016-12-31T23:59:60Z"), go: MATCH, js: FALLTHROUGH },
  {
    name: "an hour of one digit",
    ...clause("x", "after", [0], "2020-01-01T5:00:00Z"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "an offset of a day",
    ...clause("x", "after", [0], "2020-01-01T00:00:00+24:00"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "text after Z",
    ...clause("x", "after", [0], "2020-01-01T00:00:00Zulu"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "ten digits of a fraction",
    ...clause("x", "after", [0], "2020-01-01T00:00:00.0000000001Z"),
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "the first moment of the first year",
    ...clause("x", "after", ["0001-01-01T00:00:00Z"], "2020-01-01T00:00:00Z"),
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "a version past 2^53",
    ...clause("x", "semVerGreaterThan", ["9007199254740992.0.0"], "9007199254740993.0.0"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "a version of 300 characters",
    ...clause("x", "semVerLessThan", ["1.0.0"], "1.0.0-".padEnd(300, "a")),
    go: MATCH,
    js: FALLTHROUGH,
  },
  { name: "null in an array", ...clause("x", "in", [null], ["a", null]), go: FALLTHROUGH, js: MATCH },
  {
    name: "the path to the kind, asked of another kind",
    flag: rule({ attribute: "/kind", contextKind: "org", op: "in", values: ["user"] }),
    context: { kind: "multi", user: { key: "u" }, org: { key: "o" } },
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "two groups of one name",
    ...clause("x", "matches", ["(?P<n>a)(?P<n>b)"], "ab"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "a class in lower case",
    ...clause("x", "matches", ["\\p{greek}"], "λ"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "a malformed prerequisite",
    flag: needs("a"),
    others: { a: { fallthrough: { variation: 9 } } },
    go: { kind: "PREREQUISITE_FAILED", prerequisiteKey: "a" },
    js: MALFORMED,
  },
  {
    name: "a null in custom",
    flag: rule({ attribute: "email", op: "in", values: ["a"] }),
    context: { key: "u", email: "a", custom: { email: null } },
    go: FALLTHROUGH,
    js: MATCH,
  },
  { name: "hour 24", ...clause("x", "after", [0], "2020-01-01T24:00:00Z"), go: FALLTHROUGH, js: MATCH },
  {
    name: "microseconds",
    ...clause("x", "after", ["2020-01-01T00:00:00Z"], "2020-01-01T00:00:00.000001Z"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  { name: "a fraction of a ms", ...clause("x", "after", [1], 1.5), go: FALLTHROUGH, js: MATCH },
  {
    name: "a version after a space",
    ...clause("x", "semVerEqual", ["1.0.0"], " 1.0.0"),
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "a pattern that looks ahead",
    ...clause("x", "matches", ["(?=a)"], "a"),
    go: FALLTHROUGH,
    js: MATCH,
  },
  {
    name: "a pattern with flags",
    ...clause("x", "matches", ["(?s)A.c"], "A\nc"),
    go: MATCH,
    js: FALLTHROUGH,
  },
  {
    name: "a prerequisite's variation that is missing",
    flag: { prerequisites: [{ key: "a" }] },
    others: { a: {} },
    go: FALLTHROUGH,
    js: { kind: "PREREQUISITE_FAILED", prerequisiteKey: "a" },
  },
];

for (const { name, flag, others = {}, segments = {}, context = USER, go, js } of DIFFERENCES) {
  Deno.test(`evaluate() follows Go, not JavaScript, for ${name}`, async () => {
    const data = { flags: { flag, ...others }, segments };
    assertEquals(evaluateFlag(data, context).reason, go);
    const oracle = await startOracle(JSON.stringify(complete(data)));
    assertEquals((await oracle.evaluateAll(context)).flag!.reason, js);
    oracle.close();
  });
}
