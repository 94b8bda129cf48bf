/** Limits on slow clients. Settings are those of the same names. */
export interface PaceLimits {
  /** Minimum rate of a client: bytes a second; 0 for none. */
  clientWriteMinBytesPerSecond: number;
  /** Allowance before the rate counts: ms. */
  clientWriteSlack: number;
  /** Maximum time for one unit of output, whatever its rate: ms; 0 for no limit. */
  clientWriteMaxTime: number;
}

/**
 * Length of output that is measured together with what comes after it: bytes. A client that was fast long ago must not be excused
 * forever. One that reads steadily must be excused for a while: when the buffers of its connection are full, the system takes
 * nothing more until a third of them, 1.4 MB, has been read.
 */
const WINDOW_BYTES = 1024 ** 2;

/**
 * Progress of a client with one unit of output: an event, a batch of events, or a document. Time is `performance.now`, so that no
 * change of the clock cuts anybody off.
 */
export class Pace {
  #startedAt = 0;
  #taken = 0;
  /** Beginning of the last whole window, and what was taken since. */
  #windowAt = 0;
  #windowTaken = 0;
  /** Beginning of the window that is not whole, and what was taken since. */
  #nextAt = 0;
  #nextTaken = 0;

  /**
   * Starts a unit.
   *
   * @param now The time: ms.
   */
  start(now: number): void {
    this.#startedAt = this.#windowAt = this.#nextAt = now;
    this.#taken = this.#windowTaken = this.#nextTaken = 0;
  }

  /**
   * Counts bytes that the client has read.
   *
   * @param bytes Number of bytes.
   * @param now The time: ms.
   */
  add(bytes: number, now: number): void {
    this.#taken += bytes;
    this.#windowTaken += bytes;
    this.#nextTaken += bytes;
    if (this.#nextTaken < WINDOW_BYTES) return;
    this.#windowAt = this.#nextAt;
    this.#windowTaken = this.#nextTaken;
    this.#nextAt = now;
    this.#nextTaken = 0;
  }

  /**
   * Reports whether the client has fallen below the minimum rate, or the unit takes too long.
   *
   * @param limits Limits that it must keep.
   * @param now The time: ms.
   * @returns Whether the client is to be cut off.
   */
  isBehind(limits: PaceLimits, now: number): boolean {
    const { clientWriteMinBytesPerSecond: rate, clientWriteSlack: slack, clientWriteMaxTime: maxTime } =
      limits;
    if (maxTime > 0 && now - this.#startedAt > maxTime) return true;
    return rate > 0 && now - this.#windowAt > slack + this.#windowTaken / rate * 1000;
  }

  /**
   * Reports whether the client has used up its allowance.
   *
   * @param limits Limits with the allowance.
   * @param now The time: ms.
   * @returns Whether its rate counts from now on.
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
