import type { Attribute } from "./_attribute.ts";
import type { Broken } from "./_broken.ts";
import type { Formula } from "./_formula.ts";

/**
 * Most attributes of a formula that counts for the lower bound: others overlap anyway.
 *
 * @limit attributes: the formula does not count, and the search may take longer
 */
const MAX_BOUND_ATTRIBUTES = 16;

/** Lower bound of how many attributes have to change, so that a search ends early where no more may. */
export class LowerBound {
  /** Attributes of formulas; null for too many. */
  readonly #known = new Map<Formula, ReadonlySet<Attribute> | null>();

  /**
   * Counts formulas that have no attribute in common, none of which has changed.
   *
   * @param broken Formulas that do not hold.
   * @param hasChanged Whether an attribute has changed.
   * @returns How many more attributes have to change at least.
   */
  count(broken: Iterable<Broken>, hasChanged: (attribute: Attribute) => boolean): number {
    const sets = [...broken].map((formula) => this.#listAttributes(formula)).filter((set) => set !== null);
    const taken = new Set<Attribute>();
    let count = 0;
    for (const attributes of sets.sort((a, b) => a.size - b.size)) {
      if (!attributes.isDisjointFrom(taken) || [...attributes].some(hasChanged)) continue;
      for (const attribute of attributes) taken.add(attribute);
      count++;
    }
    return count;
  }

  #listAttributes(formula: Formula): ReadonlySet<Attribute> | null {
    if (formula.type === "literal") return new Set([formula.atom.attribute]);
    const known = this.#known.get(formula);
    if (known !== undefined) return known;
    const attributes = this.#join(
      formula.type === "first" ? formula.steps.flatMap(({ yes, no, then }) => [yes, no, then]) : formula.of,
    );
    this.#known.set(formula, attributes);
    return attributes;
  }

  #join(formulas: readonly Formula[]): ReadonlySet<Attribute> | null {
    const attributes = new Set<Attribute>();
    for (const formula of formulas) {
      const inner = this.#listAttributes(formula);
      if (inner === null) return null;
      for (const attribute of inner) attributes.add(attribute);
      if (attributes.size > MAX_BOUND_ATTRIBUTES) return null;
    }
    return attributes;
  }
}
