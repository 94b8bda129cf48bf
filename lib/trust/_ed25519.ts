import type { Bytes } from "./_bytes.ts";
import { TrustError } from "./trust_error.ts";

/** Length of a point and of each half of a signature: bytes. */
const WIDTH = 32;

/**
 * The y coordinates, in hexadecimal and little-endian, of the eight points of small order: 0, 1, -1, and the two of order 8
 * (Bernstein and others, "High-speed high-security signatures", cofactor 8). One signature by such a key is good for many messages,
 * and needs no private key; WebCrypto accepts it.
 */
const SMALL_ORDER = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** The numbers from 2^255 - 19 on, which mean the same as those from 0 on: all but the first byte are these. */
const NOT_REDUCED = "ff".repeat(30) + "7f";

/**
 * Imports an Ed25519 public key (RFC 8032).
 *
 * @param point Its 32 bytes.
 * @returns The key, to verify with.
 * @throws {TrustError} When it has another length, is not in its one canonical form, or everybody could sign for it.
 */
export async function importEd25519(point: Bytes): Promise<CryptoKey> {
  if (point.length !== WIDTH) throw new TrustError("The Ed25519 key is not 32 bytes long");
  const y = point.with(31, point[31]! & 0x7f);
  const isReduced = y[0]! < 0xed || y.subarray(1).toHex() !== NOT_REDUCED;
  if (!isReduced || SMALL_ORDER.has(y.toHex())) {
    throw new TrustError("The Ed25519 key is not a point that ssh-keygen makes: it would accept forgeries");
  }
  return await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
}

/**
 * Verifies an Ed25519 signature.
 *
 * @param key The key.
 * @param signature Its 64 bytes.
 * @param data What was signed.
 * @returns Whether the key has made it over `data`.
 * @throws {TrustError} When it has another length.
 */
export async function verifyEd25519(key: CryptoKey, signature: Bytes, data: Bytes): Promise<boolean> {
  if (signature.length !== 2 * WIDTH) throw new TrustError("The Ed25519 signature is not 64 bytes long");
  return await crypto.subtle.verify("Ed25519", key, signature, data);
}
