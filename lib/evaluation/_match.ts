import type { JsonValue } from "../model/mod.ts";
import type { CompiledClause } from "./_compiled_clause.ts";
import { parseDate } from "./_date.ts";
import { MAX_NESTING } from "./_depth.ts";
import { countPatternSteps, matchesPattern } from "./_pattern.ts";
import type { Bucketing } from "./_rollout.ts";
import { includesText } from "./_search.ts";
import type { CompiledSegment, CompiledSegmentRule, KeyList } from "./_segment.ts";
import { compareSemVer, parseSemVer, type SemVer } from "./_semver.ts";
import { FLAG_STEPS, getBucketValue, getValue, type SessionState, spend } from "./_session.ts";

/** Result: no match. */
export const NO = 1;
/** Result: match. */
export const YES = 2;
/** Result: the flag, or a segment that it refers to, is malformed. */
export const MALFORMED = 3;
/** Result: the match would take too many steps. */
export const TOO_COSTLY = 4;

/**
 * Most steps of one operator on one value: a step is an instruction of a pattern at a character, or another operator's
 * look at one. A pattern of 40 instructions gets through 30,000 characters.
 *
 * @limit steps: the flag evaluates to an error, ERROR with EXCEPTION
 */
export const MAX_UNIT_STEPS = 1_200_000;

/** Length from which hashing a value counts as steps and its bucket is remembered: bytes. Ordinary keys are shorter. */
const LONG_VALUE_BYTES = 256;

/** Steps that parsing a character of a version is worth. */
const SEMVER_STEPS = 3;

/** Wanted order of a context's version and a clause's. */
const WANTED_ORDER = { semVerLessThan: -1, semVerEqual: 0, semVerGreaterThan: 1 };

/** Added to a remembered result that depends on a big segment. */
const ASKED_BIG_SEGMENT = 8;

/**
 * Matches a context against all clauses of a rule.
 *
 * @param session Session of the context.
 * @param clauses Numbers and slots of clauses.
 * @param at Where the rule's number of clauses is; without any, every context meets them.
 * @returns `YES`, `NO`, {@linkcode MALFORMED} or {@linkcode TOO_COSTLY}.
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
  if (clause.op !== "segmentMatch") return session.matches[slot] = matchClause(session, clause, slot);
  const askedBefore = session.askedBigSegment;
  session.askedBigSegment = false;
  const match = matchSegments(session, clause.values, clause.negate);
  session.matches[slot] = session.askedBigSegment ? match + ASKED_BIG_SEGMENT : match;
  session.askedBigSegment ||= askedBefore;
  return match;
}

/** Tests unit by unit, each element of an array in turn; goes on where the last slice was over. */
function matchClause(session: SessionState, clause: CompiledClause, slot: number): number {
  if (clause.op === "malformed") return MALFORMED;
  const value = getValue(session, clause.slot);
  if (value === null) return NO;
  const { negate, width } = clause;
  // Most clauses are like this one, and it needs no counting: a text is hashed once, however many flags look it up.
  if (clause.op === "in" && typeof value !== "object") return clause.values.has(value) === negate ? NO : YES;
  const elements = Array.isArray(value) ? value : undefined;
  if (session.clauseSlot !== slot) {
    session.clauseSlot = slot;
    session.unitsTested = 0;
  }
  for (const end = width * (elements?.length ?? 1); session.unitsTested < end; session.unitsTested++) {
    const index = session.unitsTested % width;
    const operand = elements ? elements[Math.floor(session.unitsTested / width)]! : value;
    const match = matchUnit(session, clause, index, operand);
    if (match === NO) continue;
    session.clauseSlot = -1;
    return match === YES && negate ? NO : match;
  }
  session.clauseSlot = -1;
  return negate ? YES : NO;
}

/** Matches one value of a clause against one value of the context. */
function matchUnit(session: SessionState, clause: CompiledClause, index: number, value: JsonValue): number {
  const steps = typeof value === "string" ? countUnitSteps(clause, index, value.length) : 1;
  if (steps > MAX_UNIT_STEPS) return TOO_COSTLY;
  spend(session, steps);
  return isMatch(session, clause, index, value) ? YES : NO;
}

/** Counts the steps of comparing one of a clause's values with a text, at most. */
function countUnitSteps(clause: CompiledClause, index: number, length: number): number {
  switch (clause.op) {
    case "matches":
      return countPatternSteps(clause.values[index]!, length);
    case "semVerEqual":
    case "semVerLessThan":
    case "semVerGreaterThan":
      return 1 + SEMVER_STEPS * length;
    default:
      return 1 + length;
  }
}

function isMatch(session: SessionState, clause: CompiledClause, index: number, value: JsonValue): boolean {
  switch (clause.op) {
    case "in":
      return clause.values.has(value);
    case "startsWith":
      return typeof value === "string" && value.startsWith(clause.values[index]!);
    case "endsWith":
      return typeof value === "string" && value.endsWith(clause.values[index]!);
    case "contains":
      return typeof value === "string" && includesText(value, clause.values[index]!);
    case "matches":
      return typeof value === "string" && matchesPattern(clause.values[index]!, value);
    case "lessThan":
      return typeof value === "number" && value < clause.values[index]!;
    case "lessThanOrEqual":
      return typeof value === "number" && value <= clause.values[index]!;
    case "greaterThan":
      return typeof value === "number" && value > clause.values[index]!;
    case "greaterThanOrEqual":
      return typeof value === "number" && value >= clause.values[index]!;
    case "before":
    case "after": {
      const date = getDate(session, value);
      const limit = clause.values[index]!;
      return date !== null && (clause.op === "before" ? date < limit : date > limit);
    }
    case "semVerEqual":
    case "semVerLessThan":
    case "semVerGreaterThan": {
      const version = getVersion(session, value);
      return version !== null &&
        Math.sign(compareSemVer(version, clause.values[index]!)) === WANTED_ORDER[clause.op];
    }
    default:
      return false;
  }
}

function getDate(session: SessionState, value: JsonValue): bigint | null {
  const dates = session.dates ??= new Map();
  let date = dates.get(value);
  if (date === undefined) dates.set(value, date = parseDate(value));
  return date;
}

function getVersion(session: SessionState, value: JsonValue): SemVer | null {
  const versions = session.versions ??= new Map();
  let version = versions.get(value);
  if (version === undefined) versions.set(value, version = parseSemVer(value));
  return version;
}

function matchSegments(session: SessionState, slots: number[], negate: boolean): number {
  for (let i = 0; i < slots.length; i++) {
    const member = matchSegment(session, slots[i]!);
    if (member === NO) continue;
    return member === YES && negate ? NO : member;
  }
  return negate ? YES : NO;
}

/**
 * Finds out whether a context belongs to a segment.
 *
 * @param session Session of the context.
 * @param slot Slot of the segment.
 * @returns `YES`, `NO`, {@linkcode MALFORMED} or {@linkcode TOO_COSTLY}.
 */
export function matchSegment(session: SessionState, slot: number): number {
  const known = session.memberships[slot];
  if (known !== undefined) {
    if (known > ASKED_BIG_SEGMENT) session.askedBigSegment = true;
    return known & ~ASKED_BIG_SEGMENT;
  }
  const { segmentsBySlot, segmentDepths } = session.environment;
  const segment = segmentsBySlot[slot];
  if (segment === undefined) return NO;
  if (segmentDepths[slot]! > MAX_NESTING) return TOO_COSTLY;
  const askedBefore = session.askedBigSegment;
  session.askedBigSegment = false;
  // Met again before it is known, it is part of a cycle.
  session.memberships[slot] = MALFORMED;
  let member: number | undefined;
  try {
    member = findMembership(session, segment);
  } finally {
    // Known now; or the slice is over, and the next one begins anew.
    session.memberships[slot] = member && session.askedBigSegment ? member + ASKED_BIG_SEGMENT : member;
  }
  session.askedBigSegment ||= askedBefore;
  return member;
}

function findMembership(session: SessionState, segment: CompiledSegment): number {
  spend(session, FLAG_STEPS);
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
  for (const rule of segment.rules) {
    const match = matchSegmentRule(session, rule);
    if (match !== NO) return match;
  }
  return NO;
}

/**
 * Matches a context against a rule of a segment.
 *
 * @param session Session of the context.
 * @param rule The rule.
 * @returns `YES`, `NO`, {@linkcode MALFORMED} or {@linkcode TOO_COSTLY}.
 */
export function matchSegmentRule(session: SessionState, rule: CompiledSegmentRule): number {
  const { clauses, share, bucketing } = rule;
  const match = matchClauses(session, clauses, 0);
  if (match !== YES || share === null) return match;
  if (bucketing === null) return MALFORMED;
  return getValue(session, bucketing.keySlot) !== null && getBucket(session, bucketing) < share ? YES : NO;
}

/**
 * Reports whether a context's key is listed.
 *
 * @param session Session of the context.
 * @param lists Keys by kind.
 * @returns Whether it is.
 */
export function isListed(session: SessionState, lists: KeyList[]): boolean {
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
 * @param session Session of the context.
 * @param bucketing Compiled bucketing.
 * @returns A number from 0 to 1; 0 when the context lacks the kind or the attribute, or the value is neither a string nor an integer.
 */
export function getBucket(session: SessionState, bucketing: Bucketing): number {
  const { bucketer } = session.environment.registry;
  const value = getBucketValue(session, bucketing);
  if (value === null) return 0;
  if (value.bytes.length < LONG_VALUE_BYTES) return bucketer.computeBucket(bucketing, value);
  const buckets = session.buckets ??= new Map();
  let bucket = buckets.get(bucketing);
  if (bucket === undefined) {
    spend(session, value.bytes.length >> 2);
    buckets.set(bucketing, bucket = bucketer.computeBucket(bucketing, value));
  }
  return bucket;
}
