/**
 * Escapes what a person could not see or would see in another order: control and format characters (those that turn the
 * direction of text among them) and all else that is ignored when text is shown (fillers, variation selectors), line and
 * paragraph separators, and halves of surrogate pairs.
 *
 * @param text Any text.
 * @returns The text with `\uXXXX` for each of them, as JSON has it: JSON stays the same value.
 */
export function escapeInvisible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
