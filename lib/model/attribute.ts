/** A `~` that begins no escape. */
const BAD_ESCAPE = /~(?![01])/;

/**
 * Parses an attribute reference: a plain name, or a `/`-path of property names in which `~1` stands for `/` and `~0`
 * for `~`. Without a context kind the flag was written before paths existed, and the whole text is one name.
 *
 * @param text Reference as a clause or rollout has it, e.g. `email` or `/address/city`.
 * @param contextKind The context kind given beside it, if any.
 * @returns The property names from the outside in, or `null` when the reference is malformed: empty, `/` alone, an
 *     empty step (`//` or a slash at the end), or `~` before anything but `0` and `1`.
 */
export function parseAttributeReference(
  text: string | null | undefined,
  contextKind?: string | null,
): string[] | null {
  if (!text) return null;
  if (!contextKind || !text.startsWith("/")) return [text];
  const names = text.slice(1).split("/");
  if (names.some((name) => name === "" || BAD_ESCAPE.test(name))) return null;
  return names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}
