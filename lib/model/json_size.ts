/** Roles of JSON bytes outside of strings, and of those that end strings. */
const ROLES = new Uint8Array(256);
const [SPACE, COMMA, OPENING, CLOSING, QUOTE, BACKSLASH] = [1, 2, 3, 4, 5, 6];
for (const [i, bytes] of [" \t\r\n", ",", "[{", "]}", '"', "\\"].entries()) {
  for (const byte of new TextEncoder().encode(bytes)) ROLES[byte] = i + 1;
}

/** Most that JSON may have. */
export interface JsonLimits {
  /** Levels of objects and arrays in each other. */
  depth: number;
  /** Values inside of the outermost one, nested ones included. */
  values: number;
}

/**
 * Finds out whether JSON is too large to be parsed. It looks at the text, since a megabyte of brackets or keys would hold up everybody
 * while it is parsed.
 *
 * @param json JSON in UTF-8. Whether it is valid is not checked.
 * @param limits Most that it may have.
 * @returns What it has too much of; `undefined` where it has not.
 */
export function findExcess(json: Uint8Array, limits: JsonLimits): keyof JsonLimits | undefined {
  let depth = 0;
  let values = 0;
  let isFirst = false;
  for (let i = 0; i < json.length; i++) {
    const role = ROLES[json[i]!];
    if (role === SPACE) continue;
    if (role === COMMA || isFirst && role !== CLOSING) values++;
    isFirst = role === OPENING;
    if (role === OPENING) depth++;
    else if (role === CLOSING) depth--;
    else if (role === QUOTE) i = findStringEnd(json, i);
    if (depth > limits.depth) return "depth";
    if (values > limits.values) return "values";
  }
}

function findStringEnd(json: Uint8Array, start: number): number {
  let end = start + 1;
  for (; end < json.length && ROLES[json[end]!] !== QUOTE; end++) if (ROLES[json[end]!] === BACKSLASH) end++;
  return end;
}
