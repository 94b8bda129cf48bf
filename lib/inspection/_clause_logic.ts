import { compareOperands, OPERATORS } from "../evaluation/mod.ts";
import type { Clause, JsonValue } from "../model/mod.ts";

/** A clause, so that it can be compared with others. */
export interface ComparableClause {
  /** What it tests: the same for clauses that test the same attribute. */
  subject: string;
  /** Whether that is the key, of which a context of a kind has one; any other attribute can be an array, all of whose elements count. */
  isKey: boolean;
  op: string;
  negate: boolean;
  values: readonly JsonValue[];
  /** JSON of its values. */
  texts: ReadonlySet<string>;
}

/** Counter of comparisons: adds some, and reports whether there may be as many. */
export type Spend = (comparisons: number) => boolean;

/** An operator that compares: with what, on which side of it attributes match, and whether equal ones do. */
interface Bound {
  operand: "number" | "date" | "version";
  side: -1 | 0 | 1;
  withEqual: boolean;
}

const BOUNDS: ReadonlyMap<string, Bound> = new Map<string, Bound>([
  ["lessThan", { operand: "number", side: -1, withEqual: false }],
  ["lessThanOrEqual", { operand: "number", side: -1, withEqual: true }],
  ["greaterThan", { operand: "number", side: 1, withEqual: false }],
  ["greaterThanOrEqual", { operand: "number", side: 1, withEqual: true }],
  ["before", { operand: "date", side: -1, withEqual: false }],
  ["after", { operand: "date", side: 1, withEqual: false }],
  ["semVerEqual", { operand: "version", side: 0, withEqual: true }],
  ["semVerLessThan", { operand: "version", side: -1, withEqual: false }],
  ["semVerGreaterThan", { operand: "version", side: 1, withEqual: false }],
]);

/**
 * Prepares a clause for comparison.
 *
 * @param clause The clause.
 * @returns What is compared.
 */
export function toComparable({ contextKind, attribute, op, negate, values }: Clause): ComparableClause {
  // Without a kind, what looks like a path is a name.
  const kind = contextKind || (attribute?.startsWith("/") ? "" : "user");
  const subject = op === "segmentMatch" ? [] : [kind, attribute];
  const list = values ?? [];
  const texts = new Set(list.map((value) => JSON.stringify(value)));
  return {
    subject: JSON.stringify(subject),
    isKey: op !== "segmentMatch" && attribute === "key",
    op: op ?? "",
    negate: negate ?? false,
    values: list,
    texts,
  };
}

/**
 * Reports whether every context that matches a clause matches another one.
 *
 * @param clause The clause.
 * @param other The other one.
 * @param spend Counts comparisons of values; returns false where there were too many.
 * @returns Whether it does; false where it is not seen.
 */
export function implies(clause: ComparableClause, other: ComparableClause, spend: Spend): boolean {
  if (clause.subject !== other.subject || clause.negate !== other.negate) return false;
  // Whatever does not match the wider one does not match the narrower one.
  return clause.negate ? isCovered(other, clause, spend) : isCovered(clause, other, spend);
}

/**
 * Reports whether no context matches two clauses.
 *
 * @param a The one.
 * @param b The other.
 * @param spend Counts comparisons of values; returns false where there were too many.
 * @returns Whether none does; false where it is not seen.
 */
export function exclude(a: ComparableClause, b: ComparableClause, spend: Spend): boolean {
  if (a.subject !== b.subject) return false;
  if (a.negate !== b.negate) return a.negate ? isCovered(b, a, spend) : isCovered(a, b, spend);
  if (!a.isKey || a.op !== "in" || b.op !== "in" || a.negate) return false;
  return spend(a.texts.size) && a.texts.isDisjointFrom(b.texts);
}

/** Reports whether whatever matches a value of a clause, negated or not, matches a value of another one. */
function isCovered(clause: ComparableClause, by: ComparableClause, spend: Spend): boolean {
  if (clause.op === by.op && spend(clause.texts.size) && clause.texts.isSubsetOf(by.texts)) return true;
  if (clause.op === "segmentMatch" || by.op === "matches" || by.op === "in") return false;
  if (!spend(clause.values.length * by.values.length)) return false;
  return clause.values.every((value) =>
    by.values.some((wider) => isNarrower(clause.op, value, by.op, wider))
  );
}

/** Reports whether whatever matches a value by an operator matches a wider value by another operator. */
function isNarrower(op: string, value: JsonValue, widerOp: string, wider: JsonValue): boolean {
  const bound = BOUNDS.get(widerOp);
  if (bound) return isInBound(op, value, bound, wider);
  if (typeof value !== "string" || typeof wider !== "string") return false;
  switch (widerOp) {
    case "startsWith":
    case "endsWith":
      return (op === "in" || op === widerOp) && value[widerOp](wider);
    case "contains":
      return OPERATORS.get(op) !== "pattern" && !BOUNDS.has(op) && value.includes(wider);
    default:
      return false;
  }
}

function isInBound(op: string, value: JsonValue, wider: Bound, limit: JsonValue): boolean {
  const own = op === "in" ? { ...wider, side: 0, withEqual: true } : BOUNDS.get(op);
  if (own?.operand !== wider.operand) return false;
  const order = compareOperands(wider.operand, value, limit);
  if (order === 0) {
    return wider.withEqual
      ? own.side === 0 || own.side === wider.side
      : own.side === wider.side && !own.withEqual;
  }
  return wider.side !== 0 && Math.sign(order) === wider.side && (own.side === 0 || own.side === wider.side);
}
