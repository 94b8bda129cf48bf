import { skipSpace } from "./_json.ts";

/** The first place at which a text is not JSON. */
export interface SyntaxFault {
  /** Offset: bytes. */
  at: number;
  /** What may stand there, e.g. `a value`. */
  expected: string;
}

/** Longest number that is read: no honest one is longer. @limit characters: a longer one counts as a fault */
const MAX_WORD_LENGTH = 1_000;

const WORD = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const END_OF_WORD = /[\s"{}[\],:]|$/;
const ESCAPE = /^(?:["\\/bfnrt]|u[\da-fA-F]{4})/;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [BRACE, BRACKET, SPACE] = [0x7b, 0x5b, 0x20];

/** What comes next in a text. */
type Due = "value" | "value or ]" | "name" | "name or }" | "separator";

/**
 * Finds the first place at which a text is not JSON. It knows what is expected there, which `JSON.parse` does not say, and
 * needs no memory for values.
 *
 * @param json UTF-8.
 * @param start Offset of its first byte.
 * @param end Offset past its last byte.
 * @returns The fault, if there is one.
 */
export function findSyntaxFault(json: Uint8Array, start = 0, end = json.length): SyntaxFault | undefined {
  const fault = findFault(json.subarray(start, end));
  return fault && { ...fault, at: start + fault.at };
}

function findFault(text: Uint8Array): SyntaxFault | undefined {
  const open: number[] = [];
  let due: Due = "value";
  let at = 0;
  while (true) {
    at = skipSpace(text, at);
    const byte = text[at];
    const around = open.at(-1);
    // In ASCII a closing bracket is two behind the opening one.
    if (around !== undefined && byte === around + 2 && due !== "value" && due !== "name") {
      open.pop();
      due = "separator";
      at++;
    } else if (due === "separator") {
      if (around === undefined) return at < text.length ? { at, expected: "nothing" } : undefined;
      const closing = around === BRACE ? "}" : "]";
      if (byte !== COMMA) return { at, expected: `"," or "${closing}"` };
      due = around === BRACE ? "name" : "value";
      at++;
    } else if (due === "name" || due === "name or }") {
      if (byte !== QUOTE) return { at, expected: due === "name" ? "a name" : 'a name or "}"' };
      const next = findStringEnd(text, at);
      if (typeof next === "object") return next;
      at = skipSpace(text, next);
      if (text[at] !== COLON) return { at, expected: '":"' };
      due = "value";
      at++;
    } else if (byte === BRACE || byte === BRACKET) {
      open.push(byte);
      due = byte === BRACE ? "name or }" : "value or ]";
      at++;
    } else {
      const next = byte === QUOTE ? findStringEnd(text, at) : findWordEnd(text, at);
      if (typeof next === "object") return next;
      due = "separator";
      at = next;
    }
  }
}

/** Returns the offset past a string, or its fault. */
function findStringEnd(text: Uint8Array, start: number): number | SyntaxFault {
  for (let at = start + 1; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE) return { at, expected: "the string's end" };
    if (byte !== BACKSLASH) continue;
    if (!ESCAPE.test(toLatin1(text.subarray(at + 1, at + 6)))) {
      return { at, expected: "an escape as JSON has it" };
    }
    at++;
  }
  return { at: text.length, expected: "the string's end" };
}

/** Returns the offset past a number, `true`, `false` or `null`, or the fault where there is none of these. */
function findWordEnd(text: Uint8Array, at: number): number | SyntaxFault {
  const start = toLatin1(text.subarray(at, at + MAX_WORD_LENGTH));
  const word = start.slice(0, start.search(END_OF_WORD));
  return WORD.test(word) ? at + word.length : { at, expected: "a value" };
}

function toLatin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
