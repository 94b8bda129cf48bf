import type { Atom } from "./_atom.ts";

/** What must hold of a context: atoms, joined. */
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

/** A step, which applies to a context or not, or leads to an error. */
export interface Step {
  /** Holds when it applies. */
  yes: Formula;
  /** Holds when it does not. */
  no: Formula;
  /** What must hold if it applies. */
  then: Formula;
}

/** A formula that does not hold, and that one change may mend. */
export type Broken = Literal | (Group & { type: "any" }) | Sequence;

/** Holds always. */
export const TRUE: Formula = { type: "all", of: [] };

/** Holds never. */
export const FALSE: Formula = { type: "any", of: [] };

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
 * Makes the formula that the first step which applies holds. Where one leads to an error, none does.
 *
 * @param steps The steps in order.
 * @returns The formula.
 */
export function first(steps: readonly Step[]): Formula {
  const possible = steps.filter(({ yes, then }) => yes !== FALSE && then !== FALSE);
  if (possible.length === 0) return FALSE;
  return steps.length === 1 ? all([steps[0]!.yes, steps[0]!.then]) : { type: "first", steps };
}

/**
 * Makes a formula that always holds, or never.
 *
 * @param condition Whether it holds.
 * @returns `TRUE` or `FALSE`.
 */
export function constant(condition: boolean): Formula {
  return condition ? TRUE : FALSE;
}

/**
 * Counts what mends a formula.
 *
 * @param formula The formula.
 * @returns How many formulas {@linkcode listAlternatives} makes at most.
 */
export function countAlternatives(formula: Broken): number {
  if (formula.type === "literal") return 1;
  return formula.type === "any"
    ? formula.of.length
    : formula.steps.reduce((sum, { yes, then }) => yes === FALSE || then === FALSE ? sum : sum + 1, 0);
}

/**
 * Lists what mends a formula.
 *
 * @param formula The formula.
 * @returns Formulas of which one must hold, made when they are asked for.
 */
export function* listAlternatives(formula: Exclude<Broken, Literal>): Generator<Formula> {
  if (formula.type === "any") return yield* formula.of;
  for (const [i, { yes, then }] of formula.steps.entries()) {
    const earlier = formula.steps.slice(0, i).map(({ no }) => no);
    const alternative = all([yes, then, ...earlier]);
    if (alternative !== FALSE) yield alternative;
  }
}
