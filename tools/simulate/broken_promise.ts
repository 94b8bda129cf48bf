/** Error of a relay that has not kept a promise of the design. */
export class BrokenPromise extends Error {
  /** The name of the class. */
  override readonly name = "BrokenPromise";

  /**
   * Creates the error.
   *
   * @param promise Number of the promise.
   * @param what What happened instead.
   */
  constructor(promise: 1 | 2 | 5 | 6 | 9, what: string) {
    super(`promise ${promise} is broken: ${what}`);
  }
}
