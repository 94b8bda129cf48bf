import type { Broken, Formula, Group, Literal, Sequence } from "./_formula.ts";
import type { Steps } from "./_steps.ts";

/** Formulas as they are for one context. What occurs in several of them is looked at once. */
export class Reading {
  readonly #isTrue: (literal: Literal) => boolean;
  readonly #steps: Steps;
  readonly #known = new Map<Formula, boolean>();

  /**
   * @param isTrue Whether a literal holds.
   * @param steps Steps left.
   */
  constructor(isTrue: (literal: Literal) => boolean, steps: Steps) {
    this.#isTrue = isTrue;
    this.#steps = steps;
  }

  /**
   * Reports whether a formula holds.
   *
   * @param formula The formula.
   * @returns Whether it does.
   */
  holds(formula: Formula): boolean {
    this.#steps.take(1);
    if (formula.type === "literal") return this.#isTrue(formula);
    let holds = this.#known.get(formula);
    if (holds !== undefined) return holds;
    this.#known.set(formula, holds = this.#look(formula));
    return holds;
  }

  #look(formula: Group | Sequence): boolean {
    if (formula.type === "first") return this.#holdsFirst(formula);
    const holds = (part: Formula) => this.holds(part);
    return formula.type === "all" ? formula.of.every(holds) : formula.of.some(holds);
  }

  #holdsFirst({ steps }: Sequence): boolean {
    const step = steps.find(({ no }) => !this.holds(no));
    return step !== undefined && this.holds(step.yes) && this.holds(step.then);
  }

  /**
   * Finds what does not hold.
   *
   * @param formulas Formulas that must all hold.
   * @param mended Formulas that hold when others of them do.
   * @returns Formulas, each of which must be mended by itself; none when all hold.
   */
  findBroken(formulas: readonly Formula[], mended: ReadonlySet<Formula>): Set<Broken> {
    const broken = new Set<Broken>();
    const visited = new Set(mended);
    const visit = (formula: Formula) => {
      if (visited.has(formula) || this.holds(formula)) return;
      visited.add(formula);
      if (formula.type === "all") formula.of.forEach(visit);
      else broken.add(formula as Broken);
    };
    formulas.forEach(visit);
    return broken;
  }
}
