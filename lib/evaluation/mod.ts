/**
 * Evaluates flags for contexts, without I/O: compile an environment once, then evaluate it for any number of contexts.
 * It agrees with LaunchDarkly's evaluator in Go, which the Relay Proxy uses.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compileEnvironment } from "./environment.ts";
 * import { createSession, evaluate, evaluateAll } from "./evaluate.ts";
 * import { parseContext, parseFlag } from "../model/mod.ts";
 *
 * const text = '{"key":"beta","version":3,"on":true,"variations":["no","yes"],"fallthrough":{"variation":0},' +
 *   '"rules":[{"clauses":[{"attribute":"plan","op":"in","values":["team"]}],"variation":1}]}';
 * const flags = new Map([["beta", { value: parseFlag(JSON.parse(text), "beta"), text }]]);
 * const environment = compileEnvironment({ flags, segments: new Map() });
 * const context = parseContext({ kind: "user", key: "alice", plan: "team" });
 *
 * const evaluation = evaluate(createSession(environment, context), "beta");
 * assertEquals(evaluation?.value, "yes");
 * assertEquals(evaluation?.reason, { kind: "RULE_MATCH", ruleIndex: 0 });
 * assertEquals(
 *   evaluateAll(environment, context, { audience: "server", withReasons: false }),
 *   '{"beta":{"value":"yes","variation":1,"version":3}}',
 * );
 * ```
 *
 * @module
 */
export {
  type Compilable,
  type CompilableEnvironment,
  type CompilableFlag,
  type CompiledEnvironment,
  compileEnvironment,
  compileInSteps,
} from "./environment.ts";
export {
  createSession,
  evaluate,
  evaluateAll,
  evaluateAllInSlices,
  evaluateEachInSlices,
  evaluateInSlices,
  EvaluationsDigest,
  type EvaluationsText,
  finishAtOnce,
  formatEvaluation,
  isException,
  isVisibleIn,
  type Session,
  type Slices,
} from "./evaluate.ts";
export { explain, explainInSlices } from "./explain.ts";
export type {
  BucketTrace,
  ClauseTrace,
  FallthroughStep,
  Judgement,
  OnStep,
  PrerequisiteStep,
  RangeTrace,
  RolloutTrace,
  RuleStep,
  SegmentRuleTrace,
  SegmentTrace,
  ServedTrace,
  ShareTrace,
  TargetStep,
  Trace,
  TracedEvaluation,
  TraceStep,
  VariationTrace,
  Verdict,
} from "./trace.ts";
export { computeDepths, findCycles, MAX_NESTING } from "./_depth.ts";
export { listTargets } from "./_flag.ts";
export { isVisible, type OverriddenKeys } from "./_linked.ts";
export { type Fault, listFaults, listSegmentFaults } from "./faults.ts";
export { compareOperands, isOperand, type Operand, OPERATORS } from "./operands.ts";
export { measurePattern, type PatternCost } from "./pattern_cost.ts";
export { samplePattern } from "./pattern_sample.ts";
export { EvaluationLimitError } from "./_session.ts";
export type { ErrorKind, Evaluation, Reason } from "./evaluation.ts";
export type { Audience, OutputOptions } from "./output_options.ts";
