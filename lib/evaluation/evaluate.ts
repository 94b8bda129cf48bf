import type { Context } from "../model/mod.ts";
import { evaluateCompiled } from "./_evaluate_flag.ts";
import { addDigest, formatDigest } from "./_digest.ts";
import { getDigest, getMember } from "./_output.ts";
import { continueAfter, createState, type SessionState } from "./_session.ts";
import { getOutput, isVisible } from "./_linked.ts";
import type { CompiledEnvironment } from "./environment.ts";
import type { OutputOptions } from "./output_options.ts";
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
  return finish(evaluateInSlices(session, key));
}

function* evaluateInSlices({ state }: Session, key: string): Slices<Evaluation | undefined> {
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

/** Does all slices one after the other. */
function finish<T>(slices: Slices<T>): T {
  let slice = slices.next();
  while (!slice.done) slice = slices.next();
  return slice.value;
}

/** Evaluation of one flag as clients receive it. */
export interface EvaluationText {
  /** Version of the flag. */
  version: number;
  /** JSON object of the evaluation. In a `patch` it has the flag's `key` besides. */
  text: string;
  /** Whether evaluating the flag reached a limit. */
  isException: boolean;
}

/**
 * Evaluates one flag for a client.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @param options Audience, and whether reasons are included.
 * @returns Slices; the last one returns the evaluation, or `undefined` when the audience sees no such flag.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export function* evaluateTextInSlices(
  session: Session,
  key: string,
  options: OutputOptions,
): Slices<EvaluationText | undefined> {
  const evaluation = yield* evaluateInSlices(session, key);
  if (evaluation === undefined || !isVisible(evaluation.flag, options.audience)) return undefined;
  // A member is `,"key":{…}`.
  const text = getMember(evaluation, options.withReasons).slice(JSON.stringify(key).length + 2);
  return { version: evaluation.flag.version, text, isException: isException(evaluation) };
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
  return finish(evaluateAllInSlices(environment, context, options)).text;
}

/** Looks at `isFatal` first: reasons have many shapes, which makes it slow to read a field of each. */
function isException({ isFatal, reason }: Evaluation): boolean {
  return isFatal && reason.errorKind === "EXCEPTION";
}
