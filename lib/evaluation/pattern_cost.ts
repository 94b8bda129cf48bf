import { MAX_UNIT_STEPS } from "./_match.ts";
import { compilePattern, countPatternSteps } from "./_pattern.ts";

/** Cost of matching texts against a pattern. */
export interface PatternCost {
  /** Longest text that it is matched against, at least: UTF-16 code units. A longer one may make the flag an error. */
  maxLength: number;
  /** Part of it that repeats a repetition, such as `(a+)+`, for which engines that backtrack can take forever; as a rule none. */
  repetition: string | undefined;
}

/** Longest pattern that is searched for repetitions, which takes time as the square of it. @limit characters: a longer one passes */
const MAX_SEARCHED_LENGTH = 2_000;

/** A group with nothing in it but one character or class without end, itself without end. */
const REPEATED_REPETITION =
  /\((?:\?:|\?P?<\w+>)?(?:\[(?:\\.|[^\]\\])+\]|\\.|[^\\()[\]*+?{}|^$])(?:[+*]|\{\d+,\})\??\)(?:[+*]|\{\d+,\})/s;

/**
 * Measures a pattern.
 *
 * @param pattern The pattern.
 * @returns Its cost, or `null` when it is none, as RE2 reads it: then it never matches.
 */
export function measurePattern(pattern: string): PatternCost | null {
  const compiled = compilePattern(pattern);
  if (compiled === null) return null;
  const start = countPatternSteps(compiled, 0);
  const maxLength = Math.floor((MAX_UNIT_STEPS - start) / (countPatternSteps(compiled, 1) - start));
  const [repetition] = REPEATED_REPETITION.exec(pattern.slice(0, MAX_SEARCHED_LENGTH)) ?? [];
  return { maxLength: Math.max(0, maxLength), repetition };
}
