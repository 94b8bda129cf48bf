import type { JsonRange } from "../archive/mod.ts";
import type { Excerpt } from "./finding.ts";

/** Width of an excerpt: characters. With a margin it fits a narrow terminal. */
const WIDTH = 70;

/** Part of it before the fault: characters. */
const LEAD = 30;

/** Part of the line that is looked at before and behind the start of the fault: bytes. */
const WINDOW = 4 * WIDTH;

/** Distance between positions whose line and column are remembered: bytes. */
const STEP = 65_536;

const NEWLINE = 0x0a;

/** A place in a text. */
interface Position {
  /** Number of its line, from 0. */
  line: number;
  /** Offset of its line: bytes. */
  lineStart: number;
  /** Characters before it in its line. */
  column: number;
}

/** Cuts excerpts from a text, however long it and its lines are. */
export class Excerpts {
  readonly #text: Uint8Array;
  readonly #mask: (line: string) => string;
  readonly #positions: Position[] = [{ line: 0, lineStart: 0, column: 0 }];

  /**
   * Wraps a text.
   *
   * @param text UTF-8, or bytes that should be.
   * @param mask Masks what must not be seen in a part of a line, and keeps its length.
   */
  constructor(text: Uint8Array, mask: (line: string) => string) {
    this.#text = text;
    this.#mask = mask;
  }

  /**
   * Cuts the excerpt of a part.
   *
   * @param part Where it is; what of it is in its first line counts.
   * @returns The excerpt.
   */
  cut({ start, end: lastByteEnd }: JsonRange): Excerpt {
    const end = this.#toBoundary(lastByteEnd);
    const position = this.#find(start);
    const windowStart = this.#toBoundary(Math.max(position.lineStart, start - WINDOW));
    const newline = this.#text.subarray(start, start + WINDOW).indexOf(NEWLINE);
    const windowEnd = newline < 0
      ? this.#toBoundary(Math.min(start + WINDOW, this.#text.length))
      : start + newline;
    const before = this.#read(windowStart, start).trimStart();
    const part = this.#read(start, Math.min(end, windowEnd));
    const line = this.#mask(`${before}${part}${this.#read(Math.min(end, windowEnd), windowEnd)}`).trimEnd();
    const from = Math.max(0, Math.min(before.length - LEAD, line.length - WIDTH));
    const to = Math.min(line.length, from + WIDTH);
    const isCutBefore = from > 0 || windowStart > position.lineStart;
    const isCutBehind = to < line.length || (newline < 0 && windowEnd < this.#text.length);
    const shown = line.slice(isCutBefore ? from + 1 : from, isCutBehind ? to - 1 : to);
    const text = `${isCutBefore ? "…" : ""}${shown}${isCutBehind ? "…" : ""}`;
    const caret = before.length - from;
    const length = Math.max(1, Math.min(part.length, text.length - caret));
    return { text: text.toWellFormed(), caret, length, line: position.line + 1, column: position.column + 1 };
  }

  #find(at: number): Position {
    const text = this.#text;
    const known = Math.min(Math.floor(at / STEP), this.#positions.length - 1);
    let { line, lineStart, column } = this.#positions[known]!;
    for (let i = known * STEP; i < at; i++) {
      const byte = text[i]!;
      if (byte === NEWLINE) [line, lineStart, column] = [line + 1, i + 1, 0];
      else if (!isContinuation(byte)) column++;
      if ((i + 1) % STEP === 0) this.#positions.push({ line, lineStart, column });
    }
    return { line, lineStart, column };
  }

  /** Moves an offset inside of a character to its end. */
  #toBoundary(at: number): number {
    while (at < this.#text.length && isContinuation(this.#text[at]!)) at++;
    return at;
  }

  #read(start: number, end: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#text.subarray(start, end))
      .replace(/\p{Cc}/gu, " ");
  }
}

/** Reports whether a byte is the second or a later one of a character. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
