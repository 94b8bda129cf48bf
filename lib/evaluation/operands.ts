import type { JsonValue } from "../model/mod.ts";
import { parseClauseDate } from "./_clause.ts";
import { compilePattern } from "./_pattern.ts";
import { parseSemVer } from "./_semver.ts";

/** What an operator compares attributes with. */
export type Operand = "value" | "text" | "pattern" | "number" | "date" | "version" | "segment";

/** The operators of clauses, and what each compares attributes with. */
export const OPERATORS: ReadonlyMap<string, Operand> = new Map([
  ["in", "value"],
  ["startsWith", "text"],
  ["endsWith", "text"],
  ["contains", "text"],
  ["matches", "pattern"],
  ["lessThan", "number"],
  ["lessThanOrEqual", "number"],
  ["greaterThan", "number"],
  ["greaterThanOrEqual", "number"],
  ["before", "date"],
  ["after", "date"],
  ["semVerEqual", "version"],
  ["semVerLessThan", "version"],
  ["semVerGreaterThan", "version"],
  ["segmentMatch", "segment"],
]);

/**
 * Reports whether a clause's value is one that its operator can match. Any other value is passed over.
 *
 * @param operand What the operator compares attributes with.
 * @param value The value.
 * @returns Whether some attribute could match it.
 */
export function isOperand(operand: Operand, value: JsonValue): boolean {
  switch (operand) {
    case "value":
      return value !== null;
    case "number":
      return typeof value === "number";
    case "date":
      return parseClauseDate(value) !== null;
    case "version":
      return parseSemVer(value) !== null;
    case "pattern":
      return typeof value === "string" && compilePattern(value) !== null;
    default:
      return typeof value === "string";
  }
}
