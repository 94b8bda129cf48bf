import type { HighWaterMark } from "../trust/mod.ts";

/** What is remembered of the signed files of one kind. Times are ms since epoch. */
export interface TrustRecord {
  /** Newest release that has been served. */
  mark?: HighWaterMark;
  /** Permission to go back that has been used: its end. */
  spent?: number;
  /** File, with what vouches for it, that was accepted last: its ID, and when that was for the first time. */
  accepted?: { id: string; at: number };
}

/** What the state file holds. */
export interface StateRecord {
  /** ID of the last known good archive: the name of its folder. */
  good?: string;
  /** Records by what the files are signed for. */
  trust: Record<string, TrustRecord>;
}

/** Error: what was read is not what was written. */
export class DamageError extends Error {}

/** Version of the state file. */
const FORMAT = 1;

/** What an ID is: a SHA-256 in hex. */
export const ID = /^[0-9a-f]{64}$/;

/**
 * Formats the state file.
 *
 * @param record What it is to hold.
 * @returns Its JSON.
 */
export function formatState(record: StateRecord): string {
  return `${JSON.stringify({ format: FORMAT, ...record }, null, 2)}\n`;
}

/**
 * Reads the state file.
 *
 * @param text Its JSON.
 * @returns What it holds.
 * @throws {DamageError} When it is not as `formatState` writes it.
 */
export function parseState(text: string): StateRecord {
  const { format, good, trust, ...others } = parseObject(text);
  check(format === FORMAT, `format is not ${FORMAT}`);
  check(good === undefined || ID.test(good), "good is not an ID");
  check(isObject(trust), "trust is not an object");
  check(Object.keys(others).length === 0, `${Object.keys(others)[0]} is not known`);
  for (const record of Object.values(trust)) checkRecord(record);
  return { ...good && { good }, trust };
}

function parseObject(text: string): Record<string, unknown> & StateRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DamageError((error as Error).message);
  }
  check(isObject(value), "it is not an object");
  return value as Record<string, unknown> & StateRecord;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function checkRecord(record: TrustRecord): void {
  check(isObject(record), "a record is not an object");
  const { mark, spent, accepted } = record;
  if (mark) {
    check(isCount(mark.epoch) && isCount(mark.version), "mark is not of a release");
    check(ID.test(mark.archiveSha256), "mark has no digest");
  }
  check(spent === undefined || Number.isFinite(spent), "spent is not a time");
  if (accepted) {
    check(ID.test(accepted.id) && Number.isFinite(accepted.at), "accepted is not an ID and a time");
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function check(condition: boolean, problem: string): void {
  if (!condition) throw new DamageError(problem);
}
