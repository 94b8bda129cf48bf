import { hash } from "node:crypto";

/** How much of a digest a tag has: characters of base64url, 6 bits each; enough that no two contents ever share one. */
const TAG_LENGTH = 27;

/**
 * Computes the entity tag of a document. It is weak (RFC 9110, 8.8.1), because the document has it in every encoding.
 *
 * @param bytes The document.
 * @returns The tag, quotes included.
 */
export function computeEtag(bytes: Uint8Array): string {
  return formatEtag(hash("sha256", bytes, "base64url").slice(0, TAG_LENGTH));
}

/**
 * Writes a weak entity tag.
 *
 * @param digest Text without quotes that no other content has.
 * @returns The tag, quotes included.
 */
export function formatEtag(digest: string): string {
  return `W/"${digest}"`;
}
