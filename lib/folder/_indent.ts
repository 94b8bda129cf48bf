/** Longest array or object that stands on one line: characters without blanks. */
const INLINE_LENGTH = 80;

/** Levels whose members each begin a line, however short: those above a flag. */
const OPEN_LEVELS = 2;

/** Levels that have lines of their own. Deeper ones are on one line: each line of a hostile text would begin with more blanks. */
const INDENTED_LEVELS = 16;

/** Blanks of one level. */
const INDENT = "  ";

/**
 * Writes JSON for people: what is short on one line, the rest indented. No token changes its spelling.
 *
 * @param text Valid JSON without white space outside strings.
 * @returns The same value, with a newline at the end.
 */
export function indentJson(text: string): string {
  const lines: string[] = [];
  let line = "";
  let level = 0;
  /** Offset up to which all is on one line. */
  let inlineEnd = 0;

  function breakLine(): void {
    lines.push(line);
    line = INDENT.repeat(level);
  }

  for (let at = 0; at < text.length;) {
    const end = endOfToken(text, at);
    const token = text.slice(at, end);
    if (at >= inlineEnd && (token === "{" || token === "[")) {
      inlineEnd = findEnd(text, at, inlineLength(level, text)) ?? inlineEnd;
    }
    const isInline = at < inlineEnd;
    if (token === "{" || token === "[") {
      line += isInline && token === "{" && text[end] !== "}" ? "{ " : token;
      level++;
      if (!isInline) breakLine();
    } else if (token === "}" || token === "]") {
      level--;
      if (!isInline) breakLine();
      line += isInline && token === "}" && text[at - 1] !== "{" ? " }" : token;
    } else if (token === ",") {
      line += isInline ? ", " : ",";
      if (!isInline) breakLine();
    } else {
      line += token === ":" ? ": " : token;
    }
    at = end;
  }
  return [...lines, line, ""].join("\n");
}

/** Returns the length up to which an array or object stands on one line; an empty one always does. */
function inlineLength(level: number, text: string): number {
  if (level < OPEN_LEVELS) return "{}".length;
  return level < INDENTED_LEVELS ? INLINE_LENGTH : text.length;
}

/** Finds the end of an array or object that has at most `length` characters. */
function findEnd(text: string, start: number, length: number): number | undefined {
  let level = 0;
  for (let at = start; at < text.length && at - start < length;) {
    const opening = text[at]!;
    at = endOfToken(text, at);
    if (opening === "{" || opening === "[") level++;
    if ((opening === "}" || opening === "]") && --level === 0) return at - start <= length ? at : undefined;
  }
  return undefined;
}

/** Returns the offset past a string, a number or word, or a single character that stands between them. */
function endOfToken(text: string, start: number): number {
  let at = start + 1;
  if (text[start] === '"') {
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    return at + 1;
  }
  if ("{}[],:".includes(text[start]!)) return at;
  while (at < text.length && !"}],".includes(text[at]!)) at++;
  return at;
}
