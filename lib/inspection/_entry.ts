import { findSyntaxFault, findValue, type JsonError, type JsonRange } from "../archive/mod.ts";
import { Excerpts } from "./_excerpts.ts";
import type { FindingList } from "./_finding_list.ts";
import { CORRECT_FILE, cut } from "./_phrases.ts";
import type { Excerpt, Finding, Severity } from "./finding.ts";

/**
 * Most bytes of an entry that are searched for the places of its findings, some hundred times the size of an ordinary entry's
 * faulty flags.
 *
 * @limit bytes: further findings are without an excerpt
 */
const MAX_SEARCHED_BYTES = 268_435_456;

/** Receiver of findings about one item: the path in it, what is wrong there, and what to do. */
export type OnFinding = (severity: Severity, path: string, problem: string, hint?: string) => void;

/** Where a flag or a segment is in an entry. */
export interface ItemRange extends JsonRange {
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
  /** ID of its environment. */
  readonly environment: string;
  /** Its content: UTF-8, or bytes that should be. */
  readonly content: Uint8Array;
  readonly #list: FindingList;
  readonly #name: string;
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
    options: { environment: string; name: string; content: Uint8Array; mask?: (line: string) => string },
  ) {
    this.environment = options.environment;
    this.content = options.content;
    this.#list = list;
    this.#name = options.name;
    this.#excerpts = new Excerpts(options.content, options.mask ?? ((line) => line));
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
      const excerpt = this.#search({ start: 0, end: this.content.length }, path);
      return { key: null, path: path || null, message, hint, excerpt };
    });
  }

  /**
   * Adds a fault in the entry's JSON.
   *
   * @param fault The fault.
   * @param item The flag or segment that it is in; absent if it is in none.
   */
  addFault(fault: JsonError, item?: ItemRange): void {
    this.#add("error", () => {
      const syntax = findSyntaxFault(this.content, item?.start, item?.end);
      const at = syntax?.at ?? fault.at;
      const excerpt = this.#excerpts.cut({ start: at, end: at + 1 });
      const problem = syntax
        ? `the text is not JSON: ${syntax.expected} is expected, ${this.#describe(at)} is there`
        : fault.message;
      const message = `Line ${excerpt.line}, column ${excerpt.column}: ${problem}`;
      return {
        ...item ? describePlace(item, "") : { key: null, path: null },
        message,
        hint: CORRECT_FILE,
        excerpt,
      };
    });
  }

  /**
   * Creates the receiver of findings about an item.
   *
   * @param item Where the flag or segment is.
   * @returns The receiver.
   */
  createOnFinding(item: ItemRange): OnFinding {
    return (severity, path, problem, hint) =>
      this.#add(severity, () => {
        const described = describePlace(item, path);
        const subject = path === "" ? `The ${described.kind}` : `"${path}"`;
        return { ...described, message: `${subject} ${problem}`, hint, excerpt: this.#search(item, path) };
      });
  }

  #add(severity: Severity, describe: () => Described): void {
    this.#list.add(severity, () => {
      const { hint, excerpt, ...finding } = describe();
      return {
        environment: this.environment,
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
    return this.#excerpts.cut(findValue(this.content, root, parsePath(path)));
  }

  /** Describes the character at an offset; just one, since a secret may begin there. */
  #describe(at: number): string {
    if (at >= this.content.length) return "the end of the file";
    const byte = this.content[at]!;
    if (byte === 0x22) return "a string";
    if (at === 0 && (byte === 0xef || byte >= 0xfe)) {
      return "a byte order mark (save as UTF-8 without BOM)";
    }
    if (byte === 0x0a || byte === 0x0d) return "the end of the line";
    return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : "another character";
  }
}

function describePlace(
  { kind, key }: ItemRange,
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
