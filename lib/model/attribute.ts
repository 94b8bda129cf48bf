/** An empty step, or a `~` that begins no escape. */
const MALFORMED_PATH = /\/(?:\/|$)|~(?![01])/;

/**
 * Reports whether a text is a well-formed attribute reference: a plain name, or a `/`-path of property names in which `~1`
 * stands for `/` and `~0` for `~`. Without a context kind the flag was written before paths existed, and the whole text is
 * one name.
 *
 * @param text Reference as a clause or rollout has it, e.g. `email` or `/address/city`.
 * @param contextKind The context kind beside it, if any.
 * @returns False when it is empty, `/` alone, has an empty step (`//` or a slash at the end), or `~` before anything but
 *     `0` and `1`.
 */
export function isAttributeReference(
  text: string | null | undefined,
  contextKind?: string | null,
): text is string {
  if (!text) return false;
  return !isPath(text, contextKind) || !MALFORMED_PATH.test(text);
}

/**
 * Parses an attribute reference.
 *
 * @param text Reference as a clause or rollout has it.
 * @param contextKind The context kind beside it, if any.
 * @returns The property names from the outside in, or `null` unless {@linkcode isAttributeReference}.
 */
export function parseAttributeReference(
  text: string | null | undefined,
  contextKind?: string | null,
): string[] | null {
  if (!isAttributeReference(text, contextKind)) return null;
  if (!isPath(text, contextKind)) return [text];
  return text.slice(1).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isPath(text: string, contextKind: string | null | undefined): boolean {
  return Boolean(contextKind) && text.startsWith("/");
}
