import { MAX_NESTING } from "./_depth.ts";
import { type CompiledFlag, type CompiledRollout, isRollout, type Served } from "./_flag.ts";
import { getBucket, MALFORMED, matchClauses, NO, YES } from "./_match.ts";
import { FLAG_STEPS, getValue, type SessionState, spend } from "./_session.ts";
import { type ErrorKind, type Evaluation, EvaluationFactory, KEPT_PREREQUISITES } from "./evaluation.ts";

/**
 * Evaluates a flag. One that is a prerequisite of others is evaluated once in a session.
 *
 * @param session Session of the context.
 * @param compiled The flag.
 * @param slot Its slot as a prerequisite; -1 when it is none.
 * @returns Its evaluation.
 * @throws {typeof SLICE_IS_OVER} When the slice is over: evaluate it again in the next one.
 */
export function evaluateCompiled(session: SessionState, compiled: CompiledFlag, slot: number): Evaluation {
  if (compiled.constant !== null) return compiled.constant;
  if (slot < 0) return evaluateAfresh(session, compiled);
  const known = session.evaluations[slot];
  if (known) return known;
  // Met again before it is known, it is part of a cycle.
  session.evaluations[slot] = null;
  try {
    return session.evaluations[slot] = evaluateAfresh(session, compiled);
  } finally {
    // Known now; or the slice is over, and the next one begins anew.
    session.evaluations[slot] ??= undefined;
  }
}

function evaluateAfresh(session: SessionState, compiled: CompiledFlag): Evaluation {
  spend(session, FLAG_STEPS);
  session.askedBigSegment = false;
  const evaluation = walk(session, compiled);
  if (!session.askedBigSegment) return evaluation;
  const { variation, reason, prerequisites, isFatal } = evaluation;
  const status = { ...reason, bigSegmentsStatus: "NOT_CONFIGURED" } as const;
  return new EvaluationFactory(compiled).make(variation, status, prerequisites, isFatal);
}

function walk(session: SessionState, compiled: CompiledFlag): Evaluation {
  const { prerequisites, targets, clauses, served } = compiled;
  for (let i = 0; i < prerequisites.length; i++) {
    const failed = checkPrerequisite(session, compiled, i);
    if (failed !== null) return failed;
  }
  for (let i = 0; i < targets.length; i++) {
    const { slot, evaluations } = targets[i]!;
    const evaluation = evaluations.get(getValue(session, slot) as string);
    if (evaluation !== undefined) return evaluation;
  }
  const fallthrough = served.length - 1;
  for (let rule = 0, at = 0; rule < fallthrough; rule++) {
    const match = matchClauses(session, clauses, at);
    if (match === YES) return serve(session, served[rule]!);
    if (match !== NO) {
      const errorKind = match === MALFORMED ? "MALFORMED_FLAG" : "EXCEPTION";
      return makeFatal(compiled, errorKind, prerequisites.length);
    }
    at += clauses[at]! + 1;
  }
  return serve(session, served[fallthrough]!);
}

/**
 * Checks a prerequisite.
 *
 * @param session Session of the context.
 * @param compiled The flag.
 * @param index Position of the prerequisite.
 * @returns The flag's evaluation when the prerequisite is not met; null when it is.
 */
export function checkPrerequisite(
  session: SessionState,
  compiled: CompiledFlag,
  index: number,
): Evaluation | null {
  const prerequisite = compiled.prerequisites[index]!;
  const { slot, variation } = prerequisite;
  const other = session.environment.flagsBySlot[slot];
  if (other === undefined) return makeFailed(compiled, index, index);
  if (session.environment.flagDepths[slot]! >= MAX_NESTING) return makeFatal(compiled, "EXCEPTION", index);
  if (session.evaluations[slot] === null) return makeFatal(compiled, "MALFORMED_FLAG", index);
  const askedBefore = session.askedBigSegment;
  const evaluation = evaluateCompiled(session, other, slot);
  session.askedBigSegment = askedBefore || evaluation.reason.bigSegmentsStatus !== undefined;
  if (evaluation.isFatal) return makeFatal(compiled, evaluation.reason.errorKind!, index);
  if (other.flag.on && evaluation.variation === variation) return null;
  if (index >= KEPT_PREREQUISITES) return makeFailed(compiled, index, index + 1);
  return prerequisite.failed ??= makeFailed(compiled, index, index + 1);
}

/** Makes the evaluation when a prerequisite is not met, after so many were evaluated. */
function makeFailed(compiled: CompiledFlag, index: number, evaluated: number): Evaluation {
  const prerequisiteKey = compiled.prerequisiteKeys[index]!;
  const reason = { kind: "PREREQUISITE_FAILED", prerequisiteKey } as const;
  return new EvaluationFactory(compiled).makeOff(reason, compiled.prerequisiteKeys.slice(0, evaluated));
}

function makeFatal(compiled: CompiledFlag, errorKind: ErrorKind, evaluated: number): Evaluation {
  return new EvaluationFactory(compiled).makeFatal(errorKind, compiled.prerequisiteKeys.slice(0, evaluated));
}

/**
 * Selects the evaluation of an outcome.
 *
 * @param session Session of the context.
 * @param served Outcome of a rule or the fallthrough.
 * @returns The evaluation: the fixed one, or that of the bucket into which the context falls.
 */
export function serve(session: SessionState, served: Served): Evaluation {
  return isRollout(served) ? choose(session, served) : served;
}

function choose(session: SessionState, rollout: CompiledRollout): Evaluation {
  const { keySlot, ends, evaluations, evaluationsWithoutKind } = rollout;
  const bucket = getBucket(session, rollout);
  for (let i = 0; i < ends.length; i++) {
    if (bucket >= ends[i]!) continue;
    return getValue(session, keySlot) === null ? evaluationsWithoutKind[i]! : evaluations[i]!;
  }
  // Rounding may leave the last end just below a bucket.
  return evaluations.at(-1)!;
}
