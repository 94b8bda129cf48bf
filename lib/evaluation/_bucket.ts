import type { JsonValue } from "../model/mod.ts";
import { addBlock, BLOCK_BYTES, BLOCK_WORDS, SHA1_START } from "./_sha1.ts";

/** The constant beginning of a bucketing hash's input, hashed as far as it fills blocks. */
export interface Prefix {
  /** Where the block that it ends in begins in the pool. */
  block: number;
  /** Its length in bytes. */
  length: number;
  /** SHA-1 state after the whole blocks; null when there is none. */
  state: Int32Array | null;
}

/** Blocks side by side, because thousands of small arrays would cost more memory and time to fetch. */
export class BlockPool {
  /** All words. */
  words: Int32Array = new Int32Array(BLOCK_WORDS);
  #length = 0;

  /**
   * Adds a block.
   *
   * @param block Its words.
   * @returns Where it begins in `words`.
   */
  add(block: Int32Array): number {
    const at = this.#length;
    this.#length += BLOCK_WORDS;
    if (this.#length > this.words.length) {
      const words = new Int32Array(2 * this.words.length);
      words.set(this.words);
      this.words = words;
    }
    this.words.set(block, at);
    return at;
  }
}

/** What hashing needs: for each session one, so that nothing is shared between two. */
export interface Hasher {
  /** Where prefixes have their blocks. */
  pool: BlockPool;
  /** SHA-1 state. */
  state: Int32Array;
  /** The block that is being filled. */
  words: Int32Array;
}

const UTF8 = new TextEncoder();

/** The 15 hexadecimal digits of the hash that count are 60 bits. */
const BUCKET_RANGE = 2 ** 60;

/**
 * Makes a hasher.
 *
 * @param pool Where prefixes have their blocks.
 * @returns The hasher.
 */
export function createHasher(pool: BlockPool): Hasher {
  return { pool, state: Int32Array.from(SHA1_START), words: new Int32Array(BLOCK_WORDS) };
}

/**
 * Compiles what is hashed before a context's value.
 *
 * @param text The seed, or key and salt, with a full stop at the end.
 * @param pool Where its block goes.
 * @returns The prefix.
 */
export function compilePrefix(text: string, pool: BlockPool): Prefix {
  const bytes = UTF8.encode(text);
  const hasher = createHasher(pool);
  appendBytes(hasher, bytes, 0);
  return {
    block: pool.add(hasher.words),
    length: bytes.length,
    state: bytes.length < BLOCK_BYTES ? null : hasher.state,
  };
}

/**
 * Encodes what a context's attribute adds to the hash.
 *
 * @param value Value of the attribute.
 * @param secondary Secondary key of a legacy user.
 * @returns Its bytes, or `null` when contexts cannot be bucketed by such a value: it is neither a string nor an integer.
 */
export function encodeBucketValue(value: JsonValue, secondary: string | undefined): Uint8Array | null {
  let text: string;
  if (typeof value === "string") text = value;
  // Go's int has 64 bits; String() would round the digits of large numbers.
  else if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 63) {
    text = `${BigInt(value as number)}`;
  } else return null;
  return UTF8.encode(secondary === undefined ? text : `${text}.${secondary}`);
}

/**
 * Computes a bucket.
 *
 * @param prefix What is hashed before the value.
 * @param value The encoded value.
 * @param hasher Hashes.
 * @returns A number from 0 to 1, rounded to 32-bit floating point as Go does.
 */
export function computeBucket(prefix: Prefix, value: Uint8Array, hasher: Hasher): number {
  const { pool, state, words } = hasher;
  const start = prefix.state ?? SHA1_START;
  for (let i = 0; i < state.length; i++) state[i] = start[i]!;
  for (let i = 0; i < BLOCK_WORDS; i++) words[i] = pool.words[prefix.block + i]!;
  const end = appendBytes(hasher, value, prefix.length % BLOCK_BYTES);
  words[end >> 2]! |= 0x80 << (24 - 8 * (end & 3));
  if (end >= BLOCK_BYTES - 8) {
    addBlock(state, words);
    words.fill(0);
  }
  words[BLOCK_WORDS - 1] = 8 * (prefix.length + value.length);
  addBlock(state, words);
  return toBucket(state[0]! >>> 0, state[1]! >>> 4);
}

/** Rounds 32 and 28 bits of hash to a float in one step: what a double cannot hold of them only has to break ties. */
function toBucket(high: number, low: number): number {
  const sticky = (low & ~0xff) | ((low & 0xff) !== 0 ? 0x80 : 0);
  return Math.fround(high * 2 ** 28 + sticky) / BUCKET_RANGE;
}

/** Writes bytes into a zeroed block from `at`, takes in each block that becomes full, and says where it stopped. */
function appendBytes({ state, words }: Hasher, bytes: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) {
    words[at >> 2]! |= bytes[i]! << (24 - 8 * (at & 3));
    if (++at === BLOCK_BYTES) {
      addBlock(state, words);
      words.fill(0);
      at = 0;
    }
  }
  return at;
}
