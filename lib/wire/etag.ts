import { hash } from "node:crypto";

/** Length of the digest in a tag: characters of base64url, 6 bits each; enough that no two contents ever share one. */
const TAG_LENGTH = 27;

/**
 * Computes the entity tag of a document. It is weak (RFC 9110, 8.8.1), because it is the same for every encoding.
 *
 * @param content The document.
 * @returns The tag, quotes included.
 */
export function computeEtag(content: Uint8Array | string): string {
  return formatEtag(hash("sha256", content, "base64url").slice(0, TAG_LENGTH));
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
