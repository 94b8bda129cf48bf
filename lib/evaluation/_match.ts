import type { JsonValue } from "../model/mod.ts";
import type { CompiledClause } from "./_clause.ts";
import { parseDate } from "./_date.ts";
import { countSteps, type Pattern } from "./_pattern.ts";
import type { Bucketing } from "./_rollout.ts";
import type { CompiledSegment, KeyList } from "./_segment.ts";
import { compareSemVer, parseSemVer, type SemVer } from "./_semver.ts";
import { getBucketValue, getValue, MAX_NESTING, type SessionState } from "./_session.ts";

/** It does not match. */
export const NO = 1;
/** It matches. */
export const YES = 2;
/** The flag or a segment it reaches is malformed. */
export const MALFORMED = 3;

type DateClause = Extract<CompiledClause, { values: bigint[] }>;
type VersionClause = Extract<CompiledClause, { values: SemVer[] }>;

/** How a context's version must compare with a clause's. */
const WANTED_ORDER = { semVerLessThan: -1, semVerEqual: 0, semVerGreaterThan: 1 };

/** Added to what is remembered when finding it out meant asking a big segment. */
const ASKED_BIG_SEGMENT = 4;

/**
 * Finds out whether a context meets all conditions of a rule.
 *
 * @param session Whose context.
 * @param clauses Numbers and slots of clauses.
 * @param at Where the rule's number of clauses is; without any, every context meets them.
 * @returns `YES`, `NO` or `MALFORMED`.
 */
export function matchClauses(session: SessionState, clauses: number[], at: number): number {
  const { matches } = session;
  for (const end = at + clauses[at]!; at < end; at++) {
    const slot = clauses[at + 1]!;
    let match = matches[slot]!;
    if (match === 0 || match > ASKED_BIG_SEGMENT) match = findMatch(session, slot);
    if (match !== YES) return match;
  }
  return YES;
}

function findMatch(session: SessionState, slot: number): number {
  const known = session.matches[slot]!;
  if (known !== 0) {
    session.askedBigSegment = true;
    return known - ASKED_BIG_SEGMENT;
  }
  const clause = session.environment.registry.clauses[slot]!;
  if (clause.op !== "segmentMatch") return session.matches[slot] = matchClause(session, clause);
  const askedBefore = session.askedBigSegment;
  session.askedBigSegment = false;
  const match = matchSegments(session, clause.values, clause.negate);
  session.matches[slot] = session.askedBigSegment ? match + ASKED_BIG_SEGMENT : match;
  session.askedBigSegment ||= askedBefore;
  return match;
}

function matchClause(session: SessionState, clause: CompiledClause): number {
  if (clause.op === "malformed") return MALFORMED;
  const value = getValue(session, clause.slot);
  if (value === null) return NO;
  const matches = Array.isArray(value)
    ? anyMatches(session, clause, value)
    : matchValue(session, clause, value);
  return matches === clause.negate ? NO : YES;
}

function anyMatches(session: SessionState, clause: CompiledClause, values: JsonValue[]): boolean {
  for (let i = 0; i < values.length; i++) {
    if (matchValue(session, clause, values[i]!)) return true;
  }
  return false;
}

function matchValue(session: SessionState, clause: CompiledClause, value: JsonValue): boolean {
  switch (clause.op) {
    case "in":
      return clause.values.has(value);
    case "startsWith":
      return typeof value === "string" && clause.values.some((start) => value.startsWith(start));
    case "endsWith":
      return typeof value === "string" && clause.values.some((end) => value.endsWith(end));
    case "contains":
      return typeof value === "string" && clause.values.some((part) => value.includes(part));
    case "matches":
      return typeof value === "string" &&
        clause.values.some((pattern) => matchPattern(session, pattern, value));
    case "lessThan":
      return typeof value === "number" && clause.values.some((limit) => value < limit);
    case "lessThanOrEqual":
      return typeof value === "number" && clause.values.some((limit) => value <= limit);
    case "greaterThan":
      return typeof value === "number" && clause.values.some((limit) => value > limit);
    case "greaterThanOrEqual":
      return typeof value === "number" && clause.values.some((limit) => value >= limit);
    case "before":
    case "after":
      return matchDate(session, clause, value);
    case "semVerEqual":
    case "semVerLessThan":
    case "semVerGreaterThan":
      return matchVersion(session, clause, value);
    default:
      return false;
  }
}

function matchPattern(session: SessionState, pattern: Pattern, text: string): boolean {
  session.patternSteps -= countSteps(pattern, text);
  return session.patternSteps >= 0 && pattern.regex.test(text);
}

function matchDate(session: SessionState, { op, values }: DateClause, value: JsonValue): boolean {
  const dates = session.dates ??= new Map();
  let date = dates.get(value);
  if (date === undefined) dates.set(value, date = parseDate(value));
  if (date === null) return false;
  return values.some((limit) => op === "before" ? date < limit : date > limit);
}

function matchVersion(session: SessionState, { op, values }: VersionClause, value: JsonValue): boolean {
  const versions = session.versions ??= new Map();
  let version = versions.get(value);
  if (version === undefined) versions.set(value, version = parseSemVer(value));
  if (version === null) return false;
  const wanted = WANTED_ORDER[op];
  return values.some((other) => Math.sign(compareSemVer(version, other)) === wanted);
}

function matchSegments(session: SessionState, slots: number[], negate: boolean): number {
  for (let i = 0; i < slots.length; i++) {
    const member = matchSegment(session, slots[i]!);
    if (member === MALFORMED) return MALFORMED;
    if (member === YES) return negate ? NO : YES;
  }
  return negate ? YES : NO;
}

function matchSegment(session: SessionState, slot: number): number {
  const known = session.memberships[slot];
  if (known !== undefined) {
    if (known > ASKED_BIG_SEGMENT) session.askedBigSegment = true;
    return known & ~ASKED_BIG_SEGMENT;
  }
  const segment = session.environment.segmentsBySlot[slot];
  if (segment === undefined) return NO;
  const askedBefore = session.askedBigSegment;
  session.askedBigSegment = false;
  // Met again before it is known, it is part of a cycle.
  session.memberships[slot] = MALFORMED;
  const member = session.nesting++ < MAX_NESTING ? findMembership(session, segment) : MALFORMED;
  session.nesting--;
  session.memberships[slot] = session.askedBigSegment ? member + ASKED_BIG_SEGMENT : member;
  session.askedBigSegment ||= askedBefore;
  return member;
}

function findMembership(session: SessionState, segment: CompiledSegment): number {
  if (segment.unbounded === null) {
    if (isListed(session, segment.included)) return YES;
    if (isListed(session, segment.excluded)) return NO;
  } else if (!segment.unbounded.hasGeneration) {
    session.askedBigSegment = true;
    return NO;
  } else {
    if (getValue(session, segment.unbounded.slot) === null) return NO;
    session.askedBigSegment = true;
  }
  for (const { clauses, share, bucketing } of segment.rules) {
    const match = matchClauses(session, clauses, 0);
    if (match === MALFORMED) return MALFORMED;
    if (match === NO) continue;
    if (share === null) return YES;
    if (bucketing === null) return MALFORMED;
    if (getValue(session, bucketing.keySlot) !== null && getBucket(session, bucketing) < share) return YES;
  }
  return NO;
}

function isListed(session: SessionState, lists: KeyList[]): boolean {
  for (let i = 0; i < lists.length; i++) {
    const { slot, keys } = lists[i]!;
    const key = getValue(session, slot);
    if (key !== null && keys.has(key as string)) return true;
  }
  return false;
}

/**
 * Computes the bucket that a context falls into.
 *
 * @param session Whose context.
 * @param bucketing What decides.
 * @returns A number from 0 to 1; 0 when the context lacks the kind or the attribute, or it is no string or integer.
 */
export function getBucket(session: SessionState, bucketing: Bucketing): number {
  const value = getBucketValue(session, bucketing.slot);
  return value === null ? 0 : session.environment.registry.bucketer.computeBucket(bucketing, value);
}
