/** Number of characters at a key's end that stay readable: as many as the Relay Proxy shows, enough to distinguish keys. */
const SHOWN = 5;

/** Keys with fewer characters than this (prefix not counted) are masked whole: showing five would reveal too much. */
const SHORTEST_SHOWN = 12;

/**
 * Masks an SDK key or mobile key for logs and `/status`.
 *
 * The kind's prefix (`sdk-`, `mob-`), single dashes and the last five characters stay, everything else becomes `*`:
 * `sdk-********-****-****-****-*******12345`. (The Relay Proxy masks hex digits only, so other letters leak.)
 *
 * @param key A credential.
 * @returns The same length, not usable as a credential.
 */
export function obscureKey(key: string): string {
  const prefix = /^[a-z]{3}-/.exec(key)?.[0] ?? "";
  const rest = key.slice(prefix.length);
  const shown = rest.length < SHORTEST_SHOWN ? 0 : SHOWN;
  const hidden = rest.slice(0, rest.length - shown);
  // Nor a dash beside another, or before what is shown: no more than five characters in a row stay.
  return prefix + hidden.replace(/[^-]|-(?=-|$)/gu, "*") + rest.slice(rest.length - shown);
}
