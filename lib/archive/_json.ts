import { MAX_JSON_DEPTH } from "./_limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** A member of an object in JSON text. */
interface Member {
  /** Its key, unescaped. */
  key: string;
  /** Offset of its value: bytes. */
  start: number;
  /** Offset past its value: bytes. */
  end: number;
}

/**
 * Parses JSON text that may nest no deeper than it should.
 *
 * @param json UTF-8.
 * @returns The value.
 * @throws {SyntaxError} When it is not UTF-8, nests too deep or is no JSON. The message holds nothing of the text, in
 * which keys may be.
 */
export function parseJson(json: Uint8Array): unknown {
  // Before the parser, which would take memory for each level.
  checkDepth(json);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw new SyntaxError("the text is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = / at position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0] ?? "";
    throw new SyntaxError(`the text is not JSON${where}`);
  }
}

/**
 * Cuts the raw text of every flag and segment out of a data file. Spellings (`1.0`, `\u00e9`, unknown fields) stay;
 * whitespace outside strings goes, because a newline would end a line of a server-sent event.
 *
 * It works on bytes, and each text is a string of its own: no text keeps the whole file in memory, and a letter beyond
 * Latin-1 in one flag does not double the size of the others.
 *
 * @param json UTF-8; valid JSON, an object whose members are objects or null.
 * @returns Texts by key, by kind.
 * @throws {SyntaxError} When a kind, a flag or a segment is there twice.
 */
export function sliceItems(json: Uint8Array): Map<string, Map<string, string>> {
  const compact = removeWhitespace(json);
  const decoder = new TextDecoder();
  const kinds = new Map<string, Map<string, string>>();
  for (const kind of listMembers(compact, 0)) {
    if (kinds.has(kind.key)) throw new SyntaxError(`${JSON.stringify(kind.key)} is there twice`);
    const items = new Map<string, string>();
    kinds.set(kind.key, items);
    for (const { key, start, end } of listMembers(compact, kind.start)) {
      if (items.has(key)) {
        throw new SyntaxError(`${JSON.stringify(key)} is there twice in ${JSON.stringify(kind.key)}`);
      }
      items.set(key, decoder.decode(compact.subarray(start, end)));
    }
  }
  return kinds;
}

function checkDepth(json: Uint8Array): void {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = endOfString(json, i) - 1;
    } else if (isOpening(byte)) {
      if (++depth > MAX_JSON_DEPTH) {
        throw new SyntaxError(`the text nests deeper than ${MAX_JSON_DEPTH} levels`);
      }
    } else if (isClosing(byte)) {
      depth--;
    }
  }
}

function removeWhitespace(json: Uint8Array): Uint8Array {
  const out = new Uint8Array(json.length);
  let length = 0;
  for (let i = 0; i < json.length;) {
    const end = json[i] === QUOTE ? endOfString(json, i) : i + 1;
    if (json[i]! > 0x20) {
      while (i < end) out[length++] = json[i++]!;
    } else {
      i = end;
    }
  }
  return out.subarray(0, length);
}

/** Lists the members of the object at `at`; none if it is null. */
function* listMembers(compact: Uint8Array, at: number): Generator<Member> {
  let start = at + 1;
  while (compact[start] === QUOTE) {
    const colon = endOfString(compact, start);
    const key = JSON.parse(new TextDecoder().decode(compact.subarray(start, colon)));
    const end = endOfValue(compact, colon + 1);
    yield { key, start: colon + 1, end };
    start = compact[end] === COMMA ? end + 1 : end;
  }
}

/** Gives the offset past a value that is followed by a comma or a closing bracket. */
function endOfValue(compact: Uint8Array, start: number): number {
  let depth = 0;
  for (let i = start; i < compact.length; i++) {
    const byte = compact[i]!;
    if (byte === QUOTE) {
      i = endOfString(compact, i) - 1;
    } else if (isOpening(byte)) {
      depth++;
    } else if (depth === 0 && (byte === COMMA || isClosing(byte))) {
      return i;
    } else if (isClosing(byte)) {
      depth--;
    }
  }
  return compact.length;
}

/** Gives the offset past the string that begins at `start`, or the end of a text that ends before. */
function endOfString(json: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1;
  return i + 1;
}

/** `{` or `[`. */
function isOpening(byte: number): boolean {
  return (byte | 0x20) === 0x7b;
}

/** `}` or `]`. */
function isClosing(byte: number): boolean {
  return (byte | 0x20) === 0x7d;
}
