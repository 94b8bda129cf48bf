import { type Context, getAttribute, type JsonValue } from "../model/mod.ts";
import { type BucketValue, encodeBucketValue } from "./_bucket.ts";
import type { LinkedEnvironment } from "./_linked.ts";
import type { Evaluation } from "./evaluation.ts";
import { ALL_KINDS } from "./_registry.ts";
import type { Bucketing } from "./_rollout.ts";
import type { SemVer } from "./_semver.ts";

/** Steps of a slice, after which other requests run: 2 ms as a rule, and never more than 20 ms. */
export const SLICE_STEPS = 100_000;

/** Steps that a flag costs before its first clause. */
export const FLAG_STEPS = 20;

/**
 * Most steps of evaluating flags for one context: a thousand flags with a pattern each and a context with 300 groups of
 * 120 characters come to 800 million.
 *
 * @limit steps: the request gets 503, the stream is closed
 */
export const MAX_CONTEXT_STEPS = 5_000_000_000;

/** Error: evaluating flags for one context would take too many steps. There is no result, not even of some flags. */
export class EvaluationLimitError extends RangeError {
  /** Set so that stack traces show it. */
  override readonly name = "EvaluationLimitError";

  /** Makes the error. */
  constructor() {
    super(`Cannot evaluate flags: for this context they take more than ${MAX_CONTEXT_STEPS} steps`);
  }
}

/** Signal thrown at the end of a slice. Results so far are kept, so the next slice reaches the same point quickly. */
export const SLICE_IS_OVER: unique symbol = Symbol("slice is over");

/** Results so far of evaluating one environment's flags for one context, each computed once. */
export interface SessionState {
  /** The environment. */
  readonly environment: LinkedEnvironment;
  /** The context. */
  readonly context: Context;
  /** Values of attributes by slot, null for an absent one; undefined until looked up. */
  readonly values: (JsonValue | undefined)[];
  /** Encoded values for bucketing by slot of the attribute, null when it cannot be bucketed by; undefined until encoded. */
  readonly bucketValues: (BucketValue | null | undefined)[];
  /** The same with a legacy user's secondary key, if it has one. */
  readonly secondaryBucketValues: (BucketValue | null | undefined)[];
  /** Values parsed as dates; made when first needed, as few contexts need it. */
  dates: Map<JsonValue, bigint | null> | undefined;
  /** Values parsed as versions; likewise. */
  versions: Map<JsonValue, SemVer | null> | undefined;
  /** Buckets of long values by what decides them; likewise. */
  buckets: Map<Bucketing, number> | undefined;
  /** Whether clauses match by their slot; 0 until known. */
  readonly matches: Uint8Array;
  /** Memberships by slot of the segment; undefined until known. */
  readonly memberships: (number | undefined)[];
  /** Evaluations of prerequisites by slot; undefined until known, null while under way. */
  readonly evaluations: (Evaluation | null | undefined)[];
  /** Whether a big segment was asked since this was last set to false. */
  askedBigSegment: boolean;
  /** Steps taken so far. */
  steps: number;
  /** Steps at which the slice is over. */
  sliceEnd: number;
  /** Slot of the clause that is being tested; -1 when none is. */
  clauseSlot: number;
  /** Number of its units tested so far: a unit is one of its values against one value of the context. */
  unitsTested: number;
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
  const bucketValues = new Array(registry.attributes.length);
  const hasSecondary = context.parts.some(({ secondary }) => secondary !== undefined);
  return {
    environment,
    context,
    values: new Array(registry.attributes.length),
    bucketValues,
    secondaryBucketValues: hasSecondary ? new Array(registry.attributes.length) : bucketValues,
    dates: undefined,
    versions: undefined,
    buckets: undefined,
    matches: new Uint8Array(registry.clauses.length),
    memberships: new Array(registry.segments.size),
    evaluations: new Array(registry.prerequisites.size),
    askedBigSegment: false,
    steps: 0,
    sliceEnd: SLICE_STEPS,
    clauseSlot: -1,
    unitsTested: 0,
  };
}

/**
 * Spends steps.
 *
 * @param session The session.
 * @param steps Number of steps.
 * @throws {typeof SLICE_IS_OVER} When the slice is over; the steps are not spent then.
 */
export function spend(session: SessionState, steps: number): void {
  if (session.steps >= session.sliceEnd) throw SLICE_IS_OVER;
  session.steps += steps;
}

/**
 * Begins the next slice after {@linkcode SLICE_IS_OVER}; rethrows anything else.
 *
 * @param session The session.
 * @param thrown Value that was caught.
 * @throws {EvaluationLimitError} When there may be no further slice.
 */
export function continueAfter(session: SessionState, thrown: unknown): void {
  if (thrown !== SLICE_IS_OVER) throw thrown;
  if (session.steps > MAX_CONTEXT_STEPS) throw new EvaluationLimitError();
  session.sliceEnd = session.steps + SLICE_STEPS;
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
 * Gets a context's value, encoded for a bucketing hash.
 *
 * @param session The session.
 * @param bucketing Compiled bucketing.
 * @returns The encoded value, or null when the context cannot be bucketed by it.
 */
export function getBucketValue(
  session: SessionState,
  { slot, withSecondary }: Bucketing,
): BucketValue | null {
  const values = withSecondary ? session.secondaryBucketValues : session.bucketValues;
  const value = values[slot];
  if (value !== undefined) return value;
  const { kind } = session.environment.registry.attributes[slot]!;
  const part = session.context.parts.find((part) => part.kind === kind);
  return values[slot] = encodeBucketValue(
    getValue(session, slot),
    withSecondary ? part?.secondary : undefined,
  );
}
