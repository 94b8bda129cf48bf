import { setImmediate } from "node:timers";

/** Length of a slice of work, during which requests wait: ms. */
const SLICE = 5;

/**
 * Slices in which a work goes on before those that came after it. If they took turns from the first slice on, under a steady flow of
 * new ones nothing would ever be finished.
 */
const SLICES_IN_ORDER = 4;

/** Number of short works that are done at once before their time is counted: what it takes to count it is as long as the shortest. */
const UNCOUNTED = 16;

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

/**
 * Does work that is cut into slices.
 *
 * @param slices The work: each `next` does one slice.
 * @param pause Called before each slice.
 * @returns What the last slice returns.
 */
export async function finishSlices<T>(slices: Iterator<void, T>, pause: Pause): Promise<T> {
  for (;;) {
    const turn = pause();
    if (turn) await turn;
    const slice = slices.next();
    if (slice.done) return slice.value;
  }
}

/** Unit of work that waits for its next slice. */
interface Waiting {
  /** Number of slices it has had beyond those of which the order does not depend. */
  slices: number;
  /** Starts the next slice. */
  begin: () => void;
}

/**
 * Scheduler of long work: between two slices, whichever work they belong to, requests are served. First come, first served, but for
 * works of more than four slices: of these, and before these, the one with the fewest goes first, so that a short one never waits for
 * a long one to end.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  /** End of the slice in which work is done at once; `undefined` when there is none. */
  #freeUntil: number | undefined;
  /** Number of short works that have been done at once since requests were last served, if that has been noticed. */
  #uncounted = 0;
  /** End of the slice in which those who wait begin one after the other. */
  #sliceEnd = 0;

  /**
   * Reports whether work may be done at once: nobody waits for a turn, and what has been done so since requests were last served
   * has not taken a slice.
   *
   * @param isShort Whether it is so short that its time need not be counted, if there are few of its kind.
   * @returns Whether it may.
   */
  isFree(isShort: boolean): boolean {
    if (this.#waiting.length > 0) return false;
    if (this.#freeUntil !== undefined) return performance.now() < this.#freeUntil;
    if (isShort && ++this.#uncounted < UNCOUNTED) return true;
    this.#freeUntil = performance.now() + SLICE;
    setImmediate(() => {
      this.#freeUntil = undefined;
      this.#uncounted = 0;
    });
    return true;
  }

  /**
   * Creates the function to call between the steps of one work, and before the first.
   *
   * @param isFree Whether it may be done at once; else the first call waits too. @default {isFree(false)}
   * @returns The function; time counts from now on.
   */
  createPause(isFree: boolean = this.isFree(false)): Pause {
    let sliceEnd = isFree ? performance.now() + SLICE : 0;
    /** Counted up when it has waited for one. */
    let slices = 0;
    return () => {
      if (performance.now() < sliceEnd) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const begin = (): void => {
        sliceEnd = performance.now() + SLICE;
        slices++;
        resolve();
      };
      const waiting = { slices: Math.max(0, slices - SLICES_IN_ORDER), begin };
      const isNext = slices > 0 && waiting.slices === 0;
      if (isNext) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
      if (this.#waiting.length === 1) this.#schedule();
      return promise;
    };
  }

  /**
   * Has the next work begin: in this slice if there is time left, else when the runtime has looked at its sockets. A timer makes it
   * do so; `setImmediate` does not: as long as there is always one, Deno looks at them once in 61 rounds of its loop.
   */
  #schedule(): void {
    if (performance.now() < this.#sliceEnd) {
      setImmediate(() => performance.now() < this.#sliceEnd ? this.#beginNext() : this.#schedule());
    } else {
      setTimeout(() => {
        this.#sliceEnd = performance.now() + SLICE;
        this.#beginNext();
      }, 0);
    }
  }

  #beginNext(): void {
    const least = this.#takeLeast();
    if (this.#waiting.length > 0) this.#schedule();
    least.begin();
  }

  #takeLeast(): Waiting {
    let least = 0;
    // Thousands may wait for their first turn.
    for (let i = 1; i < this.#waiting.length && this.#waiting[least]!.slices > 0; i++) {
      if (this.#waiting[i]!.slices < this.#waiting[least]!.slices) least = i;
    }
    return this.#waiting.splice(least, 1)[0]!;
  }
}
