import { type Clause, type JsonValue, parseAttributeReference } from "../model/mod.ts";
import type { CompiledClause, Test } from "./_compiled_clause.ts";
import { parseDate } from "./_date.ts";
import { compilePattern } from "./_pattern.ts";
import { ALL_KINDS, type Registry } from "./_registry.ts";
import { parseSemVer } from "./_semver.ts";

/** Go's zero time, 0001-01-01T00:00:00Z, which in a clause's text means "no date": nanoseconds since epoch. */
const ZERO_TIME = -62_135_596_800_000_000_000n;

/**
 * Compiles the clauses of a rule.
 *
 * @param clauses The clauses; absent means none.
 * @param registry Numbers the clauses and what they refer to.
 * @returns How many there are, and then their slots in order.
 */
export function compileClauses(clauses: Clause[] | null | undefined, registry: Registry): number[] {
  const slots = (clauses ?? []).map((clause) =>
    registry.getClause(JSON.stringify(clause), () => compileClause(clause, registry))
  );
  return [slots.length, ...slots];
}

function compileClause(clause: Clause, registry: Registry): CompiledClause {
  const negate = clause.negate ?? false;
  const test = compileTest(clause.op ?? "", clause.values ?? [], registry);
  if (test.op === "segmentMatch") return { ...test, slot: -1, negate, width: 0 };
  const path = parseAttributeReference(clause.attribute, clause.contextKind);
  if (path === null) return { op: "malformed", values: null, slot: -1, negate, width: 0 };
  // Only the plain name: the path "/kind" leads to the kind of one part.
  const kind = clause.attribute === "kind" ? ALL_KINDS : clause.contextKind || "user";
  const width = test.values instanceof Set ? 1 : test.values?.length ?? 0;
  return { ...test, slot: registry.getAttribute(kind, path), negate, width };
}

function compileTest(op: string, values: JsonValue[], registry: Registry): Test {
  switch (op) {
    case "in":
      // Null, lists and objects equal nothing, not even themselves in a list.
      return { op, values: new Set(values.filter((value) => typeof value !== "object")) };
    case "startsWith":
    case "endsWith":
    case "contains":
      return { op, values: strings(values) };
    case "matches":
      return { op, values: strings(values).map(compilePattern).filter((pattern) => pattern !== null) };
    case "lessThan":
    case "lessThanOrEqual":
    case "greaterThan":
    case "greaterThanOrEqual":
      return { op, values: values.filter((value) => typeof value === "number") };
    case "before":
    case "after":
      return { op, values: values.map(parseClauseDate).filter((date) => date !== null) };
    case "semVerEqual":
    case "semVerLessThan":
    case "semVerGreaterThan":
      return { op, values: values.map(parseSemVer).filter((version) => version !== null) };
    case "segmentMatch":
      return { op, values: strings(values).map((key) => registry.segments.get(key)) };
    default:
      return { op: "unknown", values: null };
  }
}

/**
 * Parses a date of a clause.
 *
 * @param value Any JSON value.
 * @returns Nanoseconds since epoch, or `null` when it is not a date.
 */
export function parseClauseDate(value: JsonValue): bigint | null {
  const date = parseDate(value);
  return typeof value === "string" && date === ZERO_TIME ? null : date;
}

function strings(values: JsonValue[]): string[] {
  return values.filter((value) => typeof value === "string");
}
