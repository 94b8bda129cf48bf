import type { Clause, JsonValue } from "../model/mod.ts";
import type { ErrorKind, Evaluation } from "./evaluation.ts";

/**
 * What a condition came to: `yes`, it holds; `no`, it does not; `not reached`, nothing depended on it; `error`, it cannot be
 * judged (malformed, part of a cycle, or too costly).
 */
export type Verdict = "yes" | "no" | "not reached" | "error";

/** Why a flag evaluates as it does for a context, as JSON. Fields are added, never renamed. */
export interface Trace {
  /** What the flag evaluates to. */
  evaluation: TracedEvaluation;
  /** All steps in the order in which they are tried; those behind the one that decides are `not reached`. */
  steps: TraceStep[];
  /** Set when the flag comes from overrides and not from the archive. */
  isOverridden?: true;
}

/** The part of an evaluation that a trace leads to. */
export type TracedEvaluation = Pick<Evaluation, "variation" | "value" | "reason">;

/** A step of evaluating a flag. */
export type TraceStep = OnStep | PrerequisiteStep | TargetStep | RuleStep | FallthroughStep;

/** A condition and what it came to. */
export interface Judgement {
  /** What it came to. */
  verdict: Verdict;
  /** Why it cannot be judged, when the verdict is `error`. */
  errorKind?: ErrorKind;
}

/** A variation of a flag. */
export interface VariationTrace {
  /** Index of the variation. */
  variation: number;
  /** Its value; absent when the flag has no such variation, so that serving it is an error. */
  value?: JsonValue;
}

/** Whether targeting is on: `no` serves the off variation. */
export interface OnStep extends Judgement {
  /** Type of the step. */
  type: "on";
  /** Off variation, which a prerequisite that is not met serves too; absent when there is none, which serves null. */
  off?: VariationTrace;
}

/** A prerequisite: `no` serves the off variation. */
export interface PrerequisiteStep extends Judgement {
  /** Type of the step. */
  type: "prerequisite";
  /** Key of the other flag. */
  key: string;
  /** Variation that it must evaluate to. */
  wanted: VariationTrace;
  /** What it evaluates to; absent when it was not evaluated. */
  actual?: TracedEvaluation;
  /**
   * Why it is not met, unless it evaluates to another variation: there is no such flag, it is off, it refers back to this flag,
   * the chain of prerequisites is too long, or it cannot be evaluated.
   */
  problem?: "missing" | "off" | "cycle" | "too deep" | "error";
  /** Set when the other flag comes from overrides, or is deleted by them. */
  isOverridden?: true;
  /** Trace of the other flag; absent where the tree already has it. */
  trace?: Trace;
}

/** A target: `yes` serves its variation. */
export interface TargetStep extends Judgement, VariationTrace {
  /** Type of the step. */
  type: "target";
  /** Kind of the context keys that it lists. */
  contextKind: string;
  /** The context's key of that kind; null when it has none. */
  actual: string | null;
  /** Number of keys that it lists. */
  count: number;
}

/** A rule: `yes` serves its outcome. */
export interface RuleStep extends Judgement {
  /** Type of the step. */
  type: "rule";
  /** Position among the flag's rules. */
  index: number;
  /** Identifier of the rule, if it has one. */
  id?: string;
  /** Its clauses, all of which must match. */
  clauses: ClauseTrace[];
  /** Its outcome. */
  served: ServedTrace;
}

/** Outcome for whoever meets no target and no rule; never `no`. */
export interface FallthroughStep extends Judgement {
  /** Type of the step. */
  type: "fallthrough";
  /** The outcome. */
  served: ServedTrace;
}

/** A clause of a rule. */
export interface ClauseTrace extends Judgement {
  /** The clause as the flag or segment has it. */
  clause: Clause;
  /** The context's value of its attribute; null when absent, or when the clause has no attribute to look at. */
  actual: JsonValue;
  /** For `segmentMatch` the segments that it names, in order; one that the context belongs to suffices. */
  segments?: SegmentTrace[];
}

/** A segment: `yes` when the context belongs to it. */
export interface SegmentTrace extends Judgement {
  /** Key of the segment. */
  key: string;
  /**
   * What decided: a list of keys; a rule that matched or cannot be judged; that neither did; that there is no such segment; that
   * the members of a big segment are not known offline and no rule matched; that it refers back to itself; that the chain of
   * segments is too long. Absent when it was not reached.
   */
  by?: "included" | "excluded" | "rule" | "nothing" | "missing" | "big segment" | "cycle" | "too deep";
  /** Set when it is a big segment that was asked: its members are not known offline, whatever the verdict. */
  membersUnknown?: true;
  /** Set when it comes from overrides, or is deleted by them. */
  isOverridden?: true;
  /** Its rules; absent when it was not reached, or where the tree already has them. */
  rules?: SegmentRuleTrace[];
}

/** A rule of a segment: `yes` makes the context a member. */
export interface SegmentRuleTrace extends Judgement {
  /** Position among the segment's rules. */
  index: number;
  /** Identifier of the rule, if it has one. */
  id?: string;
  /** Its clauses, all of which must match. */
  clauses: ClauseTrace[];
  /** Bucket below which the context must be, if only a share of those that match belongs. */
  bucket?: ShareTrace;
}

/** Bucket of a context. */
export interface BucketTrace {
  /** Kind of the context's part that is bucketed. */
  contextKind: string;
  /** Attribute that it is bucketed by. */
  attribute: string;
  /** The context's value of it; null when absent. */
  actual: JsonValue;
  /** Bucket from 0 to 1; null when none was computed. It is 0 for a value that is neither a string nor an integer. */
  bucket: number | null;
}

/** Bucket of a context against the share of a segment's rule. */
export interface ShareTrace extends BucketTrace {
  /** Share of the contexts that belong: 0 to 1. */
  share: number;
}

/**
 * Outcome of a rule or the fallthrough. Where it was served, no `value` means an error: there is no such variation, or neither a
 * variation nor a rollout, or the rollout's attribute reference is malformed.
 */
export interface ServedTrace {
  /** Index of the variation: the fixed one, or the one that the rollout chose. */
  variation?: number;
  /** Its value; absent when the flag has no such variation. */
  value?: JsonValue;
  /** The rollout, if there is no fixed variation. */
  rollout?: RolloutTrace;
}

/** A rollout or an experiment. */
export interface RolloutTrace extends BucketTrace {
  /** Which of the two it is. */
  kind: "rollout" | "experiment";
  /** Seed of the hash, if it has one. */
  seed?: number;
  /** Salt of the hash, which with the flag's key stands in for a seed. */
  salt?: string;
  /** Shares of the variations, in order. */
  ranges: RangeTrace[];
  /** Position of the range that was chosen: the first that ends above the bucket, or else the last one. */
  chosen?: number;
}

/** Share of a variation in a rollout. */
export interface RangeTrace extends VariationTrace {
  /** Bucket at which it begins: 0 to 1. */
  from: number;
  /** Bucket before which it ends, weights added up in 32-bit floating point. */
  to: number;
  /** Set when contexts in it are not part of the experiment. */
  untracked?: true;
}
