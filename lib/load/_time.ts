/** Date and time of day, fraction of a second, and offset from UTC. */
const RFC3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-\d\d)T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?)(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/**
 * Parses a time as RFC 3339 has it; a leap second is none.
 *
 * @param text The time, in UTC (`Z`) or with an offset.
 * @returns ms since epoch, a fraction of a ms cut off; `undefined` when it is no time.
 */
export function parseTime(text: string): number | undefined {
  const [, date = "", time = "", sign, hours = "0", minutes = "0"] = RFC3339.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  const local = Date.parse(`${date}T${time.slice(0, 12)}Z`);
  // A day that its month does not have would be one of the next month.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(date)) return undefined;
  return local - offset;
}
