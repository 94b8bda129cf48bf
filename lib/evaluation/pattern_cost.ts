import { MAX_UNIT_STEPS } from "./_match.ts";
import { compilePattern, countPatternSteps } from "./_pattern.ts";
import { findAmbiguity } from "./_pattern_ambiguity.ts";

/** Cost of matching texts against a pattern. */
export interface PatternCost {
  /** Longest text that it is matched against, at least: UTF-16 code units. A longer one may make the flag an error. */
  maxLength: number;
  /** Repetition in it that can match one text in many ways, for which engines that backtrack can take forever; as a rule none. */
  ambiguity: string | undefined;
}

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
  return { maxLength: Math.max(0, maxLength), ambiguity: findAmbiguity(pattern) };
}
