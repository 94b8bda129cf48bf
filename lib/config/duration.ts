import { ageLimit, duration } from "./_types.ts";

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

/**
 * Parses an age as settings have it, without `hard`.
 *
 * @param text A duration, or days: `720h`, `30d`.
 * @returns The age: ms; `undefined` if it is none.
 */
export function parseAge(text: string): number | undefined {
  try {
    const age = ageLimit.parse(text, "environment");
    return age?.isHard ? undefined : age?.ms;
  } catch {
    return undefined;
  }
}
