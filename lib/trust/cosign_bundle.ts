import { type Bytes, concat, decodeArmour, decodeBase64, fingerprint, sha256, sshString } from "./_bytes.ts";
import { type EcdsaNumbers, importEcdsa, P256, verifyEcdsa } from "./_ecdsa.ts";
import { isObject, parseJsonObject } from "./_json.ts";
import { TrustError } from "./trust_error.ts";

/** Longest cosign bundle. One has some 500 characters; entries of a log, which are allowed and ignored, a few thousand. @limit characters: the bundle does not count */
export const MAX_BUNDLE_LENGTH = 262_144;

/** Longest signature in a cosign bundle: two numbers of 33 bytes each, and their headers in DER. @limit bytes: the bundle does not count */
const MAX_DER_LENGTH = 72;

const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** What stands before the point in every public key on P-256: RFC 5480 section 2, in DER. */
const SPKI_HEAD = Uint8Array.fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
const SSH_NAMES = ["ecdsa-sha2-nistp256", P256.name].map((name) => sshString(new TextEncoder().encode(name)));

/** A public key of cosign. */
export interface CosignKey {
  /** What `ssh-keygen -l` prints for the same key in SSH's form, by which it is the same key wherever it signs. */
  fingerprint: string;
  /** The key, to verify with. */
  key: CryptoKey;
}

/**
 * Reads the public key that `cosign generate-key-pair` writes.
 *
 * @param pem The file.
 * @returns The key.
 * @throws {TrustError} When it is not one ECDSA key on P-256 in PEM.
 */
export async function readCosignKey(pem: string): Promise<CosignKey> {
  const spki = decodeArmour(pem, "PUBLIC KEY", "The key");
  if (!SPKI_HEAD.every((byte, i) => spki[i] === byte)) {
    throw new TrustError("The key is not an ECDSA key on P-256");
  }
  const point = spki.subarray(SPKI_HEAD.length);
  const { key } = await importEcdsa(point, P256);
  return { key, fingerprint: await fingerprint(concat(...SSH_NAMES, sshString(point))) };
}

/** Why older or other forms of bundles are refused, by a field that they have. */
const OTHER_FORMS: Record<string, string> = {
  base64Signature: "an older form",
  rekorBundle: "an older form",
  dsseEnvelope: "an attestation (dsseEnvelope)",
};

/** What may stand in place of a key, in `verificationMaterial`. */
const CERTIFICATES = ["certificate", "x509CertificateChain"];

/**
 * Reads a cosign bundle and finds out which key has made its signature over a message.
 *
 * @param text The bundle.
 * @param message What should have been signed.
 * @param keys Keys that may have signed it.
 * @returns The key, or `undefined` if it is none of them.
 * @throws {TrustError} When the bundle is malformed, of another form, or about another message.
 */
export async function verifyCosignBundle(
  text: string,
  message: Bytes,
  keys: readonly CosignKey[],
): Promise<CosignKey | undefined> {
  if (text.length > MAX_BUNDLE_LENGTH) {
    throw new TrustError(`The bundle has more than ${MAX_BUNDLE_LENGTH} characters`);
  }
  const bundle = parseJsonObject(text, "The bundle");
  for (const [field, form] of Object.entries(OTHER_FORMS)) {
    if (Object.hasOwn(bundle, field)) {
      throw new TrustError(
        `The bundle is ${form}, not a signature of a file in version 0.3: cosign sign-blob --bundle`,
      );
    }
  }
  if (bundle["mediaType"] !== MEDIA_TYPE) throw new TrustError(`The bundle's mediaType is not ${MEDIA_TYPE}`);
  const material = member(bundle, "verificationMaterial");
  const isByKey = isObject(member(material, "publicKey"));
  if (!isByKey || CERTIFICATES.some((name) => member(material, name) !== undefined)) {
    throw new TrustError(
      "The bundle is not by a publicKey alone: sign with a key (cosign sign-blob --key), not with a certificate",
    );
  }
  const digest = member(bundle, "messageSignature", "messageDigest");
  const ours = (await sha256(message)).toBase64();
  if (member(digest, "algorithm") !== "SHA2_256" || member(digest, "digest") !== ours) {
    throw new TrustError("The bundle is for another file: its SHA2_256 is not that of this one");
  }
  const signature = member(bundle, "messageSignature", "signature");
  if (typeof signature !== "string") throw new TrustError("The bundle has no messageSignature.signature");
  const numbers = readDer(decodeBase64(signature, "The bundle's signature"));
  for (const key of keys) {
    if (await verifyEcdsa({ key: key.key, curve: P256 }, numbers, message)) return key;
  }
}

function member(value: unknown, ...path: readonly string[]): unknown {
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** Reads DER: a SEQUENCE of two INTEGERs, each positive and in its shortest form, with all lengths in one byte. */
function readDer(der: Bytes): EcdsaNumbers {
  const numbers: Bytes[] = [];
  let isGood = der[0] === 0x30 && der[1] === der.length - 2 && der.length <= MAX_DER_LENGTH;
  let at = 2;
  while (isGood && at < der.length) {
    const [tag, length = 0, first = 0, second = 0] = der.subarray(at);
    isGood = tag === 0x02 && (first === 0 ? length > 1 && second >= 0x80 : length > 0 && first < 0x80);
    numbers.push(der.subarray(at + (first === 0 ? 3 : 2), at += 2 + length));
  }
  if (!isGood || at !== der.length || numbers.length !== 2) {
    throw new TrustError("The bundle's signature is not one of ECDSA on P-256 in DER");
  }
  return [numbers[0]!, numbers[1]!];
}
