import type { JsonValue } from "../model/mod.ts";

const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * RFC 3339 with the leniencies of Go's evaluator: an hour of one digit, an offset of up to 99 hours, any text after a `Z`, and
 * after an offset any that begins with NUL or beyond ASCII.
 */
const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d)(?:$|[\0\u0080-\uffff]))/i;

/**
 * Parses a point in time: a number of ms since epoch (a fraction of a ms is cut off), or an RFC 3339 text, whose second
 * may be a leap second.
 *
 * @param value Any JSON value.
 * @returns Nanoseconds since epoch, or `null` when it is not a date.
 */
export function parseDate(value: JsonValue): bigint | null {
  if (typeof value === "number") {
    return Number.isFinite(value) ? BigInt(Math.trunc(value)) * NANOSECONDS_PER_MS : null;
  }
  const match = typeof value === "string" ? RFC3339.exec(value) : null;
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as SixNumbers;
  const zoneHours = Number(match[9] ?? 0);
  const zoneMinutes = Number(match[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  if (zoneMinutes > 59) return null;
  const offset = (zoneHours * 60 + zoneMinutes) * (match[8] === "-" ? -1 : 1);
  // Date.UTC() takes years below 100 for the twentieth century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second);
  return BigInt(date.getTime()) * NANOSECONDS_PER_MS + BigInt((match[7] ?? "").padEnd(9, "0"));
}

type SixNumbers = [number, number, number, number, number, number];
