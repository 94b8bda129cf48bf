import { duration } from "./_types.ts";

/**
 * Parses a duration as settings have it.
 *
 * @param text Numbers with units, as in Go: `60s`, `1h30m`.
 * @returns The duration: ms; `undefined` if it is none.
 */
export function parseDuration(text: string): number | undefined {
  try {
    return duration.parse(text, "environment");
  } catch {
    return undefined;
  }
}
