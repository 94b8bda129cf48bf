import { RE2JS } from "re2js";

/** A regular expression in RE2's syntax. */
export interface Pattern {
  /** Matches in linear time, whatever the pattern and the text. */
  regex: RE2JS;
  /** Instructions of its program: what one character of text costs at most. */
  size: number;
}

/** Longest regular expression that is compiled. Those in flags are some dozens long; this bounds the work at load. @limit characters: the pattern never matches */
const MAX_PATTERN_LENGTH = 10_000;

/** Characters that starting a match is worth, so that many short texts count too. */
const START_COST = 16;

/**
 * Steps (an instruction at a character) that all patterns together may take while flags are evaluated for one context.
 * 5,000 flags with a common pattern each take about a million; a hostile context is stopped within a second.
 *
 * @limit steps: further patterns do not match
 */
export const MAX_PATTERN_STEPS = 10_000_000;

/**
 * Compiles a pattern.
 *
 * @param text The pattern.
 * @returns The compiled pattern, or `null` when it is none or too long: such a pattern never matches.
 */
export function compilePattern(text: string): Pattern | null {
  if (text.length > MAX_PATTERN_LENGTH) return null;
  try {
    const regex = RE2JS.compile(text);
    return { regex, size: regex.programSize() };
  } catch {
    return null;
  }
}

/**
 * Says how many steps a match may take.
 *
 * @param pattern The pattern.
 * @param text What it is matched against.
 * @returns An upper bound.
 */
export function countSteps(pattern: Pattern, text: string): number {
  return pattern.size * (text.length + START_COST);
}
