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
 * @throws {DamageError} When it is not as {@linkcode formatState} writes it.
 */
export function parseState(text: string): StateRecord {
  let state;
  try {
    state = JSON.parse(text);
  } catch {
    // It is told below.
  }
  if (!isState(state)) throw new DamageError("it is not as Halyard writes it");
  const { good, trust } = state;
  return { ...good && { good }, trust };
}

function isState(value: unknown): value is StateRecord {
  if (!isObject(value)) return false;
  const { format, good, trust, ...others } = value;
  return format === FORMAT && (good === undefined || isId(good)) && Object.keys(others).length === 0 &&
    isObject(trust) && Object.values(trust).every(isTrustRecord);
}

function isTrustRecord(value: unknown): value is TrustRecord {
  if (!isObject(value)) return false;
  const { mark, spent, accepted } = value;
  return (mark === undefined ||
    isObject(mark) && isCount(mark["epoch"]) && isCount(mark["version"]) && isId(mark["archiveSha256"])) &&
    (spent === undefined || Number.isFinite(spent)) &&
    (accepted === undefined || isObject(accepted) && isId(accepted["id"]) && Number.isFinite(accepted["at"]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isId(value: unknown): boolean {
  return typeof value === "string" && ID.test(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
