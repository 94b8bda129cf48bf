import { MAX_ITEM_DEPTH, MAX_JSON_DEPTH } from "./_limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
/** A number with an exponent of two digits, or of very many digits: only such may be past the range of a double. */
const MAY_BE_INFINITE = /[:,[]-?(\d{290}|\d[\d.]*[eE]\+?\d\d)/;
const NULL = new TextEncoder().encode("null");

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
  if (nestsDeeper(json, MAX_JSON_DEPTH)) {
    throw new SyntaxError(`the text nests deeper than ${MAX_JSON_DEPTH} levels`);
  }
  return parseText(json);
}

function parseText(json: Uint8Array): unknown {
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

/** A data file without the flags and segments that nest too deep. */
export interface ShallowData {
  /** What the JSON says, with `null` in their place. */
  values: unknown;
  /** The same as text. */
  json: Uint8Array;
  /** Their keys, by kind. */
  tooDeep: Map<string, Set<string>>;
}

/**
 * Parses a data file without the flags and segments that nest deeper than SDKs can read, and before these cost anything.
 *
 * @param json UTF-8.
 * @returns The rest.
 * @throws {SyntaxError} As `parseJson`.
 */
export function parseShallow(json: Uint8Array): ShallowData {
  const tooDeep = new Map<string, Set<string>>();
  // The file and a kind are two levels.
  if (!nestsDeeper(json, MAX_ITEM_DEPTH + 2)) return { values: parseText(json), json, tooDeep };
  const rest = new Uint8Array(json);
  for (const kind of listMembers(json, 0)) {
    const keys = tooDeep.get(kind.key) ?? new Set();
    tooDeep.set(kind.key, keys);
    for (const { key, start, end } of listMembers(json, kind.start)) {
      if (!nestsDeeper(json.subarray(start, end), MAX_ITEM_DEPTH)) continue;
      keys.add(key);
      rest.fill(SPACE, start, end);
      rest.set(NULL, start);
    }
  }
  return { values: parseJson(rest), json: rest, tooDeep };
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
  const kinds = new Map<string, Map<string, string>>();
  for (const kind of listMembers(compact, 0)) {
    if (kinds.has(kind.key)) throw new SyntaxError(`${JSON.stringify(kind.key)} is there twice`);
    const items = new Map<string, string>();
    kinds.set(kind.key, items);
    for (const { key, start, end } of listMembers(compact, kind.start)) {
      if (items.has(key)) {
        throw new SyntaxError(`${JSON.stringify(key)} is there twice in ${JSON.stringify(kind.key)}`);
      }
      items.set(key, DECODER.decode(compact.subarray(start, end)));
    }
  }
  return kinds;
}

/**
 * Reports whether a text has a number past the range of a double. Go and Rust refuse all that comes with such a number, others
 * read it as infinity.
 *
 * @param text Valid JSON, without whitespace outside strings.
 * @returns Whether there is one.
 */
export function hasInfinity(text: string): boolean {
  let isFound = false;
  if (MAY_BE_INFINITE.test(text)) {
    JSON.parse(text, (_, value) => {
      isFound ||= value === Infinity || value === -Infinity;
    });
  }
  return isFound;
}

/** Reports whether arrays and objects nest deeper than so many levels. */
function nestsDeeper(json: Uint8Array, levels: number): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = endOfString(json, i) - 1;
    } else if (isOpening(byte)) {
      if (++depth > levels) return true;
    } else if (isClosing(byte)) {
      depth--;
    }
  }
  return false;
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

/**
 * Lists the members of an object.
 *
 * @param json UTF-8.
 * @param at Offset of the object or of white space before it: bytes.
 * @returns Its members; none if there is no object.
 * @throws {SyntaxError} When a key is not JSON.
 */
function* listMembers(json: Uint8Array, at: number): Generator<Member> {
  let keyStart = skipWhitespace(json, skipWhitespace(json, at) + 1);
  while (json[keyStart] === QUOTE) {
    const keyEnd = endOfString(json, keyStart);
    const key = parseKey(json.subarray(keyStart, keyEnd));
    const start = skipWhitespace(json, skipWhitespace(json, keyEnd) + 1);
    const end = endOfValue(json, start);
    yield { key, start, end };
    keyStart = json[end] === COMMA ? skipWhitespace(json, end + 1) : end;
  }
}

function parseKey(text: Uint8Array): string {
  try {
    return JSON.parse(DECODER.decode(text));
  } catch {
    throw new SyntaxError("the text is not JSON");
  }
}

function skipWhitespace(json: Uint8Array, at: number): number {
  while (at < json.length && json[at]! <= SPACE) at++;
  return at;
}

/** Gives the offset past a value that is followed by a comma or a closing bracket. */
function endOfValue(json: Uint8Array, start: number): number {
  let depth = 0;
  for (let i = start; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = endOfString(json, i) - 1;
    } else if (isOpening(byte)) {
      depth++;
    } else if (depth === 0 && (byte === COMMA || isClosing(byte))) {
      return i;
    } else if (isClosing(byte)) {
      depth--;
    }
  }
  return json.length;
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
