import type { Context } from "../model/mod.ts";
import { evaluateCompiled } from "./_evaluate_flag.ts";
import { addDigest, type Digest, formatDigest } from "./_digest.ts";
import { getDigest, getMember } from "./_output.ts";
import { continueAfter, createState, type SessionState } from "./_session.ts";
import { getOutput, isVisible } from "./_linked.ts";
import type { CompiledEnvironment } from "./environment.ts";
import type { Audience, OutputOptions } from "./output_options.ts";
import type { Evaluation } from "./evaluation.ts";

/** A context in an environment; it remembers what evaluating one flag has found out for the next. */
export interface Session {
  /**
   * State of the evaluator.
   * @internal
   */
  readonly state: SessionState;
}

/**
 * Begins to evaluate single flags for a context.
 *
 * @param environment Flags and segments.
 * @param context The context.
 * @returns A session.
 */
export function createSession({ linked }: CompiledEnvironment, context: Context): Session {
  return { state: createState(linked, context) };
}

/**
 * Evaluates one flag.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @returns Its evaluation, or `undefined` when there is no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function evaluate(session: Session, key: string): Evaluation | undefined {
  return finishAtOnce(evaluateInSlices(session, key));
}

/**
 * Evaluates one flag, in slices.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @returns Slices; the last one returns its evaluation, or `undefined` when there is no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* evaluateInSlices({ state }: Session, key: string): Slices<Evaluation | undefined> {
  const entry = state.environment.flags.get(key);
  while (entry) {
    try {
      return evaluateCompiled(state, entry.compiled, entry.slot);
    } catch (error) {
      continueAfter(state, error);
      yield;
    }
  }
  return undefined;
}

/**
 * Work cut into slices: each `next` does one, of 20 ms at most and 2 ms as a rule, so that the caller can let others run in
 * between.
 */
export type Slices<T> = Generator<void, T>;

/**
 * Does all slices one after the other.
 *
 * @param slices The work.
 * @returns What the last slice returns.
 */
export function finishAtOnce<T>(slices: Slices<T>): T {
  let slice = slices.next();
  while (!slice.done) slice = slices.next();
  return slice.value;
}

/**
 * Writes an evaluation as clients receive it.
 *
 * @param evaluation The evaluation.
 * @param withReasons Whether it includes the reason.
 * @returns JSON object. In a `patch` it has the flag's `key` besides.
 */
export function formatEvaluation(evaluation: Evaluation, withReasons: boolean): string {
  // A member is `,"key":{…}`.
  return getMember(evaluation, withReasons).slice(JSON.stringify(evaluation.flag.key).length + 2);
}

/** Digest of evaluations in any order: the same on every replica. */
export class EvaluationsDigest {
  readonly #sum: Digest = { a: 0, b: 0, c: 0, d: 0 };
  readonly #withReasons: boolean;

  /**
   * Creates the digest of no evaluations.
   *
   * @param withReasons Whether their reasons count.
   */
  constructor(withReasons: boolean) {
    this.#withReasons = withReasons;
  }

  /** Adds an evaluation or, if it has been added, takes it away. */
  toggle(evaluation: Evaluation): void {
    addDigest(this.#sum, getDigest(evaluation, this.#withReasons));
  }

  /** Returns lower-case letters, digits and hyphens. */
  toString(): string {
    return formatDigest(this.#sum);
  }
}

/** Evaluations of all flags as clients receive them. */
export interface EvaluationsText {
  /** JSON object with a member for each flag, in the order of the environment's data. */
  text: string;
  /** Digest of its members, the same on every replica: texts with the same one say the same. Letters, digits and hyphens. */
  digest: string;
  /** Key of the first flag whose evaluation reached a limit, if any did. */
  exception?: string;
}

/**
 * Evaluates all flags that a client sees.
 *
 * @param environment The environment.
 * @param context The context.
 * @param options Audience, and whether reasons are included.
 * @returns Slices; the last one returns the evaluations.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* evaluateAllInSlices(
  environment: CompiledEnvironment,
  context: Context,
  options: OutputOptions,
): Slices<EvaluationsText> {
  const state = createState(environment.linked, context);
  const { withReasons } = options;
  const { flags, slots, runs, digest } = yield* getOutput(environment.linked, options);
  const sum = { ...digest };
  let text = runs[0]!;
  let exception: string | undefined;
  for (let i = 0; i < flags.length;) {
    try {
      for (; i < flags.length; i++) {
        const evaluation = evaluateCompiled(state, flags[i]!, slots[i]!);
        if (isException(evaluation)) exception ??= evaluation.flag.key;
        addDigest(sum, getDigest(evaluation, withReasons));
        const member = getMember(evaluation, withReasons);
        text += (text === "" ? member.slice(1) : member) + runs[i + 1]!;
      }
    } catch (error) {
      continueAfter(state, error);
      yield;
    }
  }
  const evaluations = { text: `{${text}}`, digest: formatDigest(sum) };
  return exception === undefined ? evaluations : { ...evaluations, exception };
}

/**
 * Reports whether an audience sees a flag.
 *
 * @param environment The environment.
 * @param key Key of the flag.
 * @param audience The audience.
 * @returns Whether there is such a flag and it is visible to it.
 */
export function isVisibleIn({ linked }: CompiledEnvironment, key: string, audience: Audience): boolean {
  const entry = linked.flags.get(key);
  return entry !== undefined && isVisible(entry.compiled.flag, audience);
}

/**
 * Evaluates all flags that an audience sees.
 *
 * @param environment The environment.
 * @param context The context.
 * @param audience The audience.
 * @returns Slices; the last one returns an evaluation for each flag, in the order of the environment's data.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* evaluateEachInSlices(
  environment: CompiledEnvironment,
  context: Context,
  audience: Audience,
): Slices<Evaluation[]> {
  const session = createSession(environment, context);
  const evaluations: Evaluation[] = [];
  for (const [key, { compiled }] of environment.linked.flags) {
    if (isVisible(compiled.flag, audience)) evaluations.push((yield* evaluateInSlices(session, key))!);
  }
  return evaluations;
}

/**
 * Evaluates all flags that a client sees, without a break.
 *
 * @param environment The environment.
 * @param context The context.
 * @param options Audience, and whether reasons are included.
 * @returns JSON object with a member for each flag, in the order of the environment's data.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function evaluateAll(
  environment: CompiledEnvironment,
  context: Context,
  options: OutputOptions,
): string {
  return finishAtOnce(evaluateAllInSlices(environment, context, options)).text;
}

/**
 * Reports whether evaluating a flag reached a limit.
 *
 * @param evaluation Its evaluation.
 * @returns Whether it did.
 */
export function isException({ isFatal, reason }: Evaluation): boolean {
  // `isFatal` first: reasons have many shapes, which makes it slow to read a field of each.
  return isFatal && reason.errorKind === "EXCEPTION";
}
