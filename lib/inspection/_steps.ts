/**
 * Most steps of a search for a change: a step is a look at a formula, and all of them take about two seconds.
 *
 * @limit steps: the search ends without a result, which is said
 */
const MAX_SEARCH_STEPS = 6_000_000;

/** What is thrown when a search has taken too many steps. */
export const OUT_OF_STEPS: unique symbol = Symbol("out of steps");

/** Steps that a search has left. */
export class Steps {
  #left = MAX_SEARCH_STEPS;

  /**
   * Takes steps.
   *
   * @param steps How many.
   * @throws {typeof OUT_OF_STEPS} When there are not as many left.
   */
  take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw OUT_OF_STEPS;
  }
}
