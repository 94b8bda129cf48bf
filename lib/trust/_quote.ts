/** Longest text of a manifest, a signature or a key file that an error quotes in full. Who wrote it is not trusted. @limit characters: the rest is left out */
const MAX_QUOTED = 64;

/**
 * Quotes a text of somebody else's.
 *
 * @param text The text.
 * @returns Its beginning in double quotes, as JSON has it.
 */
export function quote(text: string): string {
  return text.length > MAX_QUOTED ? `${JSON.stringify(text.slice(0, MAX_QUOTED))}…` : JSON.stringify(text);
}
