import type { Field, Shape } from "../model/mod.ts";

/**
 * Does the same as {@linkcode completeText} for a text that is as `JSON.stringify` writes its value, in a fraction of the time: there
 * are no other spellings to keep and no duplicate fields, and as a rule fields are only left out, so that defaults go to the end.
 *
 * @param value The value.
 * @param text Its JSON.
 * @param shape Its shape.
 * @returns The text that SDKs get.
 */
export function completeCanonical(value: object, text: string, shape: Shape): string {
  let added = "";
  for (const [name, { absent, null: forNull, of }] of shape) {
    const field = (value as Fields)[name];
    if (field === undefined) {
      if (absent !== undefined) added += `,"${name}":${absent}`;
    } else if (field === null ? forNull !== undefined : of && fillParts(field, of) !== field) {
      return JSON.stringify(fill(value, shape));
    }
  }
  return added === "" ? text : `${text.slice(0, -1)}${added}}`;
}

type Fields = Record<string, unknown>;

/** Fills in what SDKs need, in a copy where something is missing: null in its place, the rest at the end. */
function fill(value: object, shape: Shape): object {
  let filled: Fields | undefined;
  for (const [name, { absent, null: forNull, of }] of shape) {
    const field = (value as Fields)[name];
    const json = field === undefined ? absent : field === null ? forNull : undefined;
    if (json === "") delete (filled ??= { ...value })[name];
    else if (json !== undefined) (filled ??= { ...value })[name] = JSON.parse(json);
    else if (of && field) {
      const parts = fillParts(field, of);
      if (parts !== field) (filled ??= { ...value })[name] = parts;
    }
  }
  return filled ?? value;
}

/** Fills in an object, or each one in an array. */
function fillParts(parts: object, shape: Shape): object {
  if (!Array.isArray(parts)) return fill(parts, shape);
  const filled = parts.map((part) => fill(part, shape));
  return filled.some((part, i) => part !== parts[i]) ? filled : parts;
}

/**
 * Completes the text of a flag or a segment for SDKs: defaults for fields left out or `null`, whole numbers as digits
 * (Rust refuses `1.0` and `1e3`), and of duplicate fields the last (Rust refuses two, Go joins lists, all others
 * and this program read the last). Everything else stays as it is, byte for byte.
 *
 * @param text JSON without whitespace outside strings, that passes the shape's check.
 * @param shape Its shape.
 * @returns The text that SDKs get.
 */
export function completeText(text: string, shape: Shape): string {
  let at = 0;
  let changes = 0;

  function readObject(shape: Shape): string {
    const [objectStart, changesBefore] = [at, changes];
    const members = new Map<string, string>();
    at++;
    while (text[at] !== "}") {
      const start = at;
      skipString();
      const quoted = text.slice(start, at++);
      const name: string = quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1);
      const value = readValue(shape.get(name));
      if (members.has(name)) changes++;
      members.set(name, value === "" ? "" : `${quoted}:${value}`);
      if (text[at] === ",") at++;
    }
    at++;
    for (const [name, { absent }] of shape) {
      if (absent === undefined || members.has(name)) continue;
      changes++;
      members.set(name, `"${name}":${absent}`);
    }
    // Most are complete. A slice of the text needs no memory, a new text does.
    if (changes === changesBefore) return text.slice(objectStart, at);
    return `{${[...members.values()].filter(Boolean).join(",")}}`;
  }

  function readArray(field: Field): string {
    const [arrayStart, changesBefore] = [at, changes];
    const elements: string[] = [];
    at++;
    while (text[at] !== "]") {
      // Not always an object: of a field that is there twice, only the last has passed a check.
      elements.push(readValue(field));
      if (text[at] === ",") at++;
    }
    at++;
    return changes === changesBefore ? text.slice(arrayStart, at) : `[${elements.join(",")}]`;
  }

  function readValue(field: Field | undefined): string {
    if (field?.of && text[at] === "[") return readArray(field);
    if (field?.of && text[at] === "{") return readObject(field.of);
    const start = at;
    skipValue();
    const value = text.slice(start, at);
    const needed = value === "null" ? field?.null : field?.whole ? toWholeNumber(value) : undefined;
    if (needed === undefined || needed === value) return value;
    changes++;
    return needed;
  }

  function skipValue(): void {
    for (let depth = 0;; at++) {
      if (text[at] === '"') skipString();
      // A string may be all of the value, so the character after it is read here.
      const next = text[at];
      if (depth === 0 && (next === "," || next === "}" || next === "]")) return;
      if (next === "{" || next === "[") depth++;
      else if (next === "}" || next === "]") depth--;
    }
  }

  function skipString(): void {
    do at = text.indexOf('"', at + 1); while (isEscaped());
    at++;
  }

  function isEscaped(): boolean {
    let start = at;
    while (text[start - 1] === "\\") start--;
    return (at - start) % 2 === 1;
  }

  return readObject(shape);
}

/** Spells a number as the Relay Proxy does: without fraction and exponent. What a double cannot hold stays as it is. */
function toWholeNumber(value: string): string {
  const whole = Math.trunc(Number(value)) + 0; // never -0
  return Number.isSafeInteger(whole) ? `${whole}` : value;
}
