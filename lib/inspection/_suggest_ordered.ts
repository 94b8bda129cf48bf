import type { Clause, JsonValue } from "../model/mod.ts";

/** A version: major, minor, patch, and what follows a hyphen. */
const VERSION = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\dA-Za-z.-]+))?/;

/** Comparisons of numbers. */
const COMPARISONS = new Set(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"]);

/** Milliseconds from a date to the one before or after it that is suggested. */
const DATE_STEP_MS = 1000;

/** Dates before and after all others that people write. */
const [FIRST_DATE_MS, LAST_DATE_MS] = [0, Date.UTC(9999, 0)];

/**
 * Suggests numbers on all sides of those that clauses compare with.
 *
 * @param clauses The clauses; others do not count.
 * @returns Numbers, whole ones first.
 */
export function* suggestNumbers(clauses: readonly Clause[]): Generator<number> {
  const compared = clauses.filter(({ op }) => op === "in" || COMPARISONS.has(op ?? ""));
  const bounds = sortNumbers(listValues(compared).filter((value) => typeof value === "number"));
  yield* bounds;
  for (const bound of bounds) yield* [Math.floor(bound) + 1, Math.ceil(bound) - 1];
  yield* suggestBetween(bounds);
  // Where a number is so large that one more makes no difference.
  const [first, last] = [bounds[0], bounds.at(-1)];
  if (first !== undefined && last !== undefined) {
    yield* [last + Math.abs(last), first - Math.abs(first)].filter(Number.isFinite);
  }
}

/**
 * Suggests dates on all sides of those that clauses compare with.
 *
 * @param clauses The clauses; others do not count.
 * @returns Dates as texts, if a clause has a text, and as ms since epoch.
 */
export function* suggestDates(clauses: readonly Clause[]): Generator<JsonValue> {
  const values = listValues(clauses.filter(({ op }) => op === "before" || op === "after"));
  const times = values.map((value) => typeof value === "string" ? Date.parse(value) : value);
  const bounds = sortNumbers(times.filter((time) => typeof time === "number" && Number.isFinite(time)));
  const dates = [
    ...bounds.flatMap((bound) => [bound, bound + DATE_STEP_MS, bound - DATE_STEP_MS]),
    ...suggestBetween(bounds).map(Math.round),
    // For dates that are written in a way that only flags know.
    ...values.length > 0 ? [FIRST_DATE_MS, LAST_DATE_MS] : [],
  ];
  const isText = values.some((value) => typeof value === "string");
  if (isText) yield* dates.filter(isDate).map((date) => new Date(date).toISOString().replace(".000", ""));
  yield* dates;
}

/**
 * Suggests versions on all sides of those that clauses compare with.
 *
 * @param clauses The clauses; others do not count.
 * @returns The versions.
 */
export function* suggestVersions(clauses: readonly Clause[]): Generator<string> {
  const values = listValues(clauses.filter(({ op }) => op?.startsWith("semVer")));
  for (const value of values) {
    const match = typeof value === "string" ? VERSION.exec(value) : null;
    if (match === null) continue;
    const [version, first, second = "0", third = "0", prerelease] = match;
    const [major, minor, patch] = [BigInt(first!), BigInt(second), BigInt(third)];
    yield value as string;
    yield `${major}.${minor}.${patch + 1n}`;
    yield `${major}.${minor}.${patch}`;
    if (patch > 0n) yield `${major}.${minor}.${patch - 1n}`;
    if (minor > 0n) yield `${major}.${minor - 1n}.0`;
    if (major > 0n) yield `${major - 1n}.0.0`;
    // The very next ones after and before it.
    yield prerelease === undefined ? `${major}.${minor}.${patch + 1n}-0` : `${version}.0`;
    yield `${major}.${minor}.${patch}-0`;
  }
  if (values.length > 0) yield "0.0.0-0";
}

/**
 * Suggests versions with a number in them.
 *
 * @param clauses Clauses that they should match, as if none were negated.
 * @param count How many numbers.
 * @returns The versions.
 */
export function* numberVersions(clauses: readonly Clause[], count: number): Generator<string> {
  const versions = [...suggestVersions(clauses).filter((version) => !version.includes("+"))];
  for (let number = 1; number <= count && versions.length > 0; number++) {
    // What follows a plus sign does not count when versions are compared.
    yield* versions.map((version) => `${version}+${number}`);
  }
}

function listValues(clauses: readonly Clause[]): JsonValue[] {
  return clauses.flatMap(({ values }) => values ?? []);
}

function sortNumbers(values: readonly JsonValue[]): number[] {
  return [...new Set(values as number[])].sort((a, b) => a - b);
}

function suggestBetween(bounds: readonly number[]): number[] {
  return bounds.slice(1).map((bound, i) => bounds[i]! / 2 + bound / 2);
}

function isDate(time: number): boolean {
  return !Number.isNaN(new Date(time).getTime());
}
