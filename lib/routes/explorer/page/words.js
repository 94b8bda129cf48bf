// Texts as they may stand in the page. Pure.

/** Longest value that is shown whole in a line: characters. */
const MAX_VALUE_LENGTH = 60;

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Escapes what a person could not see or would see in another order, as JSON does. */
export function visible(text) {
  return String(text).replace(INVISIBLE, escapeCharacter);
}

/** The same for text of several lines. */
export function visibleLines(text) {
  return String(text).replace(INVISIBLE, (one) => one === "\n" ? one : escapeCharacter(one));
}

function escapeCharacter(character) {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Formats a value as JSON in one line; cut, it ends with an ellipsis. */
export function formatValue(value, maxLength = MAX_VALUE_LENGTH) {
  const text = JSON.stringify(value);
  return visible(text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text);
}

/** Cuts a text that no row could show. */
export function shorten(text) {
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** Counts things, e.g. "1 flag", "2 flags". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
