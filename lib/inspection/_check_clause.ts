import { isOperand, measurePattern, type Operand, OPERATORS } from "../evaluation/mod.ts";
import type { Clause, JsonValue } from "../model/mod.ts";
import { quote, type Report } from "./_entry.ts";

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
 * @param report Receiver of findings.
 * @returns Whether some context can match it.
 */
export function inspectClause({ op, values, negate }: Clause, path: string, report: Report): boolean {
  const operand = OPERATORS.get(op ?? "");
  if (operand === undefined) {
    const is = op ? `is ${quote(op)}, which is no operator` : "is missing";
    const effect = negate ? "the clause matches whatever has the attribute" : "the clause never matches";
    report(
      "warning",
      `${path}.op`,
      `${is}: ${effect}`,
      `The operators are ${[...OPERATORS.keys()].join(", ")}`,
    );
    return negate ?? false;
  }
  const list = values ?? [];
  if (list.length === 0 && !negate) {
    report(
      "warning",
      `${path}.values`,
      "has no values: the clause never matches",
      "Give the clause a value, or remove the rule",
    );
  }
  const usable = list.filter((value, i) => inspectValue(value, operand, `${path}.values[${i}]`, report));
  return (negate ?? false) || usable.length > 0;
}

/** Finds what is wrong with a value; returns whether something can match it. */
function inspectValue(value: JsonValue, operand: Operand, path: string, report: Report): boolean {
  if (!isOperand(operand, value)) {
    const hint = operand === "pattern"
      ? "RE2 has neither look-around nor back-references; SDKs in other languages than Go may read the pattern otherwise"
      : "Correct the value in LaunchDarkly";
    const shown = quote(typeof value === "string" ? value : JSON.stringify(value));
    report("warning", path, `is ${shown}, not ${NAMES[operand]}: it never matches`, hint);
    return false;
  }
  if (operand === "pattern") inspectPattern(value as string, path, report);
  return true;
}

function inspectPattern(pattern: string, path: string, report: Report): void {
  const { maxLength, repetition } = measurePattern(pattern)!;
  if (maxLength < USUAL_LENGTH) {
    report(
      "warning",
      path,
      `is an expensive pattern: texts of more than ${maxLength} characters make the flag an error`,
      "Repeat less in the pattern, or split it into several values",
    );
  } else if (repetition !== undefined) {
    report(
      "warning",
      path,
      `is an expensive pattern: ${
        quote(repetition)
      } repeats a repetition, for which SDKs in most languages can take forever`,
      "Repeat only once: a+ in place of (a+)+",
    );
  }
}
