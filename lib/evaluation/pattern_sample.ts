import { compilePattern, matchesPattern } from "./_pattern.ts";

/**
 * Most states of a pattern that are visited in the search for a sample: ordinary patterns have some hundreds.
 *
 * @limit states: no sample is found
 */
const MAX_SAMPLE_STATES = 50_000;

/** Codes of RE2JS's instructions. */
const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  match: 6,
  nop: 7,
  rune: 8,
  runeAnyNotNewline: 11,
};

/** Bits of its assertions. */
const ASSERT = { beginLine: 1, endLine: 2, beginText: 4, endText: 8, boundary: 16, noBoundary: 32 };

/** Characters that are easy to read, of which the first that fits is taken. */
const READABLE = [..."axbcdefghijklmnopqrstuvwyz0123456789AXBCDEFGHIJKLMNOPQRSTUVWYZ-_.@/ "];

/** A character of a word. */
const WORD_CHARACTER = "a";

/** Matches a character that `\b` takes for part of a word. */
const WORD = /^\w$/;

/** An instruction of a compiled pattern. */
interface Instruction {
  op: number;
  out: number;
  arg: number;
  /** Ascending ends of ranges of code points; one alone is a single code point. */
  runes: Int32Array;
  matchRune(rune: number): boolean;
}

/** Where a match has got to. Assertions in front of a character say what that must be. */
interface State {
  /** Index of the next instruction. */
  at: number;
  /** Text up to here. */
  text: string;
  /** Whether the text must end here. */
  isOver: boolean;
  /** Whether the next character must be part of a word, if it matters; the end of the text is no part of one. */
  nextIsWord: boolean | undefined;
}

/**
 * Makes a text that a pattern matches, one of the shortest. It walks through the program of RE2JS breadth first, and writes a
 * character wherever that would read one.
 *
 * @param pattern The pattern, in RE2's syntax.
 * @returns The text; `undefined` when the pattern is invalid, or none was found within a limit.
 */
export function samplePattern(pattern: string): string | undefined {
  const compiled = compilePattern(pattern);
  if (compiled === null) return undefined;
  const { inst, start } = compiled.regex.re2().prog as { inst: Instruction[]; start: number };
  // A match may begin behind a word.
  const states: State[] = ["", WORD_CHARACTER].map((text) => ({
    at: start,
    text,
    isOver: false,
    nextIsWord: undefined,
  }));
  const seen = new Set<string>();
  // The list grows while it is walked through.
  for (let i = 0; i < states.length && i < MAX_SAMPLE_STATES; i++) {
    const state = states[i]!;
    const instruction = inst[state.at]!;
    const sample = state.nextIsWord ? state.text + WORD_CHARACTER : state.text;
    if (instruction.op === OP.match && matchesPattern(compiled, sample)) return sample;
    for (const next of listNext(instruction, state)) {
      const id = identify(next);
      if (seen.has(id)) continue;
      seen.add(id);
      states.push(next);
    }
  }
  return undefined;
}

/** Names what decides how a match goes on: of the text no more than what assertions look at. */
function identify({ at, text, isOver, nextIsWord }: State): string {
  const last = text.at(-1);
  return [at, last !== undefined, last === "\n", isWord(last), isOver, nextIsWord].join(" ");
}

function listNext(instruction: Instruction, state: State): State[] {
  const { op, out, arg } = instruction;
  const { text, isOver, nextIsWord } = state;
  if (op === OP.alt || op === OP.altMatch) return [{ ...state, at: out }, { ...state, at: arg }];
  if (op === OP.capture || op === OP.nop) return [{ ...state, at: out }];
  if (op === OP.emptyWidth) return assertEmpty(instruction, state);
  if (op < OP.rune || op > OP.runeAnyNotNewline || isOver) return [];
  const rune = chooseRune(instruction, nextIsWord);
  return rune === undefined ? [] : [{ at: out, text: text + rune, isOver, nextIsWord: undefined }];
}

/** Goes on where an assertion can hold. What it demands of the next character is noted. */
function assertEmpty({ out, arg }: Instruction, { text, isOver, nextIsWord }: State): State[] {
  const last = text.at(-1);
  if (arg & ASSERT.beginText && text !== "") return [];
  if (arg & ASSERT.beginLine && text !== "" && last !== "\n") return [];
  let wanted = nextIsWord;
  for (const [bit, next] of [[ASSERT.boundary, !isWord(last)], [ASSERT.noBoundary, isWord(last)]] as const) {
    if (!(arg & bit)) continue;
    if (wanted === !next) return [];
    wanted = next;
  }
  return [{
    at: out,
    text,
    isOver: isOver || (arg & (ASSERT.endText | ASSERT.endLine)) !== 0,
    nextIsWord: wanted,
  }];
}

function chooseRune(instruction: Instruction, isWordWanted: boolean | undefined): string | undefined {
  const { runes } = instruction;
  const listed = [...runes.slice(0, READABLE.length)].filter(isScalar).map((rune) =>
    String.fromCodePoint(rune)
  );
  const candidates = runes.length === 1 ? listed : [...READABLE, ...listed];
  return candidates.find((character) =>
    instruction.matchRune(character.codePointAt(0)!) &&
    (isWordWanted === undefined || isWord(character) === isWordWanted)
  );
}

function isScalar(rune: number): boolean {
  return rune < 0xd800 || rune > 0xdfff;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && WORD.test(character);
}
