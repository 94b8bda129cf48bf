import type { Flag, Rollout, VariationOrRollout } from "../model/mod.ts";
import { serve } from "./_evaluate_flag.ts";
import { isRollout, type Served } from "./_flag.ts";
import { getBucket } from "./_match.ts";
import { accumulateWeights, type Bucketing } from "./_rollout.ts";
import { getValue, type SessionState } from "./_session.ts";
import type { BucketTrace, RangeTrace, RolloutTrace, ServedTrace, VariationTrace } from "./trace.ts";

/** Outcome of a rule or the fallthrough to explain. */
export interface Outcome {
  /** The flag. */
  flag: Flag;
  /** The outcome as the flag has it. */
  source: VariationOrRollout;
  /** The same, compiled. */
  served: Served;
  /** Whether it was served. */
  isServed: boolean;
}

/**
 * Explains an outcome.
 *
 * @param state State of the evaluator.
 * @param outcome The outcome.
 * @returns What it serves, with the bucket of its rollout if it was served.
 */
export function explainServed(state: SessionState, outcome: Outcome): ServedTrace {
  const { flag, source: { variation, rollout } } = outcome;
  if (typeof variation === "number") return explainVariation(flag, variation);
  if (!rollout?.variations?.length) return {};
  const trace = explainRollout(state, outcome, rollout);
  if (trace.chosen === undefined) return { rollout: trace };
  const { variation: index, value } = trace.ranges[trace.chosen]!;
  return { variation: index, ...(value === undefined ? {} : { value }), rollout: trace };
}

/**
 * Explains a variation.
 *
 * @param flag The flag.
 * @param variation Index of the variation.
 * @returns The variation and its value.
 */
export function explainVariation({ variations }: Flag, variation: number): VariationTrace {
  const value = variations?.[variation];
  return value === undefined ? { variation } : { variation, value };
}

function explainRollout(
  state: SessionState,
  { flag, served, isServed }: Outcome,
  rollout: Rollout,
): RolloutTrace {
  const isExperiment = rollout.kind === "experiment";
  const compiled = isRollout(served) ? served : null;
  const trace: RolloutTrace = {
    kind: isExperiment ? "experiment" : "rollout",
    ...explainBucket(state, compiled, isServed),
    contextKind: rollout.contextKind || "user",
    attribute: (isExperiment ? null : rollout.bucketBy) || "key",
    ...(typeof rollout.seed === "number" ? { seed: rollout.seed } : { salt: flag.salt ?? "" }),
    ranges: explainRanges(flag, rollout),
  };
  if (compiled === null || !isServed) return trace;
  const { evaluations, evaluationsWithoutKind } = compiled;
  const evaluation = serve(state, compiled);
  const tracked = evaluations.indexOf(evaluation);
  return { ...trace, chosen: tracked >= 0 ? tracked : evaluationsWithoutKind.indexOf(evaluation) };
}

function explainRanges(flag: Flag, rollout: Rollout): RangeTrace[] {
  const ends = accumulateWeights(rollout);
  return rollout.variations!.map(({ variation, untracked }, i) => ({
    ...explainVariation(flag, variation ?? 0),
    from: ends[i - 1] ?? 0,
    to: ends[i]!,
    ...(untracked ? { untracked } : {}),
  }));
}

/**
 * Explains a context's bucket.
 *
 * @param state State of the evaluator.
 * @param bucketing Compiled bucketing; null when its attribute reference is malformed.
 * @param isComputed Whether the evaluator computed the bucket.
 * @returns The context's value and its bucket.
 */
export function explainBucket(
  state: SessionState,
  bucketing: Bucketing | null,
  isComputed: boolean,
): Pick<BucketTrace, "actual" | "bucket"> {
  if (bucketing === null) return { actual: null, bucket: null };
  return { actual: getValue(state, bucketing.slot), bucket: isComputed ? getBucket(state, bucketing) : null };
}
