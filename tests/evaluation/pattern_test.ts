import { assertEquals, assertLess } from "@std/assert";
import { RE2JS } from "re2js";
import { compilePattern, countSteps, MAX_PATTERN_STEPS } from "../../lib/evaluation/_pattern.ts";
import { createSession, evaluate } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, matchClause } from "./_environment.ts";

const SYNTAX: [pattern: string, text: string, matches: boolean][] = [
  ["b", "abc", true],
  ["^b", "abc", false],
  ["c$", "abc", true],
  ["c$", "abc\n", false],
  ["(?m)c$", "abc\nd", true],
  ["a.c", "a\nc", false],
  ["(?s)a.c", "a\nc", true],
  ["(?i)ABC", "abc", true],
  ["a|b|", "x", true],
  ["a{2,3}", "aa", true],
  ["(?P<name>a)(?:b)", "ab", true],
  ["\\d\\w\\s\\b", "1a b", true],
  ["\\Aabc\\z", "abc", true],
  ["\\Qa.b\\E", "a.b", true],
  ["[[:alpha:]]+$", "abc", true],
  ["\\pL", "é", true],
  ["\\p{Greek}", "λ", true],
  ["^.$", "🎉", true],
  ["\\x{1F389}", "🎉", true],
  ["\\C", "a", false],
];

for (const [pattern, text, matches] of SYNTAX) {
  Deno.test(`compilePattern() reads ${pattern} as RE2 does`, () => {
    assertEquals(compilePattern(pattern)?.regex.test(text) ?? false, matches);
  });
}

const REFUSED = [
  "[",
  "(",
  "a++",
  "*a",
  "(?=a)b",
  "(?!a)b",
  "(?<=a)b",
  "(a)\\1",
  "\\Z",
  "a{1001}",
  "(a{1,100}){1,100}",
  "(".repeat(2000) + ")".repeat(2000),
  "a".repeat(10_001),
];

for (const pattern of REFUSED) {
  Deno.test(`compilePattern() refuses ${pattern.slice(0, 20)}, which then never matches`, () => {
    assertEquals(compilePattern(pattern), null);
    assertEquals(
      matchClause({ attribute: "key", op: "matches", values: [pattern] }, { kind: "user", key: "ab" }),
      false,
    );
  });
}

/** Patterns and texts on which an engine that backtracks takes exponential or at least quadratic time. */
const HOSTILE: [pattern: string, text: string, matches: boolean][] = [
  ["^(a+)+$", "a".repeat(100_000) + "!", false],
  ["^(a*)*$", "a".repeat(100_000) + "!", false],
  ["^(a|aa)+$", "a".repeat(100_000) + "!", false],
  ["^(a|a)*$", "a".repeat(100_000) + "!", false],
  ["(x+x+)+y", "x".repeat(100_000), false],
  ["(.*)*(.*)*z", "x".repeat(50_000), false],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(50_000), false],
  [
    "^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$",
    "a".repeat(20_000) + "!",
    false,
  ],
  ["(a?){50}a{50}", "a".repeat(50), true],
  ["(?:a|b|ab)*c", "ab".repeat(20_000), false],
  ["\\s+$", " ".repeat(50_000) + "x", false],
];

for (const [pattern, text, matches] of HOSTILE) {
  Deno.test(`evaluate() gets through ${pattern.slice(0, 30)} on ${text.length} characters`, () => {
    const context = { kind: "user", key: "u", x: text };
    assertEquals(matchClause({ attribute: "x", op: "matches", values: [pattern] }, context), matches);
  });
}

Deno.test("evaluate() stops matching patterns when a context has used up its steps", () => {
  const pattern = "^(a?){500}a{500}$";
  const text = "a".repeat(1000);
  const { size } = compilePattern(pattern)!;
  assertLess(1000, size);
  // Each text is allowed, all together are not: with them the flag would take minutes.
  const values = Array.from({ length: 5_000 }, (_, i) => text + i);
  assertLess(MAX_PATTERN_STEPS, values.length * countSteps(compilePattern(pattern)!, text));
  const rules = [
    { clauses: [{ attribute: "many", op: "matches", values: [pattern] }], variation: 1 },
    { clauses: [{ attribute: "key", op: "matches", values: ["^u$"] }], variation: 2 },
  ];
  const environment = compile({ flags: { flag: { rules } } });
  const hostile = createSession(environment, parseContext({ kind: "user", key: "u", many: values }));
  assertEquals(evaluate(hostile, "flag")!.reason.kind, "FALLTHROUGH");
  const next = createSession(environment, parseContext({ kind: "user", key: "u", many: ["x"] }));
  assertEquals(evaluate(next, "flag")!.variation, 2);
});

Deno.test("RE2JS.programSize() bounds the instructions that a pattern expands to", () => {
  assertLess(500, RE2JS.compile("a{500}").programSize());
});
