/**
 * Evaluates flags for contexts.
 *
 * @module
 */
export {
  type Audience,
  type CompiledEnvironment,
  compileEnvironment,
  type OutputOptions,
} from "./environment.ts";
export { evaluate, evaluateAll, evaluateText } from "./evaluate.ts";
export type { Evaluation, Reason } from "./evaluation.ts";
export { createSession, type Session } from "./_session.ts";
