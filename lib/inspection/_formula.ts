import type { Atom } from "./_atom.ts";

/** What must hold of a context: literals, joined. */
export type Formula = Literal | Group | Sequence;

/** Holds when an atom has one of some outcomes. */
export interface Literal {
  type: "literal";
  /** Name that no other literal has. */
  id: string;
  atom: Atom;
  /** The outcomes. */
  accepts: ReadonlySet<number>;
}

/** Holds when all parts do, or any part. */
export interface Group {
  type: "all" | "any";
  of: readonly Formula[];
}

/** Holds when the first step whose `no` does not hold has a `yes` and a `then` that do. */
export interface Sequence {
  type: "first";
  steps: readonly Step[];
}

/** Matches a context or does not. Where it leads to an error, neither `yes` nor `no` holds. */
export interface Condition {
  /** Holds when it matches. */
  yes: Formula;
  /** Holds when it does not. */
  no: Formula;
}

/** One of several conditions, of which the first that matches decides, or leads to an error. */
export interface Step extends Condition {
  /** What must hold if it is that one. */
  then: Formula;
}

/** Holds always. */
export const TRUE: Formula = { type: "all", of: [] };

/** Holds never. */
export const FALSE: Formula = { type: "any", of: [] };

/** Matches every context. */
export const ALWAYS: Condition = { yes: TRUE, no: FALSE };

/** Matches no context. */
export const NEVER: Condition = { yes: FALSE, no: TRUE };

/** Leads to an error for every context. */
export const ERROR: Condition = { yes: FALSE, no: FALSE };

/**
 * Joins formulas that must all hold.
 *
 * @param formulas The formulas.
 * @returns The formula.
 */
export function all(formulas: readonly Formula[]): Formula {
  return join("all", formulas, TRUE, FALSE);
}

/**
 * Joins formulas of which one must hold.
 *
 * @param formulas The formulas.
 * @returns The formula.
 */
export function any(formulas: readonly Formula[]): Formula {
  return join("any", formulas, FALSE, TRUE);
}

function join(
  type: Group["type"],
  formulas: readonly Formula[],
  neutral: Formula,
  decisive: Formula,
): Formula {
  if (formulas.includes(decisive)) return decisive;
  const of = formulas.filter((formula) => formula !== neutral);
  return of.length === 0 ? neutral : of.length === 1 ? of[0]! : { type, of };
}

/**
 * Makes the formula that the first step which matches has a `then` that holds. Where one leads to an error, it does not hold.
 *
 * @param steps The steps in order.
 * @returns The formula.
 */
export function first(steps: readonly Step[]): Formula {
  if (steps.every(({ yes, then }) => yes === FALSE || then === FALSE)) return FALSE;
  return steps.length === 1 ? all([steps[0]!.yes, steps[0]!.then]) : { type: "first", steps };
}

/**
 * Makes a formula that always holds, or never.
 *
 * @param holds Whether it holds.
 * @returns `TRUE` or `FALSE`.
 */
export function constant(holds: boolean): Formula {
  return holds ? TRUE : FALSE;
}

/**
 * Makes the opposite of a condition.
 *
 * @param condition The condition.
 * @returns What matches when it does not.
 */
export function negate({ yes, no }: Condition): Condition {
  return { yes: no, no: yes };
}

/**
 * Joins conditions of which one must match. None of them leads to an error.
 *
 * @param conditions The conditions.
 * @returns The condition.
 */
export function anyOf(conditions: readonly Condition[]): Condition {
  return { yes: any(conditions.map(({ yes }) => yes)), no: all(conditions.map(({ no }) => no)) };
}

/**
 * Joins conditions that must all match. They are asked in order, and the first that does not match ends it, or leads to an error.
 *
 * @param conditions The conditions in order.
 * @returns The condition.
 */
export function allInOrder(conditions: readonly Condition[]): Condition {
  const mismatches = conditions.map((condition): Step => ({ ...negate(condition), then: TRUE }));
  return { yes: all(conditions.map(({ yes }) => yes)), no: first(mismatches) };
}
