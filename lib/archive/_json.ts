import { MAX_JSON_DEPTH } from "./_limits.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const SPACE = 0x20;

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A number with an exponent of two digits, or with very many digits: only these can be out of the range of a double. */
const MAY_BE_INFINITE = /[:,[]-?(\d{290}|\d[\d.]*[eE]\+?\d\d)/;

/** Error: a fault in JSON text, and where it is. The message holds nothing of the text, in which keys may be. */
export class JsonError extends SyntaxError {
  /** Set so that stack traces show it. */
  override readonly name = "JsonError";
  /** Offset of the first byte that does not fit, or of the value that does not. */
  readonly at: number;

  /**
   * Creates the error.
   *
   * @param problem What is wrong.
   * @param at Offset: bytes.
   */
  constructor(problem: string, at: number) {
    super(problem);
    this.at = at;
  }
}

/** A member of an object in JSON text. */
export interface Member {
  /** Key, unescaped. */
  key: string;
  /** Value. */
  value: Value;
}

/** Where a value is in JSON text. */
export interface JsonRange {
  /** Offset of its first byte. */
  start: number;
  /** Offset past its last byte. {@linkcode scanValue} includes white space behind the value. */
  end: number;
}

/** A value in JSON text, as far as it is known without parsing it. */
export interface Value extends JsonRange {
  /** Levels of arrays and objects. */
  depth: number;
  /** Whether there is white space outside strings. */
  isSpaced: boolean;
}

/**
 * Parses JSON text that may nest no deeper than it should.
 *
 * @param json UTF-8.
 * @param value Which part of it. @default {all}
 * @param decoded That part decoded. @default {it is decoded here}
 * @returns The value.
 * @throws {JsonError} When it is not UTF-8, nests too deep or is not JSON.
 */
export function parseJson(
  json: Uint8Array,
  value: Value = scanAll(json),
  decoded: string | undefined = undefined,
): unknown {
  // Before the parser, which would take memory for each level.
  if (value.depth > MAX_JSON_DEPTH) {
    throw new JsonError(`the text nests deeper than ${MAX_JSON_DEPTH} levels`, value.start);
  }
  const text = decoded ?? decode(json.subarray(value.start, value.end), value.start);
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const position = message.includes("end of JSON") ? text.length : / at position (\d+)/.exec(message)?.[1];
    if (position === undefined) throw new JsonError("the text is not JSON", value.start);
    throw notJson(json, value.start + new TextEncoder().encode(text.slice(0, Number(position))).length);
  }
}

/** All of a text, whatever follows its first value. */
function scanAll(json: Uint8Array): Value {
  return { ...scanValue(json, 0), end: json.length };
}

/**
 * Lists the members of an object, whose values are not parsed.
 *
 * @param json UTF-8.
 * @param object Where the object is.
 * @returns Its members, in order.
 * @throws {JsonError} When what is between the values, or behind the last, is not JSON.
 */
export function* listMembers(json: Uint8Array, object: JsonRange): Generator<Member> {
  let at = skipSpace(json, object.start + 1);
  while (json[at] !== CLOSING_BRACE) {
    if (json[at] !== QUOTE) throw notJson(json, at);
    const keyEnd = endOfString(json, at);
    const key = parseJson(json, { start: at, end: keyEnd, depth: 0, isSpaced: false }) as string;
    const colon = skipSpace(json, keyEnd);
    if (json[colon] !== COLON) throw notJson(json, colon);
    const value = scanValue(json, skipSpace(json, colon + 1));
    yield { key, value };
    at = value.end;
    if (json[at] === CLOSING_BRACE) break;
    if (json[at] !== COMMA) throw notJson(json, at);
    at = skipSpace(json, at + 1);
    if (json[at] !== QUOTE) throw notJson(json, at);
  }
  const rest = skipSpace(json, at + 1);
  if (rest < object.end) throw notJson(json, rest);
}

/**
 * Reports whether a value is an object, if it is JSON at all.
 *
 * @param json UTF-8.
 * @param value The value.
 * @returns Whether it begins like one.
 */
export function isObject(json: Uint8Array, value: JsonRange): boolean {
  return json[value.start] === OPENING_BRACE;
}

/**
 * Finds the end of a value. It does not distinguish kinds of brackets; parsing the value does.
 *
 * @param json UTF-8.
 * @param at Offset of the value, or of white space before it.
 * @returns The value.
 */
export function scanValue(json: Uint8Array, at: number): Value {
  const start = skipSpace(json, at);
  let level = 0;
  let depth = 0;
  let isSpaced = false;
  let i = start;
  for (; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = endOfString(json, i) - 1;
    } else if ((byte | 0x20) === OPENING_BRACE) { // or "["
      if (++level > depth) depth = level;
    } else if ((byte | 0x20) === CLOSING_BRACE) { // or "]"
      if (--level < 0) break;
    } else if (level === 0 && byte === COMMA) {
      break;
    } else if (byte <= SPACE) {
      isSpaced = true;
    }
  }
  return { start, end: i, depth, isSpaced };
}

/**
 * Returns a value without white space outside strings, because a newline would end a line of a server-sent event. Spellings
 * (`1.0`, `\u00e9`) stay.
 *
 * @param json UTF-8.
 * @param value Valid JSON.
 * @returns The bytes: a view where nothing had to go.
 */
export function compact(json: Uint8Array, { start, end, isSpaced }: Value): Uint8Array {
  if (!isSpaced) return json.subarray(start, end);
  const out = new Uint8Array(end - start);
  let length = 0;
  for (let i = start; i < end;) {
    const next = json[i] === QUOTE ? endOfString(json, i) : i + 1;
    if (json[i]! > SPACE) {
      while (i < next) out[length++] = json[i++]!;
    } else {
      i = next;
    }
  }
  return out.subarray(0, length);
}

/**
 * Decodes UTF-8.
 *
 * @param bytes The bytes.
 * @param at Their offset in the file, for the fault: bytes.
 * @returns The text.
 * @throws {JsonError} When they are something else.
 */
export function decode(bytes: Uint8Array, at = 0): string {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw new JsonError("the text is not UTF-8", at + findOtherThanUtf8(bytes));
  }
}

/** Returns the offset of the first byte that is not UTF-8, or the length where the last character is cut off. */
function findOtherThanUtf8(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      // As a stream: a character that is cut off is no fault.
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

/**
 * Reports whether a text has a number past the range of a double. Go and Rust refuse all that comes with such a number, others
 * read it as infinity.
 *
 * @param text Valid JSON, without white space outside strings.
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

/** Creates the error of a text that is not JSON, at the offset of the first byte that does not fit. */
function notJson(json: Uint8Array, at: number): JsonError {
  let line = 1;
  let lineStart = 0;
  for (let i = json.indexOf(0x0a); i >= 0 && i < at; i = json.indexOf(0x0a, i + 1)) {
    line++;
    lineStart = i + 1;
  }
  return new JsonError(
    `the text is not JSON at position ${at} (line ${line} column ${at - lineStart + 1})`,
    at,
  );
}

/**
 * Skips white space as JSON has it (RFC 8259).
 *
 * @param json UTF-8.
 * @param at Where to begin.
 * @returns Offset of the first byte that is something else.
 */
export function skipSpace(json: Uint8Array, at: number): number {
  while (json[at] === SPACE || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at++;
  return at;
}

/** Returns the offset past the string that begins at `start`, or the end of a text that ends before. */
function endOfString(json: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1;
  return Math.min(i + 1, json.length);
}
