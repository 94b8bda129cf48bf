import { type Bytes, concat } from "./_bytes.ts";
import { TrustError } from "./trust_error.ts";

/** An elliptic curve of NIST, and the hash that goes with it (RFC 5656 section 6.2.1). */
export interface Curve {
  /** Its name in SSH. */
  name: string;
  /** Its name in WebCrypto. */
  namedCurve: string;
  /** The hash's name in WebCrypto. */
  hash: string;
  /** Length of a coordinate, of r and of s: bytes. */
  width: number;
}

/** P-256 with SHA-256. */
export const P256: Curve = { name: "nistp256", namedCurve: "P-256", hash: "SHA-256", width: 32 };

/** P-384 with SHA-384. */
export const P384: Curve = { name: "nistp384", namedCurve: "P-384", hash: "SHA-384", width: 48 };

/** P-521 with SHA-512. */
export const P521: Curve = { name: "nistp521", namedCurve: "P-521", hash: "SHA-512", width: 66 };

/** An ECDSA public key. */
export interface EcdsaKey {
  /** The key, to verify with. */
  key: CryptoKey;
  /** Its curve. */
  curve: Curve;
}

/** An ECDSA signature: r and s, big-endian and without leading zeros. */
export type EcdsaNumbers = readonly [r: Bytes, s: Bytes];

const ONE = new Uint8Array([1]);

/**
 * Imports an ECDSA public key.
 *
 * @param point 0x04 and both coordinates.
 * @param curve Its curve.
 * @returns The key.
 * @throws {TrustError} When it is not an uncompressed point on the curve.
 */
export async function importEcdsa(point: Bytes, curve: Curve): Promise<EcdsaKey> {
  const { name, namedCurve, width } = curve;
  if (point.length !== 1 + 2 * width || point[0] !== 4) {
    throw new TrustError(`The ECDSA key has no uncompressed point of ${name}`);
  }
  const key = await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve }, false, ["verify"]);
  try {
    // WebCrypto finds out whether the point is on the curve when it verifies, not before.
    await verifyEcdsa({ key, curve }, [ONE, ONE], ONE);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new TrustError(`The ECDSA key's point is not on ${name}`, { cause });
  }
  return { key, curve };
}

/**
 * Verifies an ECDSA signature. If (r, s) is one, (r, n - s) is too, n being the order of the curve: who sees a signature can write
 * another. OpenSSH and cosign accept both, and sign with either.
 *
 * @param key The key.
 * @param numbers The signature.
 * @param data What was signed.
 * @returns Whether the key has made it over `data`.
 * @throws {TrustError} When a number does not fit the curve.
 */
export async function verifyEcdsa(
  { key, curve: { hash, width } }: EcdsaKey,
  numbers: EcdsaNumbers,
  data: Bytes,
): Promise<boolean> {
  const fixed = concat(...numbers.map((number) => toWidth(number, width)));
  return await crypto.subtle.verify({ name: "ECDSA", hash }, key, fixed, data);
}

/** Puts zeros before a number, as WebCrypto wants it. */
function toWidth(number: Bytes, width: number): Bytes {
  if (number.length > width) {
    throw new TrustError("The ECDSA signature has a number longer than its curve's");
  }
  return concat(new Uint8Array(width - number.length), number);
}
