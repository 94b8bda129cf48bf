import type { Clause } from "../model/mod.ts";
import { MAX_NESTING } from "./_depth.ts";
import { explainBucket } from "./_explain_served.ts";
import { isListed, MALFORMED, matchClauses, matchSegment, matchSegmentRule, NO, YES } from "./_match.ts";
import type { CompiledSegment, CompiledSegmentRule } from "./_segment.ts";
import { getValue, type SessionState } from "./_session.ts";
import type { ClauseTrace, Judgement, SegmentRuleTrace, SegmentTrace } from "./trace.ts";

/** A trace in the making. Each flag and segment is explained once in it, or what refers to each other would multiply. */
export interface Tracing {
  /** State of the evaluator, which has evaluated the flag already: it only remembers. */
  state: SessionState;
  /** Slots of the flags met so far, and whether the explanation of each is still under way. */
  flags: Map<number, boolean>;
  /** Likewise of the segments. */
  segments: Map<number, boolean>;
}

/** Judgement of what nothing depended on. */
export const NOT_REACHED: Judgement = { verdict: "not reached" };

/** Clauses to explain. */
export interface Clauses {
  /** The clauses as the flag or segment has them. */
  sources: Clause[] | null | undefined;
  /** Their slots, where the evaluator keeps them. */
  slots: number[];
  /** Whether the first of them was reached. */
  isReached: boolean;
}

/**
 * Judges a result of matching.
 *
 * @param match Result of matching.
 * @returns The judgement.
 */
export function judge(match: number): Judgement {
  if (match === YES) return { verdict: "yes" };
  if (match === NO) return { verdict: "no" };
  return { verdict: "error", errorKind: match === MALFORMED ? "MALFORMED_FLAG" : "EXCEPTION" };
}

/**
 * Explains the clauses of a rule.
 *
 * @param tracing The trace.
 * @param clauses The clauses.
 * @returns Each with what it came to.
 */
export function explainClauses(tracing: Tracing, { sources, slots, isReached }: Clauses): ClauseTrace[] {
  const { state } = tracing;
  const traces: ClauseTrace[] = [];
  // Loops here and below: callbacks would take twice the stack, and segments may refer to each other 400 deep.
  for (const [i, clause] of (sources ?? []).entries()) {
    const { op, slot, values } = state.environment.registry.clauses[slots[i]!]!;
    const judgement = isReached ? judge(matchClauses(state, [1, slots[i]!], 0)) : NOT_REACHED;
    const trace: ClauseTrace = { ...judgement, clause, actual: slot < 0 ? null : getValue(state, slot) };
    if (op === "segmentMatch") trace.segments = explainSegments(tracing, clause, values, isReached);
    traces.push(trace);
    isReached = judgement.verdict === "yes";
  }
  return traces;
}

function explainSegments(
  tracing: Tracing,
  { values }: Clause,
  slots: number[],
  isReached: boolean,
): SegmentTrace[] {
  const traces: SegmentTrace[] = [];
  // The evaluator leaves out what is no key.
  for (const key of (values ?? []).filter((value) => typeof value === "string")) {
    const trace = isReached ? explainSegment(tracing, key, slots[traces.length]!) : { key, ...NOT_REACHED };
    if (tracing.state.environment.overridden.segments.has(key)) trace.isOverridden = true;
    traces.push(trace);
    isReached = trace.verdict === "no";
  }
  return traces;
}

function explainSegment(tracing: Tracing, key: string, slot: number): SegmentTrace {
  const { state, segments } = tracing;
  const judgement = { key, ...judge(matchSegment(state, slot)) };
  const segment = state.environment.segmentsBySlot[slot];
  if (segment === undefined) return { ...judgement, by: "missing" };
  if (state.environment.segmentDepths[slot]! > MAX_NESTING) return { ...judgement, by: "too deep" };
  if (segments.get(slot)) return { ...judgement, by: "cycle" };
  const isBig = segment.unbounded !== null;
  const decider = findDecider(state, segment);
  const trace: SegmentTrace = {
    ...judgement,
    by: decider ?? (judgement.verdict !== "no" ? "rule" : isBig ? "big segment" : "nothing"),
    ...(isBig && decider !== "nothing" ? { membersUnknown: true } : {}),
  };
  if (segments.has(slot)) return trace;
  segments.set(slot, true);
  const rules = explainSegmentRules(tracing, segment.rules, decider === undefined);
  segments.set(slot, false);
  return { ...trace, rules };
}

/** What decides without a look at the rules, if anything does. */
function findDecider(
  state: SessionState,
  { unbounded, included, excluded }: CompiledSegment,
): SegmentTrace["by"] {
  if (unbounded !== null) {
    if (!unbounded.hasGeneration) return "big segment";
    return getValue(state, unbounded.slot) === null ? "nothing" : undefined;
  }
  if (isListed(state, included)) return "included";
  return isListed(state, excluded) ? "excluded" : undefined;
}

function explainSegmentRules(
  tracing: Tracing,
  rules: CompiledSegmentRule[],
  isReached: boolean,
): SegmentRuleTrace[] {
  const { state } = tracing;
  const traces: SegmentRuleTrace[] = [];
  for (const [index, rule] of rules.entries()) {
    const { source, clauses: [, ...slots], share, bucketing } = rule;
    const judgement = isReached ? judge(matchSegmentRule(state, rule)) : NOT_REACHED;
    const clauses = explainClauses(tracing, { sources: source.clauses, slots, isReached });
    const trace: SegmentRuleTrace = {
      ...judgement,
      index,
      ...(source.id ? { id: source.id } : {}),
      clauses,
    };
    if (share !== null) {
      const isBucketed = isReached && clauses.every(({ verdict }) => verdict === "yes") &&
        bucketing !== null && getValue(state, bucketing.keySlot) !== null;
      trace.bucket = {
        contextKind: source.rolloutContextKind || "user",
        attribute: source.bucketBy || "key",
        ...explainBucket(state, bucketing, isBucketed),
        share,
      };
    }
    traces.push(trace);
    isReached = judgement.verdict === "no";
  }
  return traces;
}
