/** Random numbers that one seed determines: on every machine the same ones. */
export class Random {
  #state: number;

  /**
   * Starts the sequence.
   *
   * @param seed A whole number.
   */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /**
   * Returns the next number (mulberry32).
   *
   * @returns From 0 up to 1.
   */
  next(): number {
    this.#state = this.#state + 0x6d2b79f5 >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ z >>> 15, z | 1);
    z ^= z + Math.imul(z ^ z >>> 7, z | 61);
    return ((z ^ z >>> 14) >>> 0) / 2 ** 32;
  }

  /** Returns a whole number from `min` to `max`. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Reports an event of that probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Picks one of them. */
  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }
}
