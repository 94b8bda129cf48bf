import { TrustError } from "./trust_error.ts";

/** Bytes that are in one buffer, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const BASE64_LINE = /^[A-Za-z0-9+/=]+$/;
/** White space, which the decoder skips, so that one value would have many texts. */
const SKIPPED = /[\t\n\f\r ]/g;
/** What the decoder refuses. */
const REFUSED = "!";

/**
 * Decodes base64 in its one canonical form: padded, with no white space and no bits left over (RFC 4648 section 3).
 *
 * @param text The base64.
 * @param what What it is, for the error: "The key".
 * @returns The bytes.
 * @throws {TrustError} When it is something else.
 */
export function decodeBase64(text: string, what: string): Bytes {
  try {
    return Uint8Array.fromBase64(text.replaceAll(SKIPPED, REFUSED), { lastChunkHandling: "strict" });
  } catch (cause) {
    throw new TrustError(`${what} is not in base64`, { cause });
  }
}

/**
 * Decodes text in UTF-8. A byte order mark is text like any other.
 *
 * @param bytes The text.
 * @param what What it is, for the error: "The key".
 * @returns The text.
 * @throws {TrustError} When it is something else.
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TrustError(`${what} is not UTF-8`, { cause });
  }
}

/**
 * Decodes the one block of a file in armour: BEGIN, base64 in lines of any length, END, and nothing else.
 *
 * @param text The file.
 * @param label Label of the block, e.g. `PUBLIC KEY`.
 * @param what What it is, for the error: "The key".
 * @returns The bytes.
 * @throws {TrustError} When it is something else, or has anything around the block.
 */
export function decodeArmour(text: string, label: string, what: string): Bytes {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const [begin, end] = [lines.shift(), lines.pop()];
  const isBlock = begin === `-----BEGIN ${label}-----` && end === `-----END ${label}-----`;
  if (!isBlock || !lines.every((line) => BASE64_LINE.test(line))) {
    throw new TrustError(
      `The file is not one block from BEGIN ${label} to END ${label}, with nothing before, in or after it`,
    );
  }
  return decodeBase64(lines.join(""), what);
}

/**
 * Computes a digest.
 *
 * @param data The bytes.
 * @returns Their SHA-256: 32 bytes.
 */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/**
 * Joins parts to one.
 *
 * @param parts The parts.
 * @returns A copy of all of them.
 */
export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Writes a `string` of RFC 4251 section 5.
 *
 * @param bytes What is in it.
 * @returns The bytes with their length before them.
 */
export function sshString(bytes: Bytes): Bytes {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

/**
 * Computes the name of a key.
 *
 * @param blob The key in SSH's binary format.
 * @returns `SHA256:` and its digest in base64, as `ssh-keygen -l` prints it.
 */
export async function fingerprint(blob: Bytes): Promise<string> {
  return `SHA256:${(await sha256(blob)).toBase64({ omitPadding: true })}`;
}
