import { TrustError } from "./trust_error.ts";

/** Bytes that are in one buffer, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Decodes base64 in its one canonical form, but for line breaks.
 *
 * @param what What it is, for the error: "The key".
 * @throws {TrustError} It is something else.
 */
export function decodeBase64(text: string, what: string): Bytes {
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch (cause) {
    throw new TrustError(`${what} is not in base64`, { cause });
  }
}

/** SHA-256 of some bytes. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** Parts joined to one. */
export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes with their length before them: a `string` of RFC 4251 section 5. */
export function sshString(bytes: Bytes): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

/** Name of a key: `SHA256:` and the digest of its SSH form, as `ssh-keygen -l` prints it. */
export async function fingerprint(blob: Bytes): Promise<string> {
  return `SHA256:${(await sha256(blob)).toBase64({ omitPadding: true })}`;
}
