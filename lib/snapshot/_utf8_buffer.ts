const ENCODER = new TextEncoder();

/** Buffer of UTF-8 that grows as it is written. */
export class Utf8Buffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  /**
   * Creates an empty buffer.
   *
   * @param capacity Expected length: bytes.
   */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Number of bytes written. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a text.
   *
   * @param text The text.
   */
  write(text: string): void {
    // Into the buffer at once: encoding each text by itself is ten times slower.
    const { read, written } = ENCODER.encodeInto(text, this.#bytes.subarray(this.#length));
    this.#length += written;
    if (read === text.length) return;
    const rest = text.slice(read);
    const capacity = Math.ceil((this.#length + rest.length) * 1.25) + 4;
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(capacity));
    this.write(rest);
  }

  /**
   * Returns a view, valid until the next write.
   *
   * @param start Offset of its first byte.
   * @param end Offset past its last byte.
   * @returns The bytes.
   */
  view(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(start, end);
  }

  /**
   * Returns the buffer with its unused rest: cutting it off would copy, and pages that were never written need no memory.
   *
   * @returns The buffer; do not write any more.
   */
  finish(): ArrayBuffer {
    return this.#bytes.buffer;
  }
}
