import { RE2JS } from "re2js";
import { includesText } from "./_search.ts";

/** A regular expression in RE2's syntax, as Go's `regexp` reads it. */
export interface Pattern {
  /** The text that it stands for, where it has no operators; else null. */
  literal: string | null;
  /** Matches in linear time, whatever the pattern and the text. */
  regex: RE2JS;
  /** Whether its automaton has grown so large that it is simulated instead. */
  isSimulated: boolean;
  /** Instructions of its program: what one character of text costs at most. */
  size: number;
}

/** Cost of starting a match, so that many short texts count too: characters. */
const START_COST = 16;

/**
 * Most states of a pattern's automaton. RE2JS builds it out of the texts that it meets, ten times as slow as to
 * simulate it and up to 8 MB; ordinary patterns get by with some dozens.
 *
 * @limit states: the pattern is simulated from then on, at up to 17 ns per step instead of one or less
 */
const MAX_STATES = 1_000;

/** Steps from which on a match is simulated at once, since building an automaton could hold up others for too long. */
const BUILDING_STEPS = 100_000;

/** Characters that make a pattern more than plain text. */
const OPERATORS = /[\\^$.|?*+()[\]{}]/;

/** Quoted text, a Unicode class, another escape, a bracketed class, the start of a named group. */
const TOKEN =
  /\\Q.*?(?:\\E|$)|\\[pP](?:\{[^}]*\}|[A-Za-z])|\\.|\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]|\(\?P?<\w+>/gsu;

/** A Unicode class, or another escape, inside of a bracketed class. */
const ESCAPE = /\\[pP](?:\{[^}]*\}|[A-Za-z])|\\./gsu;

/** Unicode's names of general categories (PropertyValueAliases.txt), without what Go ignores in a name. */
const CATEGORIES: Record<string, string> = {
  Other: "C",
  Control: "Cc",
  Cntrl: "Cc",
  Format: "Cf",
  Unassigned: "Cn",
  Privateuse: "Co",
  Surrogate: "Cs",
  Letter: "L",
  Casedletter: "Lc",
  Lowercaseletter: "Ll",
  Modifierletter: "Lm",
  Otherletter: "Lo",
  Titlecaseletter: "Lt",
  Uppercaseletter: "Lu",
  Mark: "M",
  Combiningmark: "M",
  Spacingmark: "Mc",
  Enclosingmark: "Me",
  Nonspacingmark: "Mn",
  Number: "N",
  Decimalnumber: "Nd",
  Digit: "Nd",
  Letternumber: "Nl",
  Othernumber: "No",
  Punctuation: "P",
  Punct: "P",
  Connectorpunctuation: "Pc",
  Dashpunctuation: "Pd",
  Closepunctuation: "Pe",
  Finalpunctuation: "Pf",
  Initialpunctuation: "Pi",
  Otherpunctuation: "Po",
  Openpunctuation: "Ps",
  Symbol: "S",
  Currencysymbol: "Sc",
  Modifiersymbol: "Sk",
  Mathsymbol: "Sm",
  Othersymbol: "So",
  Separator: "Z",
  Lineseparator: "Zl",
  Paragraphseparator: "Zp",
  Spaceseparator: "Zs",
};

/** Names that are their own: Go's three sets and "LC", and Unicode's short names of categories. */
const SHORT_NAMES = new Set(["Any", "Ascii", "Assigned", ...Object.values(CATEGORIES)]);

/**
 * Compiles a pattern.
 *
 * @param text The pattern.
 * @returns The compiled pattern, or `null` when it is none: such a pattern never matches.
 */
export function compilePattern(text: string): Pattern | null {
  try {
    const regex = RE2JS.compile(toRe2(text));
    return {
      literal: OPERATORS.test(text) ? null : text,
      regex,
      isSimulated: false,
      size: regex.programSize(),
    };
  } catch {
    return null;
  }
}

/**
 * Counts the steps (an instruction at a character) that a match may take.
 *
 * @param pattern The pattern.
 * @param length Length of the text that it is matched against: UTF-16 code units.
 * @returns An upper bound.
 */
export function countPatternSteps({ literal, size }: Pattern, length: number): number {
  return literal === null ? size * (length + START_COST) : START_COST + length;
}

/**
 * Reports whether a pattern matches a part of a text.
 *
 * @param pattern The pattern.
 * @param text The text.
 * @returns Whether it does.
 */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  const { literal, regex, isSimulated } = pattern;
  if (literal !== null) return includesText(text, literal);
  if (isSimulated || countPatternSteps(pattern, text.length) > BUILDING_STEPS) {
    return regex.matcher(text).find();
  }
  const matches = regex.test(text);
  if (regex.re2().dfa.stateCount > MAX_STATES) {
    pattern.isSimulated = true;
    // Anew, without the automaton.
    pattern.regex = RE2JS.compile(regex.pattern());
  }
  return matches;
}

/**
 * Rewrites what RE2JS reads otherwise than Go: groups may share a name, and names of Unicode classes come in any case and
 * with any separators, but are those of categories and scripts alone.
 */
function toRe2(pattern: string): string {
  return pattern.replace(TOKEN, (token) => {
    if (token.startsWith("(")) return "(";
    if (token.startsWith("\\Q")) return token;
    return token.replace(ESCAPE, renameClass);
  });
}

function renameClass(escape: string): string {
  const [, sign, negation, name] = /^\\([pP])\{?(\^?)([^}]*)\}?$/s.exec(escape) ?? [];
  return sign === undefined ? escape : `\\${sign}{${negation}${findClassName(name!)}}`;
}

function findClassName(name: string): string {
  const letters = name.replace(/[-_ ]/g, "");
  const canonical = letters.slice(0, 1).toUpperCase() + letters.slice(1).toLowerCase();
  if (SHORT_NAMES.has(canonical)) return canonical;
  // RE2JS refuses the name "?".
  return CATEGORIES[canonical] ?? [name, canonical].find(isScript) ?? "?";
}

/** RE2JS knows further properties, such as `Emoji`, by names that are no script's. */
function isScript(name: string): boolean {
  try {
    new RegExp(`^\\p{Script=${name}}`, "u");
    return true;
  } catch {
    return false;
  }
}
