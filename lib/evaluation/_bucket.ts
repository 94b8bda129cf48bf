import type { JsonValue } from "../model/mod.ts";
import { addBlock, BLOCK_BYTES, BLOCK_WORDS, SHA1_START } from "./_sha1.ts";

/** Prefix of a bucketing hash, before the context's value; its full blocks are hashed already. */
export interface Prefix {
  /** Position of its last, partial block in the bucketer. */
  block: number;
  /** Its length in bytes. */
  length: number;
  /** SHA-1 state after its whole blocks; null when it has none. */
  state: Int32Array | null;
}

/** Context value of a bucketing hash. */
export interface BucketValue {
  /** Its bytes. */
  bytes: Uint8Array;
  /** Its words and the bit that ends a message, by its position in the first word; made on first use. */
  words: (Int32Array | undefined)[];
}

const UTF8 = new TextEncoder();

/** The 15 hexadecimal digits of the hash that count are 60 bits. */
const BUCKET_RANGE = 2 ** 60;

/** Computes the buckets of contexts, in memory of its own. */
export class Bucketer {
  /** The last blocks of all prefixes side by side: thousands of small arrays would be slow to fetch. */
  #blocks = new Int32Array(BLOCK_WORDS);
  #used = 0;
  readonly #state = new Int32Array(5);
  readonly #words = new Int32Array(BLOCK_WORDS);

  /**
   * Compiles the prefix of a bucketing hash.
   *
   * @param text The seed, or key and salt, with a full stop at the end.
   * @returns The prefix.
   */
  compilePrefix(text: string): Prefix {
    const bytes = UTF8.encode(text);
    this.#state.set(SHA1_START);
    this.#words.fill(0);
    for (let i = 0; i < bytes.length; i++) {
      const at = i % BLOCK_BYTES;
      this.#words[at >> 2]! |= bytes[i]! << (24 - 8 * (at & 3));
      if (at === BLOCK_BYTES - 1) this.#nextBlock();
    }
    const state = bytes.length < BLOCK_BYTES ? null : this.#state.slice();
    return { block: this.#keepBlock(), length: bytes.length, state };
  }

  /**
   * Computes a bucket.
   *
   * @param prefix Prefix of the hash.
   * @param value The value.
   * @returns A number from 0 to 1, rounded to 32-bit floating point as Go does.
   */
  computeBucket(prefix: Prefix, value: BucketValue): number {
    const state = this.#state;
    const words = this.#words;
    const blocks = this.#blocks;
    const start = prefix.state ?? SHA1_START;
    for (let i = 0; i < state.length; i++) state[i] = start[i]!;
    for (let i = 0; i < BLOCK_WORDS; i++) words[i] = blocks[prefix.block + i]!;
    const offset = prefix.length & 3;
    const rest = value.words[offset] ??= toWords(value.bytes, offset);
    let at = (prefix.length % BLOCK_BYTES) >> 2;
    for (let i = 0; i < rest.length; i++, at++) {
      if (at === BLOCK_WORDS) {
        this.#nextBlock();
        at = 0;
      }
      words[at]! |= rest[i]!;
    }
    // The length takes the last two words.
    if (at > BLOCK_WORDS - 2) this.#nextBlock();
    words[BLOCK_WORDS - 1] = 8 * (prefix.length + value.bytes.length);
    addBlock(state, words);
    return toBucket(state[0]! >>> 0, state[1]! >>> 4);
  }

  #nextBlock(): void {
    addBlock(this.#state, this.#words);
    for (let i = 0; i < BLOCK_WORDS; i++) this.#words[i] = 0;
  }

  #keepBlock(): number {
    const at = this.#used;
    this.#used += BLOCK_WORDS;
    if (this.#used > this.#blocks.length) {
      const blocks = new Int32Array(2 * this.#blocks.length);
      blocks.set(this.#blocks);
      this.#blocks = blocks;
    }
    this.#blocks.set(this.#words, at);
    return at;
  }
}

/**
 * Encodes a context's attribute for a bucketing hash.
 *
 * @param value Value of the attribute.
 * @param secondary Secondary key of a legacy user.
 * @returns The encoded value, or `null` when it is neither a string nor an integer, so that no context can be bucketed by it.
 */
export function encodeBucketValue(value: JsonValue, secondary: string | undefined): BucketValue | null {
  let text: string;
  if (typeof value === "string") text = value;
  // Go's int has 64 bits; String() would round the digits of large numbers.
  else if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 63) {
    text = `${BigInt(value as number)}`;
  } else return null;
  const bytes = UTF8.encode(secondary === undefined ? text : `${text}.${secondary}`);
  return { bytes, words: [undefined, undefined, undefined, undefined] };
}

function toWords(bytes: Uint8Array, at: number): Int32Array {
  const words = new Int32Array(((at + bytes.length) >> 2) + 1);
  for (let i = 0; i < bytes.length; i++, at++) words[at >> 2]! |= bytes[i]! << (24 - 8 * (at & 3));
  words[at >> 2]! |= 0x80 << (24 - 8 * (at & 3));
  return words;
}

/** Rounds 32 and 28 bits of hash to a float in one step: what a double cannot hold of them only has to break ties. */
function toBucket(high: number, low: number): number {
  const sticky = (low & ~0xff) | ((low & 0xff) !== 0 ? 0x80 : 0);
  return Math.fround(high * 2 ** 28 + sticky) / BUCKET_RANGE;
}
