import { assert, assertEquals } from "@std/assert";
import { measurePattern } from "../../lib/evaluation/mod.ts";
import { evaluateFlag } from "./_environment.ts";

function errorFor(pattern: string, length: number): string | undefined {
  const clause = { attribute: "a", op: "matches", values: [pattern] };
  const flag = { rules: [{ clauses: [clause], variation: 0 }] };
  return evaluateFlag({ flags: { flag } }, { kind: "user", key: "x", a: "b".repeat(length) }).reason
    .errorKind;
}

for (const pattern of ["(a{1,90}){1,10}", "[a-z]+@[a-z]+", "a{1000}"]) {
  Deno.test(`measurePattern() measures the longest text that ${pattern} is matched against`, () => {
    const { maxLength } = measurePattern(pattern)!;
    assertEquals(errorFor(pattern, maxLength), undefined);
    assertEquals(errorFor(pattern, maxLength + 1), "EXCEPTION");
  });
}

for (const pattern of ["(?=a)", "a**", "[", "(a)\\1", "a{2000}"]) {
  Deno.test(`measurePattern() takes ${pattern} for no pattern`, () =>
    assertEquals(measurePattern(pattern), null));
}

for (
  const pattern of [
    "(a+)+",
    "(?:[^/]*)*",
    "(?P<x>\\w+)+$",
    "x(.*)+y",
    "(a{2,})+",
    "(a+?)*",
    "([\\]a]+)+",
    "((a+))+",
    "(a|b+)+",
    "(a|aa)*",
    "(a|a)*b",
    "(\\w+\\s?)*$",
    "(x+x+)+y",
    "(.*a){20}",
    "(a?b?)+",
    "(a{1,3})+",
    "(?i)(a|A)+",
    "^\\w+([.-]?\\w+)*@",
    "((ab|c)+|cab)+",
  ]
) {
  Deno.test(`measurePattern() finds that ${pattern} can match one text in many ways`, () => {
    assert(measurePattern(pattern)!.ambiguity !== undefined);
  });
}

Deno.test("measurePattern() names the innermost repetition", () => {
  assertEquals(measurePattern("^((x|(\\d|[0-9])*)-)+$")!.ambiguity, "(\\d|[0-9])*");
});

for (
  const pattern of [
    "(a+)",
    "(a+b)+",
    "([\\w-]+\\.)+[a-z]+",
    "(ab)+",
    "(a)+",
    "(a{2})+",
    "(\\d{10})+",
    "\\(a+\\)+",
    "(a|b|c)*",
    "(foo|foobar)",
    "^[a-z]+(-[a-z]+)*$",
    "^(\\d{1,3}\\.){3}\\d{1,3}$",
    "(\\ba)+",
    "(^a+)+",
    "[(a+)]+",
    "(a{)+",
    "((?i)a|b)*",
    "((a|b){90})+",
    `(${"(a|b)".repeat(60)})*`,
  ]
) {
  Deno.test(`measurePattern() finds nothing wrong with ${pattern}`, () => {
    assertEquals(measurePattern(pattern)!.ambiguity, undefined);
  });
}
