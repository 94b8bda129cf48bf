/**
 * Most steps of a search for a change: a step is a look at a formula, and all of them take about two seconds.
 *
 * @limit steps: the search ends without a result, which is said
 */
const MAX_SEARCH_STEPS = 6_000_000;

/** Steps of a slice, after which others may run: some ms. */
const SLICE_STEPS = 5_000;

/** What is thrown when a search has taken too many steps. */
export const OUT_OF_STEPS: unique symbol = Symbol("out of steps");

/** Steps that a search has left. */
export class Steps {
  #left = MAX_SEARCH_STEPS;
  /** Steps left at the end of the slice. */
  #sliceEnd = MAX_SEARCH_STEPS - SLICE_STEPS;

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

  /**
   * Ends the slice if its steps have been taken.
   *
   * @returns Whether it is over, and the next one has begun.
   */
  endSlice(): boolean {
    if (this.#left > this.#sliceEnd) return false;
    this.#sliceEnd = this.#left - SLICE_STEPS;
    return true;
  }
}
