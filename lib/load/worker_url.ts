/**
 * Returns the URL of the loading thread's code. A module of its own because a bundle replaces it: there, the code is in the URL.
 *
 * @returns A URL that a worker can start from.
 */
export function workerUrl(): URL {
  return new URL("./worker.ts", import.meta.url);
}
