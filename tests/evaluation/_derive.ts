import { assert, assertEquals } from "@std/assert";
import type {
  ClauseTrace,
  Judgement,
  OnStep,
  PrerequisiteStep,
  Reason,
  SegmentTrace,
  ServedTrace,
  TracedEvaluation,
  TraceStep,
} from "../../lib/evaluation/mod.ts";

/** Verdicts after which the next step is tried. */
const PASSES = { on: "yes", prerequisite: "yes", target: "no", rule: "no", fallthrough: "no" };

const MALFORMED: TracedEvaluation = failed("MALFORMED_FLAG");

/** Derives an evaluation from the steps of its trace and nothing else. */
export function deriveEvaluation(steps: TraceStep[]): TracedEvaluation {
  const evaluation = decide(steps);
  if (!asksBigSegment(steps)) return evaluation;
  return { ...evaluation, reason: { ...evaluation.reason, bigSegmentsStatus: "NOT_CONFIGURED" } };
}

/** All but whether a big segment was asked, which may stand in another part of the tree. */
function decide(steps: TraceStep[]): TracedEvaluation {
  const decider = steps.find(({ type, verdict }) => verdict !== PASSES[type])!;
  if (decider.verdict === "error") return failed(decider.errorKind!);
  const { off } = steps[0] as OnStep;
  switch (decider.type) {
    case "on":
      return serveOff(off, { kind: "OFF" });
    case "prerequisite":
      return serveOff(off, { kind: "PREREQUISITE_FAILED", prerequisiteKey: decider.key });
    case "target":
      return serve(decider, { kind: "TARGET_MATCH" });
    case "rule": {
      const { index, id, served } = decider;
      return serve(served, { kind: "RULE_MATCH", ruleIndex: index, ...(id ? { ruleId: id } : {}) });
    }
    case "fallthrough":
      return serve(decider.served, { kind: "FALLTHROUGH" });
  }
}

function failed(errorKind: "MALFORMED_FLAG" | "EXCEPTION"): TracedEvaluation {
  return { variation: null, value: null, reason: { kind: "ERROR", errorKind } };
}

function serveOff(off: OnStep["off"], reason: Reason): TracedEvaluation {
  return off ? serve(off, reason) : { variation: null, value: null, reason };
}

function serve({ variation, value, rollout }: ServedTrace, reason: Reason): TracedEvaluation {
  if (variation === undefined || value === undefined) return MALFORMED;
  return { variation, value, reason: isTracked(rollout) ? { ...reason, inExperiment: true } : reason };
}

function isTracked(rollout: ServedTrace["rollout"]): boolean {
  if (rollout?.kind !== "experiment") return false;
  const { ranges, chosen, actual, bucket } = rollout;
  return !ranges[chosen!]!.untracked && (actual !== null || bucket! >= ranges.at(-1)!.to);
}

/** Whether a big segment was asked anywhere in the tree. */
function asksBigSegment(steps: TraceStep[]): boolean {
  return JSON.stringify(steps, (name, value) => name === "clause" ? null : value)
    .includes('"membersUnknown":true');
}

/** Checks that each part of a trace follows from the parts below, and that each flag and segment is explained once. */
export function checkTrace(steps: TraceStep[], explained: Set<string> = new Set()): void {
  const decider = steps.findIndex(({ type, verdict }) => verdict !== PASSES[type]);
  assert(decider >= 0);
  for (const [i, step] of steps.entries()) {
    assertEquals(step.verdict === "not reached", i > decider);
    assertEquals(step.verdict === "error", step.errorKind !== undefined);
    if (step.type === "prerequisite") checkPrerequisite(step, explained);
    if (step.type === "rule") checkRule(step, step.clauses, explained);
    if (step.type === "rule" || step.type === "fallthrough") {
      checkServed(step.served, step.verdict === "yes");
    }
  }
}

function checkPrerequisite(step: PrerequisiteStep, explained: Set<string>): void {
  const { key, verdict, wanted, actual, problem, trace } = step;
  if (verdict === "not reached") return assertEquals([actual, problem, trace], Array(3).fill(undefined));
  assertEquals(verdict === "yes", problem === undefined && actual!.variation === wanted.variation);
  if (trace === undefined) return;
  assert(!explained.has(`flag ${key}`));
  explained.add(`flag ${key}`);
  checkTrace(trace.steps, explained);
  const { bigSegmentsStatus: _, ...reason } = trace.evaluation.reason;
  assertEquals(decide(trace.steps), { ...trace.evaluation, reason });
  assertEquals(trace.evaluation, actual);
}

/** A rule is what its first clause is that does not match. */
function checkRule({ verdict, errorKind }: Judgement, clauses: ClauseTrace[], explained: Set<string>): void {
  let expected: Judgement = verdict === "not reached" ? { verdict } : { verdict: "yes" };
  for (const clause of clauses) {
    assertEquals(clause.verdict === "not reached", expected.verdict !== "yes");
    if (expected.verdict === "yes") expected = clause;
    if (clause.segments) checkSegments(clause, clause.segments, explained);
  }
  assertEquals([verdict, errorKind], [expected.verdict, expected.errorKind]);
}

/** A clause over segments is what the first one is to which the context belongs, or the contrary. */
function checkSegments(
  { verdict, errorKind, clause }: ClauseTrace,
  segments: SegmentTrace[],
  explained: Set<string>,
): void {
  let expected: Judgement = verdict === "not reached" ? { verdict } : { verdict: "no" };
  for (const segment of segments) {
    assertEquals(segment.verdict === "not reached", expected.verdict !== "no");
    if (expected.verdict === "no") expected = segment;
    checkSegment(segment, explained);
  }
  const isTurned = clause.negate && (expected.verdict === "yes" || expected.verdict === "no");
  const turned = expected.verdict === "yes" ? "no" : "yes";
  assertEquals([verdict, errorKind], [isTurned ? turned : expected.verdict, expected.errorKind]);
}

function checkSegment({ key, verdict, errorKind, by, rules }: SegmentTrace, explained: Set<string>): void {
  assertEquals(verdict === "not reached", by === undefined);
  if (by === "included") assertEquals(verdict, "yes");
  else if (by === "rule") assert(verdict === "yes" || verdict === "error");
  else if (by === "cycle" || by === "too deep") assertEquals(verdict, "error");
  else if (by !== undefined) assertEquals(verdict, "no");
  if (rules === undefined) return;
  assert(!explained.has(`segment ${key}`));
  explained.add(`segment ${key}`);
  const decider = rules.find(({ verdict }) => verdict === "yes" || verdict === "error");
  if (decider) assertEquals([verdict, errorKind, by], [decider.verdict, decider.errorKind, "rule"]);
  for (const { clauses, bucket, ...judgement } of rules) {
    const isBucketed = bucket !== undefined && clauses.every(({ verdict }) => verdict === "yes");
    if (!isBucketed) checkRule(judgement, clauses, explained);
    else if (bucket.bucket !== null) assertEquals(judgement.verdict === "yes", bucket.bucket < bucket.share);
    else assert(judgement.verdict !== "yes");
  }
}

function checkServed({ variation, rollout }: ServedTrace, isServed: boolean): void {
  if (rollout === undefined) return;
  const { bucket, chosen, ranges } = rollout;
  if (!isServed) return assertEquals([bucket, chosen, variation], [null, undefined, undefined]);
  // A malformed attribute reference.
  if (bucket === null) return assertEquals(chosen, undefined);
  const found = ranges.findIndex(({ to }) => bucket < to);
  assertEquals(chosen, found < 0 ? ranges.length - 1 : found);
  assertEquals(variation, ranges[chosen!]!.variation);
}
