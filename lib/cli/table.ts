import { escapeInvisible } from "../observe/mod.ts";
import type { Span, Terminal } from "./terminal.ts";

/** A cell of a table. */
export type Cell = string | Span;

/** Columns between two cells of a row. */
const GAP = 2;

/** Narrowest that a cell is made; rather than that, a row is wider than the terminal: columns. */
const NARROWEST_CELL = 12;

/** Rows that are printed at once: a write for each would take most of the time. */
const ROWS_AT_ONCE = 100;

/** Text of which each character takes one column. */
const NARROW = /^[\x20-\x7e]*$/;

/** Characters that take two columns of a terminal (Unicode, UAX 11), as far as properties tell. */
const WIDE = /\p{Emoji_Presentation}|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\uff01-\uff60]/u;

/**
 * Prints rows, aligned. On a terminal, cells that are too long for its width go on in the next line of their column.
 *
 * @param terminal Where to.
 * @param rows Cells of each row.
 * @param indent Columns before each row. @default {0}
 */
export function printTable(terminal: Terminal, rows: readonly (readonly Cell[])[], indent = 0): void {
  const cells = rows.map((row) => row.map(toSpan));
  const widths = fit(
    findWidths(cells),
    terminal.columns === undefined ? Infinity : terminal.columns - indent,
  );
  for (let i = 0; i < cells.length; i += ROWS_AT_ONCE) {
    const rows = cells.slice(i, i + ROWS_AT_ONCE);
    terminal.print(rows.flatMap((row) => [...layOut(row, widths, indent)]));
  }
}

/** Lays out a row: the spans of its lines. */
function* layOut(row: readonly Span[], widths: readonly number[], indent: number): Generator<Span> {
  const wrapped = row.map(({ text }, i) => wrap(text, widths[i]!));
  const height = Math.max(...wrapped.map(({ length }) => length));
  for (let line = 0; line < height; line++) {
    yield { text: " ".repeat(indent) };
    const last = wrapped.findLastIndex((lines) => (lines[line] ?? "") !== "");
    for (let i = 0; i <= last; i++) {
      const text = wrapped[i]![line] ?? "";
      const padding = i === last ? 0 : widths[i]! - widthOf(text) + GAP;
      yield { text, style: row[i]!.style };
      yield { text: " ".repeat(Math.max(padding, 0)) };
    }
    yield { text: "\n" };
  }
}

function toSpan(cell: Cell): Span {
  const { text, style } = typeof cell === "string" ? { text: cell, style: undefined } : cell;
  return { text: escapeInvisible(text), style };
}

function findWidths(rows: readonly (readonly Span[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(text));
  }
  return widths;
}

/** Makes the widest columns narrower until all fit. */
function fit(widths: readonly number[], columns: number): number[] {
  const fitted = [...widths];
  let excess = fitted.reduce((sum, width) => sum + width + GAP, -GAP) - columns;
  while (excess > 0) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST_CELL) break;
    const i = fitted.lastIndexOf(widest);
    // Down to the second widest, so that columns shrink evenly.
    const next = Math.max(NARROWEST_CELL, ...fitted.filter((width) => width < widest));
    const less = Math.min(excess, Math.max(widest - next, 1));
    fitted[i] = widest - less;
    excess -= less;
  }
  return fitted;
}

/** Returns the width of a text: columns. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!/\p{Mn}/u.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Breaks a text into lines, each indented as it is: after blanks, `_` and `/`, and within words that are too long. */
function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const [indent] = /^ */.exec(text)!;
  return wrapWords(text.slice(indent.length), Math.max(width - indent.length, 1)).map((line) =>
    indent + line
  );
}

function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(/(?<=[ _/])/)) {
    if (widthOf(line + word.trimEnd()) > width && line !== "") {
      lines.push(line.trimEnd());
      line = "";
    }
    while (widthOf(word.trimEnd()) > width) {
      const part = takeColumns(word, width);
      lines.push(part);
      word = word.slice(part.length);
    }
    line += word;
  }
  if (line !== "") lines.push(line.trimEnd());
  return lines;
}

/** Returns the longest beginning of a text that fits, one character at least. */
function takeColumns(text: string, width: number): string {
  let part = "";
  for (const character of text) {
    if (part !== "" && widthOf(part + character) > width) break;
    part += character;
  }
  return part;
}

/**
 * Describes how many there are of each, e.g. `2 variations, 1 rule`.
 *
 * @param counts Numbers with their nouns in the singular.
 * @returns One line; without those of which there is none.
 */
export function describeCounts(
  counts: readonly (readonly [count: number | undefined, noun: string])[],
): string {
  return counts.filter(([count]) => count)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? "" : "s"}`).join(", ");
}
