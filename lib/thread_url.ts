/**
 * Returns the URL of the program's entrypoint, from which serving threads start too. A module of its own because a bundle replaces
 * it: there, it is the bundle itself.
 *
 * @returns A URL that a worker can start from.
 */
export function threadUrl(): URL {
  return new URL("../main.ts", import.meta.url);
}
