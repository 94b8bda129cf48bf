import type { Context } from "../model/mod.ts";
import { evaluateCompiled } from "./_evaluate_flag.ts";
import { getMember } from "./_output.ts";
import { createSession, type Session } from "./_session.ts";
import { type CompiledEnvironment, isVisible, type OutputOptions } from "./environment.ts";
import type { Evaluation } from "./evaluation.ts";

/**
 * Evaluates one flag.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @returns What the flag gives, or `undefined` when there is no such flag.
 */
export function evaluate(session: Session, key: string): Evaluation | undefined {
  const entry = session.environment.flags.get(key);
  return entry && evaluateCompiled(session, entry.compiled, entry.slot);
}

/**
 * Evaluates one flag for a client.
 *
 * @param session A context in an environment.
 * @param key Key of the flag.
 * @param options Who asks, and for what.
 * @returns JSON object of the evaluation, or `undefined` when the client sees no such flag.
 */
export function evaluateText(session: Session, key: string, options: OutputOptions): string | undefined {
  const evaluation = evaluate(session, key);
  if (evaluation === undefined || !isVisible(evaluation.flag, options.audience)) return undefined;
  return getMember(evaluation, options.withReasons).slice(JSON.stringify(key).length + 2);
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
  const session = createSession(environment, context);
  const { flags, slots, runs } = environment.getOutput(options);
  let text = runs[0]!;
  for (let i = 0; i < flags.length; i++) {
    const evaluation = evaluateCompiled(session, flags[i]!, slots[i]!);
    text += getMember(evaluation, options.withReasons) + runs[i + 1]!;
  }
  return `{${text.slice(1)}}`;
}
