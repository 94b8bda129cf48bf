import { hash } from "node:crypto";

/**
 * 128 bits of a text's SHA-256, as integers of 32 bits. Those of several texts that all differ are joined by exclusive or, in any
 * order: who has the digest of each does not hash them all again.
 */
export interface Digest {
  /** The first 32 bits. */
  a: number;
  /** The next 32 bits. */
  b: number;
  /** The next 32 bits. */
  c: number;
  /** The last 32 bits. */
  d: number;
}

/**
 * Computes the digest of a text.
 *
 * @param text The text.
 * @returns Its digest.
 */
export function computeDigest(text: string): Digest {
  const view = new DataView(hash("sha256", text, "buffer").buffer);
  return { a: view.getInt32(0), b: view.getInt32(4), c: view.getInt32(8), d: view.getInt32(12) };
}

/**
 * Joins a digest with another.
 *
 * @param sum The digest so far; it is changed.
 * @param digest Digest of one more text.
 */
export function addDigest(sum: Digest, { a, b, c, d }: Digest): void {
  sum.a ^= a;
  sum.b ^= b;
  sum.c ^= c;
  sum.d ^= d;
}

/**
 * Formats a digest.
 *
 * @param digest The digest.
 * @returns Lower-case letters, digits and hyphens.
 */
export function formatDigest({ a, b, c, d }: Digest): string {
  return `${toText(a)}-${toText(b)}-${toText(c)}-${toText(d)}`;
}

function toText(bits: number): string {
  return (bits >>> 0).toString(36);
}
