import { createHash, hash } from "node:crypto";
import type { Pause } from "./pause.ts";

/** Size of a slice of hashing: bytes. It takes about a millisecond. */
const SLICE_BYTES = 1024 ** 2;

/** Length of the digest in a tag: characters of base64url, 6 bits each; enough that no two contents ever share one. */
const TAG_LENGTH = 27;

/**
 * Computes the entity tag of a document. It is weak (RFC 9110, 8.8.1), because it is the same for every encoding.
 *
 * @param bytes The document.
 * @returns The tag, quotes included.
 */
export function computeEtag(bytes: Uint8Array): string {
  return formatEtag(hash("sha256", bytes, "base64url").slice(0, TAG_LENGTH));
}

/**
 * Computes the tag of {@linkcode computeEtag}, and serves requests in between.
 *
 * @param bytes The document.
 * @param pause Called between two slices.
 * @returns The tag, quotes included.
 */
export async function computeEtagInSlices(bytes: Uint8Array, pause: Pause): Promise<string> {
  if (bytes.length <= SLICE_BYTES) return computeEtag(bytes);
  const sha256 = createHash("sha256");
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    sha256.update(bytes.subarray(start, start + SLICE_BYTES));
    await pause();
  }
  return formatEtag(sha256.digest("base64url").slice(0, TAG_LENGTH));
}

/**
 * Formats a weak entity tag.
 *
 * @param digest Digest of the content: text without quotes.
 * @returns The tag, quotes included.
 */
export function formatEtag(digest: string): string {
  return `W/"${digest}"`;
}
