import { type Bytes, concat, sha256, sshString } from "../../lib/trust/_bytes.ts";

const NAMESPACE = "halyard-archive";
const MAGIC = new TextEncoder().encode("SSHSIG");

/** A string of SSH. */
export function text(value: string): Bytes {
  return sshString(new TextEncoder().encode(value));
}

/** The shortest form of a positive number. */
export function positive(bytes: Bytes): Bytes {
  const digits = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return sshString(digits[0]! >= 0x80 ? concat(new Uint8Array(1), digits) : digits);
}

/** Puts a blob into armour, in one line. */
export function armour(blob: Bytes): string {
  return `-----BEGIN SSH SIGNATURE-----\n${blob.toBase64()}\n-----END SSH SIGNATURE-----\n`;
}

/** The blob in armour as `ssh-keygen` writes it. */
export function decode(signature: string): Bytes {
  return Uint8Array.fromBase64(signature.split("\n").slice(1, -2).join(""));
}

/** Fields of a signature that a test may want to be odd. */
export interface Fields {
  version?: number;
  namespace?: Bytes;
  reserved?: Bytes;
  /** What stands in the place of what is reserved, but is not signed. */
  unsigned?: Bytes;
  hash?: string;
}

/** What a key signs: a digest of the message, in the frame of PROTOCOL.sshsig. */
export async function signedBytes(message: Bytes, fields: Fields = {}): Promise<Bytes> {
  const { namespace = new TextEncoder().encode(NAMESPACE), reserved = new Uint8Array(), hash = "sha512" } =
    fields;
  const digest = await crypto.subtle.digest(hash === "sha256" ? "SHA-256" : "SHA-512", message);
  return concat(
    MAGIC,
    sshString(namespace),
    sshString(reserved),
    text(hash),
    sshString(new Uint8Array(digest)),
  );
}

/** A whole signature, of a key's blob and that of its signature. */
export function frame(key: Bytes, signature: Bytes, fields: Fields = {}): Bytes {
  const { version = 1, namespace = new TextEncoder().encode(NAMESPACE) } = fields;
  return concat(
    MAGIC,
    new Uint8Array([0, 0, 0, version]),
    sshString(key),
    sshString(namespace),
    sshString(fields.unsigned ?? fields.reserved ?? new Uint8Array()),
    text(fields.hash ?? "sha512"),
    sshString(signature),
  );
}

/** A security key of FIDO, in software: what it signs is OpenSSH's PROTOCOL.u2f. */
export async function makeToken(kind: "ed25519" | "ecdsa"): Promise<{
  line: string;
  type: string;
  sign(message: Bytes, flags?: number): Promise<string>;
}> {
  const isEcdsa = kind === "ecdsa";
  const type = isEcdsa ? "sk-ecdsa-sha2-nistp256@openssh.com" : "sk-ssh-ed25519@openssh.com";
  const algorithm = isEcdsa ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } : { name: "Ed25519" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const key = concat(text(type), ...(isEcdsa ? [text("nistp256")] : []), sshString(point), text("ssh:"));
  return {
    line: `${type} ${key.toBase64()}`,
    type,
    async sign(message, flags = 0x01) {
      const flagsAndCounter = new Uint8Array([flags, 0, 0, 0, 7]);
      const application = await sha256(new TextEncoder().encode("ssh:"));
      const data = concat(application, flagsAndCounter, await sha256(await signedBytes(message)));
      const raw = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, data));
      const numbers = isEcdsa ? concat(positive(raw.slice(0, 32)), positive(raw.slice(32))) : raw;
      return armour(frame(key, concat(text(type), sshString(numbers), flagsAndCounter)));
    },
  };
}
