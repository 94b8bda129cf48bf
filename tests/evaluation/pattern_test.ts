import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { compilePattern, matchesPattern } from "../../lib/evaluation/_pattern.ts";
import { runs } from "../_nightly.ts";
import { matchClause } from "./_environment.ts";

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
  ["\\p{greek}", "λ", true],
  ["[^\\p{ LATIN }]", "aλ", true],
  ["\\p{upper-case_letter}", "a", false],
  ["\\PL", "a", false],
  ["\\p{Emoji}", "1", false],
  ["\\p{White_Space}", " ", false],
  ["(?P<part>a)(?P<part>b)", "ab", true],
  ["(?<part>a)|(?<part>b)", "b", true],
  ["[(?P<n>]", "<", true],
  ["\\Q(?P<n>\\E", "(?P<n>", true],
  [`^(?:${"name|".repeat(2_082)}last)$`, "last", true],
  ["a".repeat(10_413), "a".repeat(10_413), true],
  ["^.$", "🎉", true],
  ["\\x{1F389}", "🎉", true],
  ["\\C", "a", false],
];

for (const [pattern, text, matches] of SYNTAX) {
  Deno.test(`compilePattern() reads ${pattern.slice(0, 30)} as Go does`, () => {
    const compiled = compilePattern(pattern);
    assertEquals(compiled !== null && matchesPattern(compiled, text), matches);
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

Deno.test("RE2JS.programSize() bounds the instructions that a pattern expands to", () => {
  assertLess(500, RE2JS.compile("a{500}").programSize());
});

Deno.test("matchesPattern() gives the same when a pattern's automaton has grown too large and is simulated", () => {
  const pattern = compilePattern("a[ab]{12}$")!;
  const fresh = RE2JS.compile("a[ab]{12}$");
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b"), { minLength: 100, maxLength: 200 }), (letters) => {
      const text = letters.join("");
      assertEquals(matchesPattern(pattern, text), fresh.matcher(text).find());
    }),
    { numRuns: runs(200) },
  );
  assert(pattern.isSimulated);
  assertEquals(pattern.regex.re2().dfa.stateCount, 0);
});
