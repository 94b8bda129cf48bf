import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { samplePattern } from "../../lib/evaluation/mod.ts";
import { runs } from "../_nightly.ts";
import { matchClause } from "./_environment.ts";

Deno.test("samplePattern() makes a short text that the pattern matches", () => {
  const samples = {
    "": "",
    "abc": "abc",
    "^user-\\d+$": "user-0",
    "^[^@]+@example\\.com$": "a@example.com",
    "(?i)GROUP": "GROUP",
    "^(?:de|at)_.{3}$": "de_aaa",
    "\\bcat\\b": "cat",
    "x\\B": "xa",
    "-\\b": "-a",
    "\\b-x": "a-x",
    "^\\p{Greek}$": "Ͱ",
    "🎉+": "🎉",
    "[x-z]{2,5}": "xx",
    "(a|b)*c$": "c",
  };
  const got = Object.fromEntries(Object.keys(samples).map((pattern) => [pattern, samplePattern(pattern)]));
  assertEquals(got, samples);
});

Deno.test("samplePattern() finds nothing for what is invalid, matches nothing or is too large", () => {
  for (const pattern of ["[", "(?=x)", "a^b", "[^\\x{0}-\\x{10FFFF}]", "\\b\\B", "a$b"]) {
    assertStrictEquals(samplePattern(pattern), undefined, pattern);
  }
});

const atoms = fc.constantFrom(
  "a",
  "é",
  ".",
  "\\d",
  "\\w",
  "\\s",
  "[b-d]",
  "[^a]",
  "\\.",
  "\\b",
  "^",
  "$",
  "\\pL",
);
const patterns = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small" },
    atoms,
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(?:${a}|${b})`),
    fc.tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}")).map(([a, b]) => `(?:${a})${b}`),
  ),
})).pattern;

Deno.test("samplePattern() makes nothing but what matches, whatever the pattern", () => {
  const matches = fc.property(patterns, (pattern) => {
    const sample = samplePattern(pattern);
    if (sample === undefined) return;
    const clause = { attribute: "s", op: "matches", values: [pattern] };
    assertEquals(matchClause(clause, { kind: "user", key: "a", s: sample }), true);
  });
  fc.assert(matches, { numRuns: runs(300) });
});
