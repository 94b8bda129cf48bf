/** Most wrong tokens from one address in a minute. @limit wrong tokens: further ones are answered 429; the right one never is */
const MAX_WRONG_TOKENS = 10;

/** Time over which they are counted: ms. */
const WINDOW = 60_000;

/** Most addresses that are counted at a time. @limit addresses: the one that began first is forgotten */
const MAX_ADDRESSES = 10_000;

/** Counter of wrong tokens by address. */
export class WrongTokens {
  readonly #now: () => number;
  /** In the order in which their windows began. */
  readonly #counts = new Map<string, { end: number; count: number }>();

  /**
   * Creates it; nothing has been counted.
   *
   * @param now Clock that does not jump: ms.
   */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts a wrong token.
   *
   * @param address Where it came from.
   * @returns Time until the address may try again: ms; 0 if it may at once.
   */
  count(address: string): number {
    const now = this.#now();
    for (const [other, { end }] of this.#counts) {
      if (end > now && (this.#counts.size < MAX_ADDRESSES || this.#counts.has(address))) break;
      this.#counts.delete(other);
    }
    const known = this.#counts.get(address);
    if (known) return ++known.count > MAX_WRONG_TOKENS ? known.end - now : 0;
    this.#counts.set(address, { end: now + WINDOW, count: 1 });
    return 0;
  }
}
