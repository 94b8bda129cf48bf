import { isObject, type JsonRange, listMembers, scanValue, skipSpace } from "./_json.ts";

const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * Finds a value inside another one.
 *
 * @param json UTF-8.
 * @param root Where the outer value is, or white space before it; it is valid JSON.
 * @param path Names and indices that lead to the inner value.
 * @returns Where it is, or the first byte of the innermost value on the way to it, in which it is missing.
 */
export function findValue(
  json: Uint8Array,
  root: JsonRange,
  path: readonly (string | number)[],
): JsonRange {
  let found: JsonRange = { start: skipSpace(json, root.start), end: root.end };
  for (const step of path) {
    const inner = typeof step === "string" ? findMember(json, found, step) : findElement(json, found, step);
    if (inner === undefined) return { start: found.start, end: found.start + 1 };
    found = inner;
  }
  let { start, end } = found;
  while (end > start + 1 && json[end - 1]! <= 0x20) end--;
  return { start, end };
}

function findMember(json: Uint8Array, object: JsonRange, name: string): JsonRange | undefined {
  if (!isObject(json, object)) return undefined;
  let found: JsonRange | undefined;
  // The last of several counts.
  for (const { key, value } of listMembers(json, object)) found = key === name ? value : found;
  return found;
}

function findElement(json: Uint8Array, array: JsonRange, index: number): JsonRange | undefined {
  if (json[array.start] !== OPENING_BRACKET) return undefined;
  let at = skipSpace(json, array.start + 1);
  for (let i = 0; at < array.end && json[at] !== CLOSING_BRACKET; i++) {
    const value = scanValue(json, at);
    if (i === index) return value;
    if (json[value.end] !== COMMA) break;
    at = skipSpace(json, value.end + 1);
  }
}
