import { type Bytes, concat, decodeBase64, fingerprint, sha256, sshString } from "./_bytes.ts";
import { TrustError } from "./trust_error.ts";

/** Most characters of a bundle. One without a log's entry has some 500; these are allowed and ignored. */
export const MAX_BUNDLE_LENGTH = 262_144;

const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PEM = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/;
const SSH_NAMES = ["ecdsa-sha2-nistp256", "nistp256"].map((name) =>
  sshString(new TextEncoder().encode(name))
);
/** Length of r and of s: bytes. */
const WIDTH = 32;

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
 * @throws {TrustError} It is not one ECDSA key on P-256 in PEM.
 */
export async function readCosignKey(pem: string): Promise<CosignKey> {
  const base64 = PEM.exec(pem)?.[1];
  if (base64 === undefined) throw new TrustError("The file is not one public key in PEM (BEGIN PUBLIC KEY)");
  const spki = decodeBase64(base64, "The key");
  try {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", key));
    return { key, fingerprint: await fingerprint(concat(...SSH_NAMES, sshString(point))) };
  } catch (cause) {
    throw new TrustError("The key is not an ECDSA key on P-256", { cause });
  }
}

/** Why older or other forms of bundles are refused, by a field that they have. */
const OTHER_FORMS: Record<string, string> = {
  base64Signature: "an older form",
  rekorBundle: "an older form",
  dsseEnvelope: "an attestation (dsseEnvelope)",
};

/**
 * Reads a cosign bundle and finds out which key has made its signature over a message.
 *
 * @param text The bundle.
 * @returns The key, or `undefined` if it is none of them.
 * @throws {TrustError} The bundle is malformed, of another form, or about another message.
 */
export async function verifyCosignBundle(
  text: string,
  message: Bytes,
  keys: readonly CosignKey[],
): Promise<CosignKey | undefined> {
  if (text.length > MAX_BUNDLE_LENGTH) {
    throw new TrustError(`The bundle has more than ${MAX_BUNDLE_LENGTH} characters`);
  }
  const bundle = parseObject(text);
  for (const [field, form] of Object.entries(OTHER_FORMS)) {
    if (Object.hasOwn(bundle, field)) {
      throw new TrustError(
        `The bundle is ${form}, not a signature of a file in version 0.3: cosign sign-blob --bundle`,
      );
    }
  }
  if (bundle["mediaType"] !== MEDIA_TYPE) throw new TrustError(`The bundle's mediaType is not ${MEDIA_TYPE}`);
  if (!isObject(member(bundle, "verificationMaterial", "publicKey"))) {
    throw new TrustError(
      "The bundle has no publicKey: sign with a key (cosign sign-blob --key), not with a certificate",
    );
  }
  const digest = member(bundle, "messageSignature", "messageDigest");
  const ours = (await sha256(message)).toBase64();
  if (member(digest, "algorithm") !== "SHA2_256" || member(digest, "digest") !== ours) {
    throw new TrustError("The bundle is for another file: its SHA2_256 is not that of this one");
  }
  const signature = member(bundle, "messageSignature", "signature");
  if (typeof signature !== "string") throw new TrustError("The bundle has no messageSignature.signature");
  const fixed = fromDer(decodeBase64(signature, "The bundle's signature"));
  for (const key of keys) {
    if (await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key.key, fixed, message)) return key;
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TrustError("The bundle is not JSON", { cause });
  }
  if (!isObject(value)) throw new TrustError("The bundle is not a JSON object");
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(value: unknown, ...path: readonly string[]): unknown {
  for (const name of path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** From DER (a SEQUENCE of two INTEGERs, each in its shortest form) to r and s in fixed width, as WebCrypto wants them. */
function fromDer(der: Bytes): Bytes {
  const fixed = new Uint8Array(2 * WIDTH);
  let at = 2;
  let isGood = der[0] === 0x30 && der[1] === der.length - 2;
  for (const end of [WIDTH, 2 * WIDTH]) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    const [first = 0x80, second = 0] = number;
    isGood &&= der[at] === 0x02 && number.length === length && first < 0x80 &&
      !(first === 0 && second < 0x80);
    const digits = first === 0 ? number.subarray(1) : number;
    isGood &&= digits.length <= WIDTH;
    if (!isGood) break;
    fixed.set(digits, end - digits.length);
    at += 2 + length;
  }
  if (!isGood || at !== der.length) {
    throw new TrustError("The bundle's signature is not one of ECDSA on P-256 in DER");
  }
  return fixed;
}
