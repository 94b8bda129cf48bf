import type { Buffer } from "node:buffer";
import { createHmac, randomBytes } from "node:crypto";

/** Makes a digest of a secret. Two texts are compared by theirs. */
export type Digest = (text: string) => Buffer;

/**
 * Creates the function that makes digests: HMAC with SHA-256 and a key that nobody knows, so that how long a comparison takes says
 * nothing of the texts.
 *
 * @returns The function.
 */
export function createDigest(): Digest {
  const key = randomBytes(32);
  return (text) => createHmac("sha256", key).update(text).digest();
}
