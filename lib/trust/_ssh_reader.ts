import { TrustError } from "./trust_error.ts";

/** Reads the fields of SSH's binary format (RFC 4251 section 5), all of which must be there and nothing else. */
export class SshReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /**
   * @param bytes What to read.
   * @param what What it is, for messages: "the signature".
   */
  constructor(bytes: Uint8Array<ArrayBuffer>, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** The next `length` bytes: a view, not a copy. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#bytes.length - this.#at) throw new TrustError(`${this.#what} is cut off`);
    return this.#bytes.subarray(this.#at, this.#at += length);
  }

  uint32(): number {
    const at = this.#at;
    this.bytes(4);
    return this.#view.getUint32(at);
  }

  string(): Uint8Array<ArrayBuffer> {
    return this.bytes(this.uint32());
  }

  /** A string that is a name, so in ASCII. */
  name(): string {
    const bytes = this.string();
    if (!bytes.every((byte) => byte > 0x20 && byte < 0x7f)) {
      throw new TrustError(`${this.#what} has a name that is not printable ASCII`);
    }
    return String.fromCharCode(...bytes);
  }

  /** A positive integer in its shortest form: its bytes without the sign's. */
  positive(): Uint8Array<ArrayBuffer> {
    const bytes = this.string();
    const [first, second] = bytes;
    if (first === undefined || first >= 0x80 || first === 0 && (second === undefined || second < 0x80)) {
      throw new TrustError(`${this.#what} has a number that is not positive or not in its shortest form`);
    }
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  /** Refuses what stands after the last field. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new TrustError(`${this.#what} has bytes after its end`);
  }
}
