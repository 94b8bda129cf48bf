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

/** A formula that does not hold, and what it can be mended by. */
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

/** A formula in question, with what is known of those in it that may occur many times. */
export class Reading {
  readonly #isTrue: (literal: Literal) => boolean;
  readonly #known = new Map<Sequence, boolean>();

  /** @param isTrue Whether a literal holds. */
  constructor(isTrue: (literal: Literal) => boolean) {
    this.#isTrue = isTrue;
  }

  /**
   * Reports whether a formula holds.
   *
   * @param formula The formula.
   * @returns Whether it does.
   */
  holds(formula: Formula): boolean {
    switch (formula.type) {
      case "literal":
        return this.#isTrue(formula);
      case "all":
        return formula.of.every((part) => this.holds(part));
      case "any":
        return formula.of.some((part) => this.holds(part));
      case "first": {
        let holds = this.#known.get(formula);
        if (holds === undefined) this.#known.set(formula, holds = this.#holdsFirst(formula));
        return holds;
      }
    }
  }

  #holdsFirst({ steps }: Sequence): boolean {
    const step = steps.find(({ no }) => !this.holds(no));
    return step !== undefined && this.holds(step.yes) && this.holds(step.then);
  }

  /**
   * Finds a formula that does not hold, of those that all must.
   *
   * @param formulas The formulas.
   * @param mended Formulas that hold when others of them do.
   * @returns The one with the fewest ways to mend it; `undefined` when all hold.
   */
  findBroken(formulas: readonly Formula[], mended: ReadonlySet<Formula>): Broken | undefined {
    let best: Broken | undefined;
    let fewest = Infinity;
    for (const formula of formulas) {
      if (mended.has(formula) || this.holds(formula)) continue;
      const broken = formula.type === "all" ? this.findBroken(formula.of, mended) : formula as Broken;
      if (broken === undefined) continue;
      const count = countAlternatives(broken);
      if (count < fewest) [best, fewest] = [broken, count];
      if (fewest <= 1) break;
    }
    return best;
  }
}

function countAlternatives(formula: Broken): number {
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
