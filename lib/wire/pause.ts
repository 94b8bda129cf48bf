import { setImmediate } from "node:timers";

/** Length of a slice of work, during which requests wait: ms. */
const SLICE = 5;

/** Function to call between the steps of long work: waits for other work and requests once the slice is over. */
export type Pause = () => Promise<void> | undefined;

/**
 * Creates the {@linkcode Pause} of work that alternates with nothing but requests.
 *
 * @returns The function; time counts from now on.
 */
export function createPause(): Pause {
  return new Turns().createPause();
}

/** Unit of work that waits for its next slice. */
interface Waiting {
  /** Number of slices it has had. */
  slices: number;
  /** Starts the next slice. */
  begin: () => void;
}

/**
 * Scheduler of long work: between two slices, whichever work they belong to, requests are served. The work with the fewest slices
 * goes first, so that a short one never waits for a long one to end.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  /** End of the slice in which work is done at once; `undefined` when there is none. */
  #freeUntil: number | undefined;

  /**
   * Reports whether work may be done at once: nobody waits for a turn, and what has been done so since requests were last served
   * has not taken a slice.
   *
   * @param isShort Whether it is so short that its time need not be counted.
   * @returns Whether it may.
   */
  isFree(isShort: boolean): boolean {
    if (this.#waiting.length > 0 || isShort) return this.#waiting.length === 0;
    if (this.#freeUntil !== undefined) return performance.now() < this.#freeUntil;
    this.#freeUntil = performance.now() + SLICE;
    setImmediate(() => this.#freeUntil = undefined);
    return true;
  }

  /**
   * Creates the function to call between the steps of one work, and before the first.
   *
   * @returns The function; time counts from now on. While other works wait for their turn, the first call waits too.
   */
  createPause(): Pause {
    let sliceEnd = this.#waiting.length > 0 ? 0 : performance.now() + SLICE;
    let slices = 0;
    return () => {
      if (performance.now() < sliceEnd) return;
      slices++;
      const { promise, resolve } = Promise.withResolvers<void>();
      const begin = (): void => {
        sliceEnd = performance.now() + SLICE;
        resolve();
      };
      if (this.#waiting.push({ slices, begin }) === 1) setImmediate(() => this.#next());
      return promise;
    };
  }

  #next(): void {
    const least = this.#waiting.reduce((a, b) => b.slices < a.slices ? b : a);
    this.#waiting.splice(this.#waiting.indexOf(least), 1);
    if (this.#waiting.length > 0) setImmediate(() => this.#next());
    least.begin();
  }
}
