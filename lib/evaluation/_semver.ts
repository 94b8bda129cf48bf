import type { JsonValue } from "../model/mod.ts";

/** A semantic version, taken apart for comparison. */
export interface SemVer {
  /** Major, minor and patch: digits without leading zeros. */
  release: string[];
  /** Identifiers after the hyphen; none for a release. Build metadata does not count and is dropped. */
  prerelease: string[];
}

const NUMBER = "(0|[1-9]\\d*)";
const IDENTIFIERS = "([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)";
const SEMVER = new RegExp(
  `^${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?(?:-${IDENTIFIERS})?(?:\\+${IDENTIFIERS})?$`,
);
const DIGITS = /^\d+$/;

/**
 * Parses a version as semver 2.0 has it, except that minor and patch may be left out (`2`, `2-rc.1`).
 *
 * @param value Any JSON value.
 * @returns The version, or `null` when it is none.
 */
export function parseSemVer(value: JsonValue): SemVer | null {
  if (typeof value !== "string") return null;
  const match = SEMVER.exec(value);
  if (match === null) return null;
  const [, major, minor = "0", patch = "0", identifiers] = match;
  const prerelease = identifiers?.split(".") ?? [];
  if (
    prerelease.some((identifier) => identifier.length > 1 && identifier[0] === "0" && DIGITS.test(identifier))
  ) {
    return null;
  }
  return { release: [major!, minor, patch], prerelease };
}

/**
 * Compares by semver precedence.
 *
 * @param a A version.
 * @param b Another one.
 * @returns Negative when `a` comes first, 0 when neither does, positive when `b` does.
 */
export function compareSemVer(a: SemVer, b: SemVer): number {
  for (let i = 0; i < 3; i++) {
    const difference = compareNumbers(a.release[i]!, b.release[i]!);
    if (difference !== 0) return difference;
  }
  const [left, right] = [a.prerelease, b.prerelease];
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = compareIdentifiers(left[i]!, right[i]!);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const [aNumeric, bNumeric] = [DIGITS.test(a), DIGITS.test(b)];
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return aNumeric ? compareNumbers(a, b) : compareTexts(a, b);
}

/** Without leading zeros, the longer of two numbers is the larger, whatever its size. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
