import { assertEquals } from "@std/assert";
import {
  type ClauseTrace,
  createSession,
  explain,
  type SegmentTrace,
  type ServedTrace,
  type Trace,
  type TraceStep,
} from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { checkTrace, deriveEvaluation } from "./_derive.ts";
import { compile, type Json, type RawData } from "./_environment.ts";

/** A user. */
export const USER = { kind: "user", key: "u", plan: "pro", age: 40, groups: ["a", "b"] };
/** A user and an organization. */
export const MULTI = { kind: "multi", user: { key: "u" }, org: { key: "o", plan: "pro" } };
/** Judgements. */
export const MALFORMED = { verdict: "error", errorKind: "MALFORMED_FLAG" };
export const TOO_COSTLY = { verdict: "error", errorKind: "EXCEPTION" };
export const NOT_REACHED = { verdict: "not reached" };

/** Explains the flag `flag` of an environment whose missing fields are filled in. */
export function explainFlag(raw: RawData, context: unknown = USER): Trace {
  const trace = explain(createSession(compile(raw), parseContext(context)), "flag")!;
  assertEquals(deriveEvaluation(trace.steps), trace.evaluation);
  checkTrace(trace.steps);
  return trace;
}

/** The steps of such a flag, which has the given fields, apart from `on` and `fallthrough`. */
export function explainSteps(fields: Json, context: unknown = USER, rest: RawData = {}): TraceStep[] {
  return explainFlag({ ...rest, flags: { ...rest.flags, flag: fields } }, context).steps.slice(1, -1);
}

/** The clauses of a flag's one rule. */
export function explainClauses(
  clauses: Json[],
  context: unknown = USER,
  segments: Record<string, Json> = {},
): ClauseTrace[] {
  const [step] = explainSteps({ rules: [{ clauses, variation: 1 }] }, context, { segments });
  return step!.type === "rule" ? step!.clauses : [];
}

/** The segment `s`, which a flag's one clause names. */
export function explainSegment(segments: Record<string, Json>, context: unknown = USER): SegmentTrace {
  return explainClauses([{ op: "segmentMatch", values: ["s"] }], context, segments)[0]!.segments![0]!;
}

/** What the fallthrough of a flag serves. */
export function explainRollout(rollout: Json, context: unknown = USER): ServedTrace | undefined {
  const { steps } = explainFlag({ flags: { flag: { fallthrough: { rollout } } } }, context);
  const step = steps.at(-1)!;
  return step.type === "fallthrough" ? step.served : undefined;
}
