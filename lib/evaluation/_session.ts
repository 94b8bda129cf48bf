import { type Context, getAttribute, type JsonValue } from "../model/mod.ts";
import { type BucketValue, encodeBucketValue } from "./_bucket.ts";
import type { LinkedEnvironment } from "./_linked.ts";
import type { Evaluation } from "./evaluation.ts";
import { MAX_PATTERN_STEPS } from "./_pattern.ts";
import { ALL_KINDS } from "./_registry.ts";
import type { SemVer } from "./_semver.ts";

/** Most prerequisites and segments that stand inside each other. People nest a few; a chain past this is taken for malformed, not followed until the stack overflows. @limit levels: the flag is malformed (`MALFORMED_FLAG`) */
export const MAX_NESTING = 200;

/** What evaluating the flags of one environment for one context has found out so far, each thing once. */
export interface SessionState {
  /** The environment. */
  readonly environment: LinkedEnvironment;
  /** The context. */
  readonly context: Context;
  /** Values of attributes by slot, null for an absent one; undefined until looked up. */
  readonly values: (JsonValue | undefined)[];
  /** What to hash by slot of the attribute, null when it cannot be bucketed by; undefined until encoded. */
  readonly bucketValues: (BucketValue | null | undefined)[];
  /** Values parsed as dates; made when first needed, as few contexts need it. */
  dates: Map<JsonValue, bigint | null> | undefined;
  /** Values parsed as versions; likewise. */
  versions: Map<JsonValue, SemVer | null> | undefined;
  /** Whether clauses match by their slot; 0 until known. */
  readonly matches: Uint8Array;
  /** Memberships by slot of the segment; undefined until known. */
  readonly memberships: (number | undefined)[];
  /** Evaluations of prerequisites by slot; undefined until known, null while under way. */
  readonly evaluations: (Evaluation | null | undefined)[];
  /** How many prerequisites and segments the one under way stands inside of. */
  nesting: number;
  /** Whether a big segment was asked since this was last set to false. */
  askedBigSegment: boolean;
  /** Steps that regular expressions may still take. */
  patternSteps: number;
}

/**
 * Begins to evaluate flags for a context.
 *
 * @param environment The flags and segments.
 * @param context The context.
 * @returns A session in which nothing is known yet.
 */
export function createState(environment: LinkedEnvironment, context: Context): SessionState {
  const { registry } = environment;
  return {
    environment,
    context,
    values: new Array(registry.attributes.length),
    bucketValues: new Array(registry.attributes.length),
    dates: undefined,
    versions: undefined,
    matches: new Uint8Array(registry.clauses.length),
    memberships: new Array(registry.segments.size),
    evaluations: new Array(registry.prerequisites.size),
    nesting: 0,
    askedBigSegment: false,
    patternSteps: MAX_PATTERN_STEPS,
  };
}

/**
 * Gets the value of an attribute.
 *
 * @param session The session.
 * @param slot Slot of the attribute.
 * @returns Its value, null when the context does not have it.
 */
export function getValue(session: SessionState, slot: number): JsonValue {
  const value = session.values[slot];
  return value === undefined ? findValue(session, slot) : value;
}

function findValue(session: SessionState, slot: number): JsonValue {
  const { environment, context } = session;
  const { kind, path } = environment.registry.attributes[slot]!;
  const value = kind === ALL_KINDS
    ? context.parts.map((part) => part.kind)
    : getAttribute(context, kind, path);
  return session.values[slot] = value;
}

/**
 * Gets what an attribute adds to a bucketing hash.
 *
 * @param session The session.
 * @param slot Slot of the attribute.
 * @returns It, or null when the context cannot be bucketed by that attribute.
 */
export function getBucketValue(session: SessionState, slot: number): BucketValue | null {
  const bytes = session.bucketValues[slot];
  return bytes === undefined ? encodeValue(session, slot) : bytes;
}

function encodeValue(session: SessionState, slot: number): BucketValue | null {
  const { kind } = session.environment.registry.attributes[slot]!;
  const secondary = session.context.parts.find((part) => part.kind === kind)?.secondary;
  return session.bucketValues[slot] = encodeBucketValue(getValue(session, slot), secondary);
}
