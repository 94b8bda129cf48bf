/** A part of a pattern, as a tree. */
export type PatternTree =
  | {
    /** One character: the pattern that it matches. Empty for an assertion such as `^`, which takes none. */
    kind: "atom";
    text: string;
  }
  | { kind: "sequence" | "choice"; parts: PatternTree[] }
  | { kind: "repeat"; part: PatternTree; min: number; max: number; text: string };

/** An escape of one character or a class, a bracketed class, an opening parenthesis with what belongs to it, or a character. */
const TOKEN =
  /\\[pP](?:\{[^}]*\}|[A-Za-z])|\\x\{[\dA-Fa-f]+\}|\\x[\dA-Fa-f]{2}|\\[0-7]{1,3}|\\.|\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\])*\]|\((?:\?P?<\w+>|\?[a-zA-Z-]*[:)])?|./syu;

const QUANTIFIER = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;

/** Escapes that take no character. */
const ASSERTION = /^(?:\\[AbBz]|[\^$])$/;

/**
 * Parses a pattern.
 *
 * @param pattern The pattern, valid in RE2's syntax.
 * @returns Its tree, or `undefined` where it quotes text by `\Q`.
 */
export function parsePattern(pattern: string): PatternTree | undefined {
  let at = 0;
  if (pattern.includes("\\Q")) return undefined;

  function parseChoice(): PatternTree {
    const parts = [parseSequence()];
    while (pattern[at] === "|") {
      at++;
      parts.push(parseSequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  function parseSequence(): PatternTree {
    const parts: PatternTree[] = [];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") {
      const start = at;
      const part = parsePart();
      parts.push(parseQuantifier(part, start));
    }
    return { kind: "sequence", parts };
  }

  function parsePart(): PatternTree {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(pattern)!;
    at += token.length;
    if (!token.startsWith("(")) return { kind: "atom", text: ASSERTION.test(token) ? "" : token };
    // Flags alone, such as "(?i)".
    if (token.endsWith(")")) return { kind: "sequence", parts: [] };
    const inner = parseChoice();
    at++;
    return inner;
  }

  function parseQuantifier(part: PatternTree, start: number): PatternTree {
    QUANTIFIER.lastIndex = at;
    const [quantifier, least, comma, most] = QUANTIFIER.exec(pattern) ?? [];
    if (quantifier === undefined) return part;
    at += quantifier.length;
    const min = least === undefined ? Number(quantifier.startsWith("+")) : Number(least);
    const max = least === undefined
      ? quantifier.startsWith("?") ? 1 : Infinity
      : comma
      ? most ? Number(most) : Infinity
      : min;
    return { kind: "repeat", part, min, max, text: pattern.slice(start, at) };
  }

  return parseChoice();
}
