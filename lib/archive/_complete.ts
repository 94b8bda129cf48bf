import type { Field, Shape } from "../model/mod.ts";
import { listElements, listMembers } from "./_json.ts";

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
  return completeObject(new TextEncoder().encode(text), 0, shape);
}

function completeObject(json: Uint8Array, at: number, shape: Shape): string {
  const members: string[] = [];
  const missing = new Map(shape);
  for (const { key, keyStart, start, end } of listMembers(json, at)) {
    missing.delete(key);
    const value = completeValue(json, start, end, shape.get(key));
    if (value !== "") members.push(decode(json, keyStart, start) + value);
  }
  for (const [key, { absent }] of missing) {
    if (absent !== undefined) members.push(`"${key}":${absent}`);
  }
  return `{${members.join(",")}}`;
}

function completeValue(json: Uint8Array, start: number, end: number, field: Field | undefined): string {
  if (field?.of && json[start] === "[".charCodeAt(0)) {
    const shape = field.of;
    return `[${
      [...listElements(json, start)].map(([start]) => completeObject(json, start, shape)).join(",")
    }]`;
  }
  if (field?.of && json[start] === "{".charCodeAt(0)) return completeObject(json, start, field.of);
  const value = decode(json, start, end);
  if (value === "null") return field?.null ?? value;
  return field?.whole ? toWholeNumber(value) : value;
}

/** Spells a number as the Relay Proxy does: without fraction and exponent. What a double cannot hold stays as it is. */
function toWholeNumber(value: string): string {
  const whole = Math.trunc(Number(value)) + 0; // never -0
  return Number.isSafeInteger(whole) ? `${whole}` : value;
}

function decode(json: Uint8Array, start: number, end: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(json.subarray(start, end));
}
