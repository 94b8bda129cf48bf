/** Headers of every answer: nothing but its own scripts and styles may run, be read or be shown elsewhere. */
const SECURITY_HEADERS: readonly [name: string, value: string][] = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  ],
  ["cross-origin-embedder-policy", "require-corp"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];

/**
 * Adds the headers that every answer of the explorer has. No cache keeps what does not say so itself.
 *
 * @param response The answer.
 * @returns The same.
 */
export function secure(response: Response): Response {
  const { headers } = response;
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return response;
}
