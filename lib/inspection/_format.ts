import type { JsonValue } from "../model/mod.ts";
import { escapeInvisible } from "../observe/mod.ts";

/** Longest value that is printed whole: the rest of a line stays in view. @limit characters: it is cut, which an ellipsis marks */
const MAX_VALUE_LENGTH = 60;

/** Most elements of a list that are printed. A target may list thousands of keys. @limit elements: the rest is counted */
const MAX_LISTED = 10;

/** Names that are printed without quotes. */
const PLAIN_NAME = /^[\w-]+$/;

/**
 * Formats a value as JSON in one line, safe for a terminal.
 *
 * @param value The value.
 * @param maxLength Length from which it is cut: characters. @default {60}
 * @returns The JSON; cut, it ends with an ellipsis.
 */
export function formatValue(value: JsonValue, maxLength: number = MAX_VALUE_LENGTH): string {
  return formatText(JSON.stringify(value), maxLength);
}

/** Formats a text in one line, safe for a terminal; cut, it ends with an ellipsis. */
export function formatText(text: string, maxLength: number = MAX_VALUE_LENGTH): string {
  return escapeInvisible(text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text);
}

/** Formats a list, e.g. `"DE", "AT"`; what is past the tenth element is counted. */
export function formatList<T>(
  elements: readonly T[],
  format: (element: T) => string,
): string {
  const shown = elements.slice(0, MAX_LISTED).map((element) => format(element)).join(", ");
  const rest = elements.length - MAX_LISTED;
  return rest > 0 ? `${shown} (and ${rest} more)` : shown;
}

/** Formats a name of an attribute, a kind or a field; one with unusual characters as JSON. */
export function formatName(name: string): string {
  return name.length <= MAX_VALUE_LENGTH && PLAIN_NAME.test(name) ? name : formatValue(name);
}

/** Weight of all contexts: thousandths of a percent. */
export const WHOLE = 100_000;

/** Formats a weight, which is in thousandths of a percent. */
export function formatWeight(weight: number): string {
  return `${weight / 1000}%`;
}
