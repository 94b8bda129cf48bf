import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../lib/model/mod.ts";
import { isOperand, OPERATORS } from "../../lib/evaluation/mod.ts";
import { evaluateFlag } from "./_environment.ts";

/** For each operator a value, and an attribute that it matches. */
const MATCHES: Record<string, [value: JsonValue, attribute: JsonValue]> = {
  in: [true, true],
  startsWith: ["a", "ab"],
  endsWith: ["b", "ab"],
  contains: ["b", "abc"],
  matches: ["b+", "abc"],
  lessThan: [2, 1],
  lessThanOrEqual: [2, 2],
  greaterThan: [1, 2],
  greaterThanOrEqual: [2, 2],
  before: ["2020-01-01T00:00:00Z", 0],
  after: [0, 1],
  semVerEqual: ["1.0", "1.0.0"],
  semVerLessThan: ["2.0.0", "1.0.0"],
  semVerGreaterThan: ["1.0.0", "2.0.0"],
  segmentMatch: ["s", ""],
};

Deno.test("OPERATORS has each operator of the evaluator, and isOperand() accepts what matches", () => {
  assertEquals([...OPERATORS.keys()], Object.keys(MATCHES));
  for (const [op, [value, attribute]] of Object.entries(MATCHES)) {
    const rule = { clauses: [{ attribute: "a", op, values: [value] }], variation: 0 };
    const segments = { s: { included: ["x"] } };
    const context = { kind: "user", key: "x", a: attribute };
    assertEquals(
      evaluateFlag({ flags: { flag: { rules: [rule] } }, segments }, context).reason.kind,
      "RULE_MATCH",
      op,
    );
    assertEquals(isOperand(OPERATORS.get(op)!, value), true, op);
  }
});

const OTHERS: Record<string, JsonValue[]> = {
  value: [null, [], {}],
  text: [1, null, true, [], {}],
  pattern: [1, "(", "(?!a)"],
  number: ["1", null, false],
  date: ["yesterday", "2020-01-01", true, null, "0001-01-01T00:00:00Z"],
  version: [1, "1.x", "", null],
  segment: [1, null],
};

for (const [operand, values] of Object.entries(OTHERS)) {
  Deno.test(`isOperand() refuses what no ${operand} is`, () => {
    for (const value of values) {
      assertEquals(
        isOperand(operand as Parameters<typeof isOperand>[0], value),
        false,
        JSON.stringify(value),
      );
    }
  });
}
