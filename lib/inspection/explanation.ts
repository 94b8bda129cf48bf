import type {
  BucketTrace,
  ClauseTrace,
  PrerequisiteStep,
  SegmentTrace,
  ServedTrace,
  ShareTrace,
  Trace,
  TraceStep,
  Verdict,
} from "../evaluation/mod.ts";
import type { JsonValue } from "../model/mod.ts";
import { describeAttribute, describeClause, formatValue } from "./words.ts";

/** A line of an explanation. */
export interface ExplanationLine {
  /** Depth in the tree: 0 for the flag's own steps. */
  depth: number;
  /** Name of the step, e.g. `rule 2`. */
  step: string;
  /** What is asked, in words. */
  question: string;
  /** What the context has, in words: `actual "pro"`. */
  answer: string;
  /** What it came to. */
  verdict: Verdict;
}

/** Where overrides come from. */
const FROM_OVERRIDES = "from the overrides file";

/** What overrides have done to what is not there. */
const BY_OVERRIDES = "deleted by the overrides file";

/** Digits of a bucket behind the point: weights have five. */
const BUCKET_DIGITS = 5;

/**
 * Describes a trace line by line, for a person.
 *
 * @param trace The trace.
 * @returns Its lines, those of prerequisites and segments below what asks them.
 */
export function describeTrace({ steps, isOverridden }: Trace): ExplanationLine[] {
  const [first, ...others] = listSteps(steps, 0);
  const answer = [first!.answer, ...isOverridden ? [`the flag comes ${FROM_OVERRIDES}`] : []];
  return [{ ...first!, answer: answer.filter(Boolean).join("; ") }, ...others];
}

/**
 * Describes the trace of a segment line by line, for a person.
 *
 * @param trace The trace.
 * @returns Its lines.
 */
export function describeMembership(trace: SegmentTrace): ExplanationLine[] {
  return [...listSegment(trace, 0)];
}

function* listSteps(steps: readonly TraceStep[], depth: number): Generator<ExplanationLine> {
  for (const step of steps) {
    const { verdict } = step;
    switch (step.type) {
      case "on": {
        const off = step.off
          ? `serves ${describeServed(step.off)}`
          : "serves null: there is no off variation";
        yield { depth, step: "on", question: "", answer: verdict === "no" ? `off ${off}` : "", verdict };
        break;
      }
      case "prerequisite":
        yield* listPrerequisite(step, depth);
        break;
      case "target": {
        const { contextKind, count, actual } = step;
        const question = `${contextKind} is one of ${count} ${count === 1 ? "key" : "keys"} SERVE ${
          describeServed(step)
        }`;
        yield { depth, step: "target", question, answer: describeActual(actual), verdict };
        break;
      }
      case "rule": {
        const { index, id, clauses, served } = step;
        const name = `rule ${index + 1}${id ? ` ${JSON.stringify(id)}` : ""}`;
        yield { depth, step: name, question: describeOutcome(served), answer: "", verdict };
        yield* listClauses(clauses, verdict, depth + 1);
        yield* listRollout(served, verdict, depth + 1);
        break;
      }
      case "fallthrough":
        yield { depth, step: "fallthrough", question: describeOutcome(step.served), answer: "", verdict };
        yield* listRollout(step.served, verdict, depth + 1);
    }
  }
}

function* listPrerequisite(step: PrerequisiteStep, depth: number): Generator<ExplanationLine> {
  const { key, wanted, actual, problem, verdict, isOverridden, trace } = step;
  const problems = {
    missing: "there is no such flag",
    off: "it is off",
    cycle: "it refers back to this flag",
    "too deep": "the chain of prerequisites is too long",
    error: "it cannot be evaluated",
  };
  const answer = [
    ...actual ? [`actual ${formatValue(actual.value)}`] : [],
    ...problem ? [problems[problem]] : [],
    ...isOverridden ? [problem === "missing" ? BY_OVERRIDES : FROM_OVERRIDES] : [],
  ].join("; ");
  const value = problem === "missing" ? `variation ${wanted.variation}` : describeServed(wanted);
  yield { depth, step: "prerequisite", question: `${key} = ${value}`, answer, verdict };
  if (trace) yield* listSteps(trace.steps, depth + 1);
}

function* listClauses(
  clauses: readonly ClauseTrace[],
  ofRule: Verdict,
  depth: number,
): Generator<ExplanationLine> {
  for (const [i, { clause, actual, segments, verdict, errorKind }] of clauses.entries()) {
    const answer = errorKind === "EXCEPTION"
      ? "takes too many steps"
      : errorKind
      ? "malformed"
      : clause.op === "segmentMatch"
      ? ""
      : describeActual(actual);
    yield { depth, step: i === 0 ? "if" : "and", question: describeClause(clause), answer, verdict };
    for (const segment of segments ?? []) yield* listSegment(segment, depth + 1);
  }
  if (clauses.length === 0) {
    const verdict = ofRule === "not reached" ? ofRule : "yes";
    yield { depth, step: "if", question: "always: it has no clauses", answer: "", verdict };
  }
}

function* listSegment(segment: SegmentTrace, depth: number): Generator<ExplanationLine> {
  const { key, by, rules, membersUnknown, isOverridden, verdict } = segment;
  const reasons = {
    included: "included by its key",
    excluded: "excluded by its key",
    rule: "by a rule",
    nothing: "not listed, and no rule matches",
    missing: "there is no such segment",
    "big segment": "no rule matches",
    cycle: "it refers back to itself",
    "too deep": "the chain of segments is too long",
  };
  const answer = [
    ...by ? [reasons[by]] : [],
    ...membersUnknown ? ["members of a big segment are unknown offline"] : [],
    ...isOverridden ? [by === "missing" ? BY_OVERRIDES : FROM_OVERRIDES] : [],
  ].join("; ");
  yield { depth, step: "segment", question: key, answer, verdict };
  for (const { index, clauses, bucket, verdict } of rules ?? []) {
    yield { depth: depth + 1, step: `rule ${index + 1}`, question: "", answer: "", verdict };
    yield* listClauses(clauses, verdict, depth + 2);
    const isReached = verdict !== "not reached" && clauses.every(({ verdict }) => verdict === "yes");
    if (bucket) yield describeShare(bucket, isReached ? verdict : "not reached", depth + 2);
  }
}

function describeShare(trace: ShareTrace, verdict: Verdict, depth: number): ExplanationLine {
  const { share, contextKind, attribute, bucket } = trace;
  const without = verdict === "no" ? `${describeAttribute(contextKind, "key")} absent` : "";
  return {
    depth,
    step: "share",
    question: `${formatShare(share)} by ${describeAttribute(contextKind, attribute)}`,
    answer: bucket === null ? without : describeBucket(trace, bucket),
    verdict,
  };
}

function* listRollout({ rollout }: ServedTrace, verdict: Verdict, depth: number): Generator<ExplanationLine> {
  if (!rollout) return;
  const { kind, contextKind, attribute, actual, bucket, ranges, chosen } = rollout;
  const by = describeAttribute(contextKind, attribute);
  // Of an experiment the attribute is the key, which only a missing kind lacks.
  const isOutside = kind === "experiment" && bucket !== null && actual === null;
  const answer = bucket === null
    ? ""
    : `${describeBucket(rollout, bucket)}${isOutside ? "; not part of the experiment" : ""}`;
  let end = 0;
  for (const [i, range] of ranges.entries()) {
    const start = end;
    // The evaluator never gets to what is past 1, and the last one gets what the weights leave.
    end = i === ranges.length - 1 ? 1 : Math.max(start, Math.min(range.to, 1));
    const tracked = range.untracked ? ", not part of the experiment" : "";
    yield {
      depth,
      step: i === 0 ? kind : "",
      question: `${formatBucket(start)}–${formatBucket(end)} by ${by} SERVE ${
        describeServed(range)
      }${tracked}`,
      answer,
      verdict: verdict !== "yes" ? "not reached" : bucket === null ? "error" : i === chosen ? "yes" : "no",
    };
  }
}

function describeBucket({ attribute, actual }: BucketTrace, bucket: number): string {
  const where = `bucket ${formatBucket(bucket)}`;
  if (actual === null) return `${where}: absent`;
  const isHashed = typeof actual === "string" || Number.isInteger(actual);
  if (!isHashed) return `${where}: actual ${formatValue(actual)} is no string or integer`;
  return attribute === "key" ? where : `${where}: actual ${formatValue(actual)}`;
}

function describeOutcome(served: ServedTrace): string {
  return served.rollout ? "" : `SERVE ${describeServed(served)}`;
}

function describeServed({ variation, value }: { variation?: number; value?: JsonValue }): string {
  if (variation === undefined) return "nothing: malformed";
  return value === undefined ? `variation ${variation}, which does not exist` : formatValue(value);
}

function describeActual(actual: JsonValue): string {
  return actual === null ? "absent" : `actual ${formatValue(actual)}`;
}

function formatBucket(bucket: number): string {
  return bucket.toFixed(BUCKET_DIGITS);
}

function formatShare(share: number): string {
  return `${Number((100 * share).toFixed(3))}%`;
}
