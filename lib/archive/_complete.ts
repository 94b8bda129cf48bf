import type { Field, Shape } from "../model/mod.ts";

/** A number that is spelled with a fraction or an exponent, or -0: only such may need another spelling as a whole number. */
const UNUSUAL_NUMBER = /:-(?=0)|:-?\d+[.eE]/;

/**
 * Reports whether a number in a text may be a whole number that not every SDK reads as one: Rust refuses `1.0` and `1e3`.
 *
 * @param text JSON of a flag or a segment, without whitespace outside strings.
 * @returns Whether it may have to be spelled otherwise.
 */
export function hasUnusualNumber(text: string): boolean {
  return UNUSUAL_NUMBER.test(text);
}

/**
 * Puts into the text of a flag or a segment what SDKs need: defaults for fields left out or `null`, and whole numbers as
 * digits. Everything else stays as it is, byte for byte.
 *
 * @param text JSON without whitespace outside strings, that passes the shape's check.
 * @param shape Its shape.
 * @returns The text that SDKs get.
 */
export function completeText(text: string, shape: Shape): string {
  let at = 0;

  function readObject(shape: Shape): string {
    const members: string[] = [];
    const names = new Set<string>();
    at++;
    while (text[at] !== "}") {
      const start = at;
      skipString();
      const quoted = text.slice(start, at++);
      const name: string = quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1);
      const value = readValue(shape.get(name));
      if (value !== "") members.push(`${quoted}:${value}`);
      names.add(name);
      if (text[at] === ",") at++;
    }
    at++;
    for (const [name, { absent }] of shape) {
      if (absent !== undefined && !names.has(name)) members.push(`"${name}":${absent}`);
    }
    return `{${members.join(",")}}`;
  }

  function readArray(shape: Shape): string {
    const elements: string[] = [];
    at++;
    while (text[at] !== "]") {
      elements.push(readObject(shape));
      if (text[at] === ",") at++;
    }
    at++;
    return `[${elements.join(",")}]`;
  }

  function readValue(field: Field | undefined): string {
    if (field?.of && text[at] === "[") return readArray(field.of);
    if (field?.of && text[at] === "{") return readObject(field.of);
    const start = at;
    skipValue();
    const value = text.slice(start, at);
    if (value === "null") return field?.null ?? value;
    return field?.whole ? toWholeNumber(value) : value;
  }

  function skipValue(): void {
    for (let depth = 0;; at++) {
      if (text[at] === '"') skipString();
      // A string may be all of the value, so what follows it is looked at here.
      const next = text[at];
      if (depth === 0 && (next === "," || next === "}" || next === "]")) return;
      if (next === "{" || next === "[") depth++;
      else if (next === "}" || next === "]") depth--;
    }
  }

  function skipString(): void {
    at++;
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
  }

  return readObject(shape);
}

/** Spells a number as the Relay Proxy does: without fraction and exponent. What a double cannot hold stays as it is. */
function toWholeNumber(value: string): string {
  const whole = Math.trunc(Number(value)) + 0; // never -0
  return Number.isSafeInteger(whole) ? `${whole}` : value;
}
