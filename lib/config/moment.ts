import { moment } from "./_types.ts";

/**
 * Parses a time as settings have it.
 *
 * @param text As in RFC 3339: `2026-12-31T12:00:00Z`, `2026-12-31T13:00:00+01:00`.
 * @returns The time: ms since epoch; `undefined` if it is none.
 */
export function parseMoment(text: string): number | undefined {
  try {
    return moment.parse(text, "environment");
  } catch {
    return undefined;
  }
}
