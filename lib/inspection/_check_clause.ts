import { isOperand, measurePattern, type Operand, OPERATORS, type PatternCost } from "../evaluation/mod.ts";
import type { Clause, JsonValue } from "../model/mod.ts";
import { type OnFinding, quote } from "./_entry.ts";

/** Length of texts up to which any pattern should be matched: characters. Few attributes are longer. */
const USUAL_LENGTH = 4_000;

/** What an operator's values must be, for people. */
const NAMES: Record<Operand, string> = {
  value: "anything but null, which equals nothing",
  text: "a text",
  pattern: "a regular expression as RE2 reads it",
  number: "a number",
  date: "a date (RFC 3339, or ms since 1970)",
  version: "a semantic version",
  segment: "a segment's key",
};

/**
 * Finds what is wrong with a clause.
 *
 * @param clause The clause.
 * @param path Its path.
 * @param onFinding Receiver of findings.
 * @returns Whether some context can match it.
 */
export function inspectClause({ op, values, negate }: Clause, path: string, onFinding: OnFinding): boolean {
  const operand = OPERATORS.get(op ?? "");
  if (operand === undefined) {
    const is = op ? `is ${quote(op)}, which is no operator` : "is missing";
    const effect = negate ? "the clause matches whatever has the attribute" : "the clause never matches";
    onFinding(
      "warning",
      `${path}.op`,
      `${is}: ${effect}`,
      `The operators are ${[...OPERATORS.keys()].join(", ")}`,
    );
    return negate ?? false;
  }
  const list = values ?? [];
  if (list.length === 0 && !negate) {
    onFinding(
      "warning",
      `${path}.values`,
      "has no values: the clause never matches",
      "Give the clause a value, or remove the rule",
    );
  }
  const usable = list.filter((value, i) => inspectValue(value, operand, `${path}.values[${i}]`, onFinding));
  return (negate ?? false) || usable.length > 0;
}

/** Finds what is wrong with a value; returns whether something can match it. */
function inspectValue(value: JsonValue, operand: Operand, path: string, onFinding: OnFinding): boolean {
  const cost = operand === "pattern" && typeof value === "string" ? measurePattern(value) : undefined;
  if (cost) inspectCost(cost, path, onFinding);
  else if (cost === null || !isOperand(operand, value)) {
    const hint = operand === "pattern"
      ? "RE2 has neither look-around nor back-references; SDKs in other languages than Go may read the pattern otherwise"
      : "Correct the value in LaunchDarkly";
    const shown = quote(typeof value === "string" ? value : JSON.stringify(value));
    onFinding("warning", path, `is ${shown}, not ${NAMES[operand]}: it never matches`, hint);
    return false;
  }
  return true;
}

function inspectCost({ maxLength, repetition }: PatternCost, path: string, onFinding: OnFinding): void {
  if (maxLength < USUAL_LENGTH) {
    onFinding(
      "warning",
      path,
      `is an expensive pattern: texts of more than ${maxLength} characters make the flag an error`,
      "Repeat less in the pattern, or split it into several values",
    );
  } else if (repetition !== undefined) {
    onFinding(
      "warning",
      path,
      `is an expensive pattern: ${
        quote(repetition)
      } repeats a repetition, for which SDKs in most languages can take forever`,
      "Repeat only once: a+ in place of (a+)+",
    );
  }
}
