import type { Slices } from "../evaluation/mod.ts";
import { all, FALSE, type Formula, type Group, type Literal, type Sequence } from "./_formula.ts";
import type { Steps } from "./_steps.ts";

/** A formula that does not hold: a literal that has to be mended, or formulas of which one has to be. */
export type Broken = Literal | Choice;

/** A formula that holds when one of several others does. */
export type Choice = (Group & { type: "any" }) | Sequence;

/** Options for {@linkcode findBroken}. */
export interface FindBrokenOptions {
  /** Formulas that must all hold. */
  formulas: readonly Formula[];
  /** Formulas among their parts that hold when the others do. */
  mended: ReadonlySet<Formula>;
  /** Reports whether a literal holds. */
  isTrue(literal: Literal): boolean;
  /** Steps left. */
  steps: Steps;
}

/**
 * Finds what does not hold.
 *
 * @param options What must hold, and which literals do.
 * @returns Slices; the last one returns formulas, each of which must be mended by itself; none when all hold.
 */
export function* findBroken({ formulas, mended, isTrue, steps }: FindBrokenOptions): Slices<Set<Broken>> {
  // A formula can be a part of many others.
  const known = new Map<Formula, boolean>();

  function* holds(formula: Formula): Slices<boolean> {
    steps.take(1);
    if (steps.endSlice()) yield;
    if (formula.type === "literal") return isTrue(formula);
    let isHeld = known.get(formula);
    if (isHeld === undefined) known.set(formula, isHeld = yield* holdsJoined(formula));
    return isHeld;
  }

  function* holdsJoined(formula: Group | Sequence): Slices<boolean> {
    if (formula.type === "first") {
      for (const { yes, no, then } of formula.steps) {
        if (!(yield* holds(no))) return (yield* holds(yes)) && (yield* holds(then));
      }
      return false;
    }
    const isDecisive = formula.type === "any";
    for (const part of formula.of) if ((yield* holds(part)) === isDecisive) return isDecisive;
    return !isDecisive;
  }

  const broken = new Set<Broken>();
  const visited = new Set(mended);
  function* visit(formula: Formula): Slices<void> {
    if (visited.has(formula) || (yield* holds(formula))) return;
    visited.add(formula);
    if (formula.type === "all") { for (const part of formula.of) yield* visit(part); }
    else broken.add(formula as Broken);
  }
  for (const formula of formulas) yield* visit(formula);
  return broken;
}

/**
 * Counts the ways to mend a formula.
 *
 * @param formula The formula.
 * @returns 1 for a literal; else how many formulas {@linkcode listAlternatives} makes at most.
 */
export function countAlternatives(formula: Broken): number {
  if (formula.type === "literal") return 1;
  if (formula.type === "any") return formula.of.length;
  return formula.steps.filter(({ yes, then }) => yes !== FALSE && then !== FALSE).length;
}

/**
 * Lists the ways to mend a formula.
 *
 * @param formula The formula.
 * @returns Formulas of which one must hold, made when they are asked for.
 */
export function* listAlternatives(formula: Choice): Generator<Formula> {
  if (formula.type === "any") return yield* formula.of;
  for (const [i, { yes, then }] of formula.steps.entries()) {
    const earlier = formula.steps.slice(0, i).map(({ no }) => no);
    const alternative = all([yes, then, ...earlier]);
    if (alternative !== FALSE) yield alternative;
  }
}
