import { type Parts, type Pause, PIECE_BYTES } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";

/** Longest answer that is made for one request. The trace of all flags may be as long as all of them several times. @limit bytes: the request is answered 422 */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Depth of lists and objects that are written member by member: that of the items of any answer. */
const DEPTH = 4;

/** How the answer to a request is made. */
export interface Work {
  /** Called between steps. */
  pause: Pause;
  /**
   * Counts bytes of the answer, which are in memory until it is sent.
   *
   * @param bytes How many more there are.
   * @throws {ApiError} When there are too many, with those of other answers.
   */
  charge(bytes: number): void;
}

/** JSON answer, made in slices. */
export class JsonText {
  readonly #work: Work;
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  /** Text that is not in the parts yet. */
  #rest = "";

  /**
   * Creates an empty text.
   *
   * @param work Is paused between members, and charged.
   */
  constructor(work: Work) {
    this.#work = work;
  }

  /**
   * Adds JSON, or marks of it.
   *
   * @param text The text.
   * @throws {ApiError} When all of it becomes too long.
   */
  add(text: string): void {
    this.#rest += text;
    if (this.#rest.length >= PIECE_BYTES) this.#encode();
  }

  /**
   * Adds a value.
   *
   * @param value The value.
   * @throws {ApiError} When the text becomes too long.
   */
  async addValue(value: unknown): Promise<void> {
    await this.#addValue(value, DEPTH);
  }

  /**
   * Returns the text in UTF-8.
   *
   * @throws {ApiError} When it is too long.
   */
  finish(): Parts {
    this.#encode();
    return this.#parts;
  }

  #encode(): void {
    const part = new TextEncoder().encode(this.#rest);
    this.#rest = "";
    this.#work.charge(part.length);
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= MAX_ANSWER_BYTES) return;
    throw new ApiError(
      422,
      `the answer would have more than ${MAX_ANSWER_BYTES} bytes`,
      "ask for fewer flags, or use the command on the archive",
    );
  }

  /** What has no members is added at once: a promise for each would take longer than all else. */
  #addValue(value: unknown, depth: number): void | Promise<void> {
    if (depth === 0 || typeof value !== "object" || value === null) return this.add(JSON.stringify(value));
    if (Array.isArray(value)) {
      return this.#addMembers("[]", value, (element) => this.#addValue(element, depth - 1));
    }
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    return this.#addMembers("{}", entries, ([name, member]) => {
      this.add(`${JSON.stringify(name)}:`);
      return this.#addValue(member, depth - 1);
    });
  }

  async #addMembers<T>(
    [start, end]: string,
    members: readonly T[],
    add: (member: T) => void | Promise<void>,
  ): Promise<void> {
    let mark = start!;
    for (const member of members) {
      this.add(mark);
      mark = ",";
      const added = add(member);
      if (added) await added;
      const paused = this.#work.pause();
      if (paused) await paused;
    }
    this.add(mark === start ? `${start}${end}` : end!);
  }
}
