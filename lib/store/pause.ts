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
  let sliceEnd = performance.now() + SLICE;
  return () => {
    if (performance.now() < sliceEnd) return;
    return new Promise((resolve) =>
      setTimeout(() => {
        sliceEnd = performance.now() + SLICE;
        resolve();
      })
    );
  };
}
