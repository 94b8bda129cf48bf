import {
  evaluateInSlices,
  type Evaluation,
  explainInSlices,
  type Session,
  type Slices,
  type Trace,
} from "../evaluation/mod.ts";
import type { Context, Flag, JsonValue } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { ContextChange } from "./context_change.ts";
import { describeTrace, type ExplanationLine } from "./explanation.ts";
import { describeReason } from "./reason_words.ts";
import { findChangeInSlices } from "./want.ts";
import { describeAttribute, formatValue } from "./words.ts";

/** What is asked of each flag. */
export interface AskedOfFlags {
  /** Snapshot of the environment. */
  snapshot: Snapshot;
  /** The context in it: what evaluating one flag finds out counts for the next. */
  session: Session;
  /** The context. */
  context: Context;
  /** Whether the trace is asked. */
  withTrace: boolean;
  /** Returns the value that is wanted of a flag. Absent: none is. */
  want?: ((flag: Flag) => JsonValue) | undefined;
}

/** What a flag evaluates to. */
export interface FlagResult {
  /** The evaluation. */
  evaluation: Evaluation;
  /** Why, where that is asked. */
  trace?: Trace;
  /** What has to change for another value, where that is asked. */
  want?: WantedValue;
}

/** What has to change for another value. */
export interface WantedValue {
  /** The value. */
  value: JsonValue;
  /** The smallest change of the context; empty when it has the value; null when there is none. */
  changes: ContextChange[] | null;
  /** Why there is none: words. */
  why?: string;
}

/**
 * Evaluates a flag.
 *
 * @param asked What is asked.
 * @param key Key of the flag.
 * @returns Slices; the last one returns the result, or `undefined` when there is no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* evaluateFlagInSlices(
  { snapshot, session, context, withTrace, want }: AskedOfFlags,
  key: string,
): Slices<FlagResult | undefined> {
  const evaluation = yield* evaluateInSlices(session, key);
  if (!evaluation) return undefined;
  const result: FlagResult = { evaluation };
  // What the session has evaluated, it only reads again.
  if (withTrace) result.trace = (yield* explainInSlices(session, key))!;
  if (want) {
    const value = want(evaluation.flag);
    const found = yield* findChangeInSlices(snapshot, key, context, value);
    result.want = found.changes === null
      ? { value, changes: null, why: WHY_NOT[found.why] }
      : { value, changes: found.changes };
  }
  return result;
}

const WHY_NOT = {
  "no change": "no change of this context does",
  "no variation": "the flag has no such variation",
  "limit": "no change was found within the limit of the search",
};

/**
 * Describes a result for machines.
 *
 * @param result The result.
 * @returns One of `flags` of docs/schemas/evaluate.json.
 */
export function flagResultToJson({ evaluation, trace, want }: FlagResult): Record<string, unknown> {
  const { flag, value, variation, reason } = evaluation;
  return {
    key: flag.key,
    version: flag.version,
    value,
    variation,
    reason,
    ...trace && { trace },
    ...want && { want },
  };
}

/**
 * Describes what has to change for another value.
 *
 * @param want The value and the change.
 * @returns Words, e.g. `user.plan = "pro"`.
 */
export function describeWant({ changes, why }: WantedValue): string {
  if (changes === null) return why!;
  if (changes.length === 0) return "nothing has to change";
  return changes.map(({ kind, attribute, value }) =>
    `${value === null ? "no " : ""}${describeAttribute(kind, attribute)}${
      value === null ? "" : ` = ${formatValue(value)}`
    }`
  ).join(", ");
}

/** A result in words. */
export interface FlagResultWords {
  /** Its reason. */
  reason: string;
  /** Why, where that was asked. */
  trace?: ExplanationLine[];
  /** What has to change for another value, where that was asked. */
  want?: string;
}

/**
 * Describes a result for a person.
 *
 * @param result The result.
 * @returns Its words.
 */
export function describeFlagResult({ evaluation: { reason }, trace, want }: FlagResult): FlagResultWords {
  return {
    reason: describeReason(reason),
    ...trace && { trace: describeTrace(trace) },
    ...want && { want: describeWant(want) },
  };
}
