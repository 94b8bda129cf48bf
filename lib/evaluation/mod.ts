/**
 * Evaluates flags for contexts.
 *
 * @module
 */
export {
  type Audience,
  type CompiledEnvironment,
  compileEnvironment,
  compileInSteps,
  type OutputOptions,
} from "./environment.ts";
export {
  createSession,
  evaluate,
  evaluateAll,
  evaluateText,
  type EvaluationText,
  type Session,
} from "./evaluate.ts";
export type { Evaluation, Reason } from "./evaluation.ts";
