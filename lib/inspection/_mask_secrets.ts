/** Names and words of a metadata file that are no secrets. */
const PLAIN_WORDS = new Set(
  ("dataId env envID envKey envName projKey projName mobKey mobileKeys sdkKey sdkKeys value expiring timestamp key expiry " +
    "defaultTtl secureMode version true false null").split(" "),
);

/** A number, of as many digits as a time has at most. */
const NUMBER = /^-?[\d.]{1,15}$/;

/**
 * Masks everything in a part of a metadata file but numbers and the names of its fields: keys stand in it.
 *
 * @param line A part of a line.
 * @returns A text of the same length.
 */
export function maskSecrets(line: string): string {
  return line.replace(/[^\s{}[\],:"]+/g, (word, at) => {
    // Inside of a string, or of one that is cut off, digits may be a key's.
    const isOutside = at > 0 && line[at - 1] !== '"';
    return PLAIN_WORDS.has(word) || isOutside && NUMBER.test(word) ? word : "*".repeat(word.length);
  });
}
