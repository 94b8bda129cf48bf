import { findSyntaxFault, findValue, type JsonError, type JsonRange } from "../archive/mod.ts";
import { Excerpts } from "./_excerpts.ts";
import type { FindingList } from "./_finding_list.ts";
import type { Excerpt, Finding, Severity } from "./finding.ts";

/**
 * Most bytes of an entry that are searched for the places of its findings, some hundred times the size of an ordinary entry's
 * faulty flags.
 *
 * @limit bytes: further findings are without an excerpt
 */
const MAX_SEARCHED_BYTES = 268_435_456;

/** Longest key, or text from the archive, that is quoted in full: LaunchDarkly's keys are shorter. @limit characters: the rest is left out */
const MAX_QUOTED_LENGTH = 256;

/** Hint for a file that nobody can read. */
export const CORRECT = "Correct the file where it comes from, and pack the archive again";

/** Hint for what contexts come to in a flag. */
export const GIVES_ERROR = "Contexts that come to it get an error: correct it in LaunchDarkly";

/** What is said of a fault in a flag that no context comes to. */
export const IDLE = { effect: "; nobody comes to it as the flag is now", hint: "Correct it in LaunchDarkly" };

/** Receiver of findings about one item: the path in it, what is wrong there, and what to do. */
export type OnFinding = (severity: Severity, path: string, problem: string, hint?: string) => void;

/** A flag or a segment in an entry. */
export interface Place extends JsonRange {
  /** Its kind. */
  kind: "flags" | "segments";
  /** Its key. */
  key: string;
}

/** What an entry says of a finding. */
interface Described extends Pick<Finding, "kind" | "key" | "path" | "message"> {
  hint: string | undefined;
  excerpt?: Excerpt | undefined;
}

/** An entry of an archive and what is found in it. */
export class Entry {
  readonly #list: FindingList;
  readonly #environment: string;
  readonly #name: string;
  readonly #json: Uint8Array;
  readonly #excerpts: Excerpts;
  #searched = 0;

  /**
   * Wraps an entry.
   *
   * @param list List to which findings are added.
   * @param options ID of its environment, its name, its content, and what masks secrets in a part of a line.
   */
  constructor(
    list: FindingList,
    options: { environment: string; name: string; json: Uint8Array; mask?: (line: string) => string },
  ) {
    this.#list = list;
    this.#environment = options.environment;
    this.#name = options.name;
    this.#json = options.json;
    this.#excerpts = new Excerpts(options.json, options.mask ?? ((line) => line));
  }

  /**
   * Adds a finding about the environment.
   *
   * @param severity Severity.
   * @param message What is wrong.
   * @param hint What to do.
   */
  add(severity: Severity, message: string, hint?: string): void {
    this.#add(severity, () => ({ key: null, path: null, message, hint }));
  }

  /**
   * Adds a finding about a place in the entry, outside of flags and segments.
   *
   * @param severity Severity.
   * @param path JSON path; empty for all of it.
   * @param message What is wrong.
   * @param hint What to do.
   */
  addAt(severity: Severity, path: string, message: string, hint?: string): void {
    this.#add(severity, () => {
      const excerpt = this.#search(this.#all, path);
      return { key: null, path: path || null, message, hint, excerpt };
    });
  }

  /**
   * Adds a fault in the entry's JSON.
   *
   * @param fault The fault.
   * @param place The flag or segment that it is in; absent if it is in none.
   */
  addFault(fault: JsonError, place?: Place): void {
    this.#add("error", () => {
      const syntax = findSyntaxFault(this.#json, place?.start, place?.end);
      const at = syntax?.at ?? fault.at;
      const excerpt = this.#excerpts.cut({ start: at, end: at + 1 });
      const problem = syntax
        ? `the text is not JSON: ${syntax.expected} is expected, ${this.#describe(at)} is there`
        : fault.message;
      const message = `Line ${excerpt.line}, column ${excerpt.column}: ${problem}`;
      return {
        ...place ? describePlace(place, "") : { key: null, path: null },
        message,
        hint: CORRECT,
        excerpt,
      };
    });
  }

  /**
   * Creates the receiver of findings about an item.
   *
   * @param place Where the flag or segment is.
   * @returns The receiver.
   */
  createOnFinding(place: Place): OnFinding {
    return (severity, path, problem, hint) =>
      this.#add(severity, () => {
        const described = describePlace(place, path);
        const subject = path === "" ? `The ${described.kind}` : `"${path}"`;
        return { ...described, message: `${subject} ${problem}`, hint, excerpt: this.#search(place, path) };
      });
  }

  get #all(): JsonRange {
    let start = 0;
    while (start < this.#json.length && this.#json[start]! <= 0x20) start++;
    return { start, end: this.#json.length };
  }

  #add(severity: Severity, describe: () => Described): void {
    this.#list.add(severity, () => {
      const { hint, excerpt, ...finding } = describe();
      return {
        environment: this.#environment,
        ...finding,
        ...hint !== undefined && { hint },
        entry: this.#name,
        ...excerpt && { excerpt },
      };
    });
  }

  #search(root: JsonRange, path: string): Excerpt | undefined {
    this.#searched += root.end - root.start;
    if (this.#searched > MAX_SEARCHED_BYTES) return undefined;
    return this.#excerpts.cut(findValue(this.#json, root, parsePath(path)));
  }

  /** Describes the character at an offset; just one, since a secret may begin there. */
  #describe(at: number): string {
    if (at >= this.#json.length) return "the end of the file";
    const byte = this.#json[at]!;
    if (byte === 0x22) return "a string";
    if (at === 0 && (byte === 0xef || byte >= 0xfe)) {
      return "a byte order mark (save as UTF-8 without BOM)";
    }
    if (byte === 0x0a || byte === 0x0d) return "the end of the line";
    return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : "another character";
  }
}

/**
 * Quotes a text from an archive.
 *
 * @param text The text.
 * @returns It in double quotes, cut if it is long.
 */
export function quote(text: string): string {
  return JSON.stringify(cut(text));
}

/**
 * Counts things in words.
 *
 * @param number Number of them.
 * @param what One of them.
 * @returns E.g. `2 flags`.
 */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/**
 * Cuts a text from an archive.
 *
 * @param text The text.
 * @returns As much of it as is shown.
 */
export function cut(text: string): string {
  return text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
}

function describePlace(
  { kind, key }: Place,
  path: string,
): { kind: "flag" | "segment"; key: string; path: string } {
  const short = cut(key);
  const member = /^[\w$-]+$/.test(short) ? `.${short}` : `[${JSON.stringify(short)}]`;
  return {
    kind: kind === "flags" ? "flag" : "segment",
    key: short,
    path: `${kind}${member}${path === "" ? "" : `.${path}`}`,
  };
}

/** Takes a path apart. Names of fields are plain. */
function parsePath(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([name, index]) =>
    index === undefined ? name : Number(index)
  );
}
