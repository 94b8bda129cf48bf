/**
 * Reads the selector of the data that a client has.
 *
 * @param query Query string of the request. SDKs escape the selector, or do not.
 * @returns The selector; `null` when the client has none.
 */
export function readBasis(query: string): string | null {
  return query === "" ? null : new URLSearchParams(query).get("basis");
}
