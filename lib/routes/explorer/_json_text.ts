import type { Pause } from "../../wire/mod.ts";
import { ApiError } from "./_api_error.ts";

/** Longest answer that is made for one request. The trace of all flags may be as long as all of them several times. @limit characters: the request is answered 422 */
const MAX_ANSWER_LENGTH = 64 * 1024 * 1024;

/** Depth of lists and objects that are written member by member: that of the items of any answer. */
const DEPTH = 4;

/** Text of a JSON answer, made in slices. */
export class JsonText {
  readonly #pause: Pause;
  readonly #parts: string[] = [];
  #length = 0;

  /**
   * Creates an empty text.
   *
   * @param pause Called between members.
   */
  constructor(pause: Pause) {
    this.#pause = pause;
  }

  /**
   * Adds JSON, or marks of it.
   *
   * @param text The text.
   * @throws {ApiError} When all of it becomes too long.
   */
  add(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length > MAX_ANSWER_LENGTH) {
      throw new ApiError(
        422,
        `the answer would have more than ${MAX_ANSWER_LENGTH} characters`,
        "ask for fewer flags, or use the command on the archive",
      );
    }
  }

  /**
   * Adds a value.
   *
   * @param value The value. Iterables are lists, whose elements are made one after the other.
   * @throws {ApiError} When the text becomes too long.
   */
  async addValue(value: unknown): Promise<void> {
    await this.#addValue(value, DEPTH);
  }

  /** Returns the text. */
  toString(): string {
    return this.#parts.join("");
  }

  async #addValue(value: unknown, depth: number): Promise<void> {
    if (depth === 0 || typeof value !== "object" || value === null) this.add(JSON.stringify(value));
    else if (Symbol.iterator in value) {
      await this.#addMembers(
        "[]",
        value as Iterable<unknown>,
        (element) => this.#addValue(element, depth - 1),
      );
    } else {
      const entries = Object.entries(value).filter(([, member]) => member !== undefined);
      await this.#addMembers("{}", entries, ([name, member]) => {
        this.add(`${JSON.stringify(name)}:`);
        return this.#addValue(member, depth - 1);
      });
    }
  }

  async #addMembers<T>(
    [start, end]: string,
    members: Iterable<T>,
    add: (member: T) => Promise<void>,
  ): Promise<void> {
    let mark = start!;
    for (const member of members) {
      this.add(mark);
      mark = ",";
      await add(member);
      await this.#pause();
    }
    this.add(mark === start ? `${start}${end}` : end!);
  }
}
