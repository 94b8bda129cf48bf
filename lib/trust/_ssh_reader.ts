import type { Bytes } from "./_bytes.ts";
import { TrustError } from "./trust_error.ts";

/** Longest name of a type, a curve, a hash or a namespace: RFC 4251 section 6. @limit bytes: the key or the signature is refused */
const MAX_NAME_LENGTH = 64;

/** Reads the fields of SSH's binary format (RFC 4251 section 5), all of which must be there and nothing else. */
export class SshReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /**
   * Begins at the first field.
   *
   * @param bytes What to read.
   * @param what What it is, for messages: "the signature".
   */
  constructor(bytes: Bytes, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /**
   * Reads bytes.
   *
   * @param length How many.
   * @returns A view, not a copy.
   * @throws {TrustError} When there are fewer.
   */
  bytes(length: number): Bytes {
    if (length > this.#bytes.length - this.#at) throw new TrustError(`${this.#what} is cut off`);
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  /**
   * Reads an unsigned integer of four bytes.
   *
   * @returns The integer.
   * @throws {TrustError} When it is cut off.
   */
  uint32(): number {
    const at = this.#at;
    this.bytes(4);
    return this.#view.getUint32(at);
  }

  /**
   * Reads a string of any bytes.
   *
   * @returns A view, not a copy.
   * @throws {TrustError} When it is cut off.
   */
  string(): Bytes {
    return this.bytes(this.uint32());
  }

  /**
   * Reads a string that is a name (RFC 4251 section 6).
   *
   * @returns The name: 1 to 64 characters of ASCII, without spaces.
   * @throws {TrustError} When it is cut off or something else.
   */
  name(): string {
    const bytes = this.string();
    const isName = bytes.length > 0 && bytes.length <= MAX_NAME_LENGTH &&
      bytes.every((byte) => byte > 0x20 && byte < 0x7f);
    if (!isName) {
      throw new TrustError(
        `${this.#what} has a name that is not 1 to ${MAX_NAME_LENGTH} printable characters`,
      );
    }
    return String.fromCharCode(...bytes);
  }

  /**
   * Reads an `mpint` that is positive, in its shortest form.
   *
   * @returns Its bytes, big-endian, without that of the sign.
   * @throws {TrustError} When it is cut off, zero, negative or longer than it has to be.
   */
  positive(): Bytes {
    const bytes = this.string();
    const [first, second] = bytes;
    if (first === undefined || first >= 0x80 || first === 0 && (second === undefined || second < 0x80)) {
      throw new TrustError(`${this.#what} has a number that is not positive or not in its shortest form`);
    }
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  /**
   * Ends reading.
   *
   * @throws {TrustError} When something stands after the last field.
   */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new TrustError(`${this.#what} has bytes after its end`);
  }
}
