/** Longest key, or text from the archive, that is quoted in full: LaunchDarkly's keys are shorter. @limit characters: the rest is left out */
const MAX_QUOTED_LENGTH = 256;

/** Hint for a file that nobody can read. */
export const CORRECT_FILE = "Correct the file where it comes from, and pack the archive again";

/** Hint for what contexts come to in a flag. */
export const GIVES_ERROR = "Contexts that come to it get an error: correct it in LaunchDarkly";

/** What is said of a fault in a flag that no context comes to. */
export const UNREACHED = {
  effect: "; nobody comes to it as the flag is now",
  hint: "Correct it in LaunchDarkly",
};

/**
 * Quotes a text from an archive.
 *
 * @param text The text.
 * @returns It in double quotes, cut if it is long.
 */
export function quote(text: string): string {
  return JSON.stringify(cut(text));
}

/**
 * Cuts a text from an archive.
 *
 * @param text The text.
 * @returns As much of it as is shown.
 */
export function cut(text: string): string {
  return text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
}

/**
 * Counts things in words.
 *
 * @param number Number of them.
 * @param what One of them.
 * @returns E.g. `2 flags`.
 */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
