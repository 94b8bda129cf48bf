import type { JsonValue } from "../model/mod.ts";
import { parseClauseDate } from "./_clause.ts";
import { compilePattern } from "./_pattern.ts";
import { compareSemVer, parseSemVer } from "./_semver.ts";

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
      return typeof value !== "object";
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

/**
 * Compares two values of clauses as numbers, dates or versions.
 *
 * @param operand What they are.
 * @param a The one.
 * @param b The other.
 * @returns A negative number when `a` comes first, 0 when they are equal; `NaN` when one is no such value.
 */
export function compareOperands(operand: "number" | "date" | "version", a: JsonValue, b: JsonValue): number {
  switch (operand) {
    case "number":
      return typeof a === "number" && typeof b === "number" ? a - b : NaN;
    case "date": {
      const [first, second] = [parseClauseDate(a), parseClauseDate(b)];
      return first === null || second === null ? NaN : Number(first - second);
    }
    case "version": {
      const [first, second] = [parseSemVer(a), parseSemVer(b)];
      return first === null || second === null ? NaN : compareSemVer(first, second);
    }
  }
}
