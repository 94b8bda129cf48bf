import { isOperand, measurePattern, type Operand, OPERATORS, type PatternCost } from "../evaluation/mod.ts";
import type { Clause, JsonValue } from "../model/mod.ts";
import { inspectKind, inspectReference } from "./_check_names.ts";
import type { OnFinding } from "./_entry.ts";
import { cut, quote } from "./_phrases.ts";
import { Repeats } from "./_repeats.ts";

/** Length of texts up to which any pattern should be matched: characters. Few attributes are longer. */
const USUAL_LENGTH = 4_000;

/** What an operator's values must be, for people. */
const NAMES: Record<Operand, string> = {
  value: "a text, a number or a boolean",
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
export function inspectClause(clause: Clause, path: string, onFinding: OnFinding): boolean {
  const { contextKind, attribute, op, values, negate } = clause;
  if (op !== "segmentMatch") {
    inspectKind(contextKind, `${path}.contextKind`, onFinding);
    inspectReference(attribute, contextKind, `${path}.attribute`, onFinding);
  }
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
  if (list.length === 0) {
    const effect = !negate
      ? "the clause never matches"
      : op === "segmentMatch"
      ? "the clause always matches"
      : "the clause matches whatever has the attribute";
    onFinding(
      "warning",
      `${path}.values`,
      `has no values: ${effect}`,
      "Give the clause a value, or remove the rule",
    );
  }
  const repeats = new Repeats();
  const usable = list.filter((value, i) => {
    const at = `${path}.values[${i}]`;
    const cost = operand === "pattern" && typeof value === "string" ? measurePattern(value) : undefined;
    if (cost) inspectCost(cost, at, onFinding);
    if (cost || cost === undefined && isOperand(operand, value)) return true;
    const problem = `is ${showValue(value)}, not ${NAMES[operand]}: it never matches`;
    // Values of a wrong type are one mistake; each pattern that cannot be read is one of its own.
    repeats.add(at, problem, cost === null ? problem : operand);
    return false;
  });
  const hint = operand === "pattern"
    ? "RE2 has neither look-around nor back-references; SDKs in other languages than Go may read the pattern otherwise"
    : "Correct the value in LaunchDarkly";
  repeats.report((path, problem) => onFinding("warning", path, problem, hint));
  return (negate ?? false) || usable.length > 0;
}

function showValue(value: JsonValue): string {
  return typeof value === "string" ? quote(value) : cut(JSON.stringify(value));
}

function inspectCost({ maxLength, ambiguity }: PatternCost, path: string, onFinding: OnFinding): void {
  if (maxLength < USUAL_LENGTH) {
    onFinding(
      "warning",
      path,
      `is an expensive pattern: texts of more than ${maxLength} characters make the flag an error`,
      "Repeat less in the pattern, or split it into several values",
    );
  } else if (ambiguity !== undefined) {
    onFinding(
      "warning",
      path,
      `is an expensive pattern: ${
        quote(ambiguity)
      } can match one text in many ways, and SDKs in most languages can take forever to try them`,
      "Repeat what can match in one way only: a+ in place of (a+)+",
    );
  }
}
