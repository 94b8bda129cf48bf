/** How slow a reader may be. Settings of the same names. */
export interface PaceLimits {
  /** Minimum rate of a reader: bytes a second; 0 for none. */
  clientWriteMinBytesPerSecond: number;
  /** Allowance before the rate counts: ms. */
  clientWriteSlack: number;
  /** Longest time for one unit of output, whatever its rate: ms; 0 for no limit. */
  clientWriteMaxTime: number;
}

/** How much output is measured together: bytes. What a reader took quickly long ago must not excuse it forever. */
const WINDOW_BYTES = 1024 ** 2;

/**
 * How a reader gets on with one unit of output: an event, a batch of events, or a document. Time is `performance.now`, so
 * that no change of the clock cuts anybody off.
 */
export class Pace {
  #startedAt = 0;
  #taken = 0;
  #windowAt = 0;
  #windowTaken = 0;

  /**
   * Begins a unit.
   *
   * @param now The time: ms.
   */
  start(now: number): void {
    this.#startedAt = this.#windowAt = now;
    this.#taken = this.#windowTaken = 0;
  }

  /**
   * Counts bytes that the reader has taken.
   *
   * @param bytes How many.
   * @param now The time: ms.
   */
  add(bytes: number, now: number): void {
    this.#taken += bytes;
    this.#windowTaken += bytes;
    if (this.#windowTaken < WINDOW_BYTES) return;
    this.#windowTaken = 0;
    this.#windowAt = now;
  }

  /**
   * Reports whether the reader has fallen below the minimum rate, or the unit takes too long.
   *
   * @param limits How slow it may be.
   * @param now The time: ms.
   * @returns Whether it is to be cut off.
   */
  isBehind(limits: PaceLimits, now: number): boolean {
    const { clientWriteMinBytesPerSecond: rate, clientWriteSlack: slack, clientWriteMaxTime: maxTime } =
      limits;
    if (maxTime > 0 && now - this.#startedAt > maxTime) return true;
    return rate > 0 && now - this.#windowAt > slack + this.#windowTaken / rate * 1000;
  }

  /**
   * Reports whether the reader has had its allowance.
   *
   * @param limits How long it is.
   * @param now The time: ms.
   * @returns Whether its rate counts by now.
   */
  hasHadSlack({ clientWriteSlack }: PaceLimits, now: number): boolean {
    return now - this.#startedAt > clientWriteSlack;
  }

  /**
   * Returns the mean rate since the unit began.
   *
   * @param now The time: ms.
   * @returns Bytes a ms.
   */
  rateAt(now: number): number {
    return this.#taken / (now - this.#startedAt);
  }
}
