/** Length of the pieces of keys and contexts that must not be in a log: characters. Five may: the last ones of a key. */
const PIECE = 6;

/** Length of the pieces of hashes: characters. Shorter ones might be in a digest by chance. */
const HASH_PIECE = 16;

/** Finds secrets in lines of a log, whole or in part. */
export class SecretWatch {
  /** Pieces by length. */
  readonly #pieces = new Map<number, Set<string>>([[PIECE, new Set()], [HASH_PIECE, new Set()]]);
  /** Number of lines that have been looked at. */
  lines = 0;
  /** The first line with a secret in it. */
  leak: string | undefined;

  /**
   * Adds texts of which no piece may be logged.
   *
   * @param texts Keys, attributes, contexts in base64.
   */
  add(...texts: string[]): void {
    this.#add(texts, PIECE);
  }

  /**
   * Adds hashes.
   *
   * @param hashes Hashes in hexadecimal digits.
   */
  addHashes(...hashes: string[]): void {
    this.#add(hashes, HASH_PIECE);
  }

  /**
   * Looks at a line.
   *
   * @param line The line.
   */
  check(line: string): void {
    this.lines++;
    for (const [length, pieces] of this.#pieces) {
      for (let i = 0; i + length <= line.length; i++) {
        if (pieces.has(line.slice(i, i + length))) this.leak ??= `"${line.slice(i, i + length)}" in: ${line}`;
      }
    }
  }

  #add(texts: readonly string[], length: number): void {
    const pieces = this.#pieces.get(length)!;
    for (const text of texts) {
      for (let i = 0; i + length <= text.length; i++) pieces.add(text.slice(i, i + length));
    }
  }
}
