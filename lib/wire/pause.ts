/** How long work may hold up requests in one go: ms. */
const SLICE = 5;

/** Lets requests have their turn when work has held the loop for long enough. */
export type Pause = () => Promise<void> | undefined;

/**
 * Makes a function to call between the steps of long work.
 *
 * @returns The function; time counts from now on.
 */
export function createPause(): Pause {
  return new Turns().createPause();
}

/** Work that waits for its next slice. */
interface Waiting {
  /** How many slices it has had. */
  slices: number;
  /** Begins the next one. */
  begin: () => void;
}

/**
 * Makes long works take turns: between two slices, whichever works they belong to, everybody else is served. Who has had
 * the fewest slices goes first, so that a short work never waits for a long one to end.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];

  /**
   * Makes a function to call between the steps of one work, and before the first.
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
      if (this.#waiting.push({ slices, begin }) === 1) setTimeout(() => this.#next());
      return promise;
    };
  }

  #next(): void {
    const least = this.#waiting.reduce((a, b) => b.slices < a.slices ? b : a);
    this.#waiting.splice(this.#waiting.indexOf(least), 1);
    if (this.#waiting.length > 0) setTimeout(() => this.#next());
    least.begin();
  }
}
