import { MAX_NESTING } from "./_depth.ts";
import { checkPrerequisite, evaluateCompiled } from "./_evaluate_flag.ts";
import { explainClauses, judge, NOT_REACHED, type Tracing } from "./_explain_match.ts";
import { explainServed, explainVariation } from "./_explain_served.ts";
import { type CompiledFlag, listTargets } from "./_flag.ts";
import { matchClauses } from "./_match.ts";
import { getValue, type SessionState } from "./_session.ts";
import { evaluateInSlices, finishAtOnce, type Session, type Slices } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import type {
  FallthroughStep,
  Judgement,
  OnStep,
  PrerequisiteStep,
  RuleStep,
  TargetStep,
  Trace,
  TracedEvaluation,
  TraceStep,
} from "./trace.ts";

/**
 * Explains what one flag evaluates to. The flag is evaluated as ever, and then its parts are listed with what the session
 * remembers of each; what was evaluated in the session before is not evaluated again.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @returns The trace, or `undefined` when there is no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function explain(session: Session, key: string): Trace | undefined {
  return finishAtOnce(explainInSlices(session, key));
}

/**
 * Explains what one flag evaluates to, in slices.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @returns Slices; the last one returns the trace, or `undefined` when there is no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* explainInSlices(session: Session, key: string): Slices<Trace | undefined> {
  const evaluation = yield* evaluateInSlices(session, key);
  if (evaluation === undefined) return undefined;
  const { state } = session;
  const { compiled, slot } = state.environment.flags.get(key)!;
  const tracing = { state, flags: new Map([[slot, true]]), segments: new Map<number, boolean>() };
  return yield* explainFlag(tracing, compiled, evaluation);
}

function* explainFlag(tracing: Tracing, compiled: CompiledFlag, evaluation: Evaluation): Slices<Trace> {
  const { flag } = compiled;
  const steps: TraceStep[] = [explainOn(compiled)];
  let isReached = flag.on ?? false;
  for (let i = 0; i < compiled.prerequisites.length; i++) {
    const step = yield* explainPrerequisite(tracing, compiled, i, isReached);
    steps.push(step);
    isReached = step.verdict === "yes";
  }
  for (const step of explainTargets(tracing.state, compiled, isReached)) {
    steps.push(step);
    isReached = step.verdict === "no";
  }
  const rules = flag.rules ?? [];
  for (let i = 0, at = 0; i < rules.length; i++) {
    yield;
    const step = explainRule(tracing, compiled, { index: i, at, isReached });
    steps.push(step);
    isReached = step.verdict === "no";
    at += compiled.clauses[at]! + 1;
  }
  steps.push(explainFallthrough(tracing.state, compiled, isReached));
  const isOverridden = tracing.state.environment.overridden.flags.has(flag.key);
  return { evaluation: pick(evaluation), steps, ...isOverridden ? { isOverridden } : {} };
}

function pick({ variation, value, reason }: Evaluation): TracedEvaluation {
  return { variation, value, reason };
}

function explainOn({ flag }: CompiledFlag): OnStep {
  const { on, offVariation } = flag;
  return {
    type: "on",
    verdict: on ? "yes" : "no",
    ...(typeof offVariation === "number" ? { off: explainVariation(flag, offVariation) } : {}),
  };
}

function* explainPrerequisite(
  tracing: Tracing,
  compiled: CompiledFlag,
  index: number,
  isReached: boolean,
): Slices<PrerequisiteStep> {
  const { state, flags } = tracing;
  const { slot, variation } = compiled.prerequisites[index]!;
  const key = compiled.flag.prerequisites![index]!.key ?? "";
  const other = state.environment.flagsBySlot[slot];
  const asked = {
    type: "prerequisite" as const,
    key,
    wanted: other ? explainVariation(other.flag, variation) : { variation },
    ...(state.environment.overridden.flags.has(key) ? { isOverridden: true as const } : {}),
  };
  if (!isReached) return { ...asked, ...NOT_REACHED };
  const failed = checkPrerequisite(state, compiled, index);
  const step: PrerequisiteStep = { ...asked, ...judgePrerequisite(failed) };
  if (other === undefined) return { ...step, problem: "missing" };
  if (state.environment.flagDepths[slot]! >= MAX_NESTING) return { ...step, problem: "too deep" };
  if (flags.get(slot)) return { ...step, problem: "cycle" };
  const evaluation = evaluateCompiled(state, other, slot);
  const problem = step.verdict === "error" ? "error" : other.flag.on ? undefined : "off";
  const evaluated: PrerequisiteStep = { ...step, actual: pick(evaluation), ...(problem ? { problem } : {}) };
  if (flags.has(slot)) return evaluated;
  flags.set(slot, true);
  const trace = yield* explainFlag(tracing, other, evaluation);
  flags.set(slot, false);
  return { ...evaluated, trace };
}

function judgePrerequisite(failed: Evaluation | null): Judgement {
  if (failed === null) return { verdict: "yes" };
  return failed.isFatal ? { verdict: "error", errorKind: failed.reason.errorKind! } : { verdict: "no" };
}

function explainTargets(
  state: SessionState,
  { flag, targets }: CompiledFlag,
  isReached: boolean,
): TargetStep[] {
  const steps: TargetStep[] = [];
  let group = -1;
  for (const { contextKind, variation, values } of listTargets(flag)) {
    if (!values?.length) continue;
    const kind = contextKind || "user";
    // Targets that follow each other and are of one kind are one map.
    if (steps.at(-1)?.contextKind !== kind) group++;
    const { slot, evaluations } = targets[group]!;
    const actual = getValue(state, slot) as string | null;
    // The map says that one of them lists the key; it is the first that does.
    const isMatch = isReached && actual !== null && evaluations.has(actual) && values.includes(actual);
    steps.push({
      type: "target",
      ...(isReached ? { verdict: isMatch ? "yes" : "no" } : NOT_REACHED),
      contextKind: kind,
      ...explainVariation(flag, variation ?? 0),
      actual,
      count: values.length,
    });
    isReached &&= !isMatch;
  }
  return steps;
}

/** Rule to explain. */
interface Place {
  /** Position among the flag's rules. */
  index: number;
  /** Position of its number of clauses among the flag's clauses. */
  at: number;
  /** Whether it was reached. */
  isReached: boolean;
}

function explainRule(tracing: Tracing, compiled: CompiledFlag, { index, at, isReached }: Place): RuleStep {
  const { flag, clauses, served } = compiled;
  const source = flag.rules![index]!;
  const judgement = isReached ? judge(matchClauses(tracing.state, clauses, at)) : NOT_REACHED;
  const slots = clauses.slice(at + 1, at + 1 + clauses[at]!);
  return {
    type: "rule",
    ...judgement,
    index,
    ...(source.id ? { id: source.id } : {}),
    clauses: explainClauses(tracing, { sources: source.clauses, slots, isReached }),
    served: explainServed(tracing.state, {
      flag,
      source,
      served: served[index]!,
      isServed: judgement.verdict === "yes",
    }),
  };
}

function explainFallthrough(
  state: SessionState,
  { flag, served }: CompiledFlag,
  isReached: boolean,
): FallthroughStep {
  return {
    type: "fallthrough",
    ...(isReached ? { verdict: "yes" } : NOT_REACHED),
    served: explainServed(state, {
      flag,
      source: flag.fallthrough ?? {},
      served: served.at(-1)!,
      isServed: isReached,
    }),
  };
}
