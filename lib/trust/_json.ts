import { quote } from "./_quote.ts";
import { TrustError } from "./trust_error.ts";

/** Brackets of objects, strings (with a colon if they are names) and numbers, in text that is JSON. */
const TOKEN = /[{}]|"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[\d.eE+-]*/g;

/**
 * Parses a JSON object that means the same to every reader of JSON: no object in it has a field twice, and each number is written
 * as `JSON.stringify()` does, so that none is rounded.
 *
 * @param text The object. The caller bounds its length.
 * @param what What it is, for errors: "The manifest".
 * @returns The object.
 * @throws {TrustError} When it is something else.
 */
export function parseJsonObject(text: string, what: string): Record<string, unknown> {
  const value = parseJson(text, what);
  if (!isObject(value)) throw new TrustError(`${what} is not a JSON object`);
  const objects: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKEN)) {
    if (token === "{") objects.push(new Set());
    else if (token === "}") objects.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length));
      const names = objects.at(-1)!;
      if (names.has(name)) throw new TrustError(`${what} has a field twice: ${quote(name)}`);
      names.add(name);
    } else if (!token.startsWith('"') && String(Number(token)) !== token) {
      throw new TrustError(`${what} has a number that is not in its plain form: ${quote(token)}`);
    }
  }
  return value;
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrustError(`${what} is not JSON`, { cause });
  }
}

/**
 * Reports whether a value of JSON is an object.
 *
 * @param value The value.
 * @returns Whether it is neither an array, nor `null`, nor a scalar.
 */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
