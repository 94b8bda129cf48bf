import type { Context } from "../model/mod.ts";
import { evaluateCompiled } from "./_evaluate_flag.ts";
import { getMember } from "./_output.ts";
import { createState, type SessionState } from "./_session.ts";
import { isVisible } from "./_linked.ts";
import type { CompiledEnvironment, OutputOptions } from "./environment.ts";
import type { Evaluation } from "./evaluation.ts";

/** A context in an environment; it remembers what evaluating one flag has found out for the next. */
export interface Session {
  /**
   * The evaluator's own business.
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
 * @returns What the flag gives, or `undefined` when there is no such flag.
 */
export function evaluate({ state }: Session, key: string): Evaluation | undefined {
  const entry = state.environment.flags.get(key);
  return entry && evaluateCompiled(state, entry.compiled, entry.slot);
}

/** What a client gets for one flag. */
export interface EvaluationText {
  /** Version of the flag. */
  version: number;
  /** JSON object of the evaluation. In a `patch` it has the flag's `key` besides. */
  text: string;
}

/**
 * Evaluates one flag for a client.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @param options Who asks, and for what.
 * @returns What the client gets, or `undefined` when it sees no such flag.
 */
export function evaluateText(
  session: Session,
  key: string,
  options: OutputOptions,
): EvaluationText | undefined {
  const evaluation = evaluate(session, key);
  if (evaluation === undefined || !isVisible(evaluation.flag, options.audience)) return undefined;
  // A member is `,"key":{…}`.
  const text = getMember(evaluation, options.withReasons).slice(JSON.stringify(key).length + 2);
  return { version: evaluation.flag.version, text };
}

/**
 * Evaluates all flags that a client sees.
 *
 * @param environment The environment.
 * @param context The context.
 * @param options Who asks, and for what.
 * @returns JSON object with a member for each flag, in the order of the environment's data.
 */
export function evaluateAll(
  environment: CompiledEnvironment,
  context: Context,
  options: OutputOptions,
): string {
  const state = createState(environment.linked, context);
  const { flags, slots, runs } = environment.linked.getOutput(options);
  let text = runs[0]!;
  for (let i = 0; i < flags.length; i++) {
    const member = getMember(evaluateCompiled(state, flags[i]!, slots[i]!), options.withReasons);
    text += (text === "" ? member.slice(1) : member) + runs[i + 1]!;
  }
  return `{${text}}`;
}
