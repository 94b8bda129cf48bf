import { type Bytes, concat, decodeArmour, sshString } from "./_bytes.ts";
import { SshReader } from "./_ssh_reader.ts";
import { readSshKey, type SshKey } from "./ssh_key.ts";
import { TrustError } from "./trust_error.ts";

/** Longest signature in armour. One by an RSA key of 4,096 bits has 1,600 characters. @limit characters: the signature does not count */
export const MAX_SIGNATURE_LENGTH = 16_384;

const MAGIC = new TextEncoder().encode("SSHSIG");
const HASHES: Record<string, string> = { sha256: "SHA-256", sha512: "SHA-512" };

/** A signature as `ssh-keygen -Y sign` makes it, not yet verified. */
export interface SshSignature {
  /** Key that is said to have made it. */
  key: SshKey;
  /** What it is for. */
  namespace: string;
  /**
   * Verifies it.
   *
   * @param message What should have been signed.
   * @returns Whether its key has made it over `message`.
   * @throws {TrustError} When the key's signature in it is malformed, or of another type than the key.
   */
  verify(message: Bytes): Promise<boolean>;
}

/**
 * Reads a signature in armour, as `ssh-keygen -Y sign` writes it (OpenSSH's PROTOCOL.sshsig). Stricter than that: one block, and
 * nothing around it.
 *
 * @param text The file.
 * @returns The signature, not yet verified.
 * @throws {TrustError} When it is malformed, of another version, without a namespace, or its key is not accepted.
 */
export async function readSshSignature(text: string): Promise<SshSignature> {
  if (text.length > MAX_SIGNATURE_LENGTH) {
    throw new TrustError(`The signature has more than ${MAX_SIGNATURE_LENGTH} characters`);
  }
  const reader = new SshReader(decodeArmour(text, "SSH SIGNATURE", "The signature"), "The signature");
  const magic = reader.bytes(MAGIC.length);
  if (!MAGIC.every((byte, i) => magic[i] === byte)) throw new TrustError("The signature is not one of SSH");
  const version = reader.uint32();
  if (version !== 1) throw new TrustError(`The signature's version is ${version}, not 1`);
  const key = await readSshKey(reader.string());
  const namespace = reader.name();
  // OpenSSH puts nothing into it, and takes it for empty when it verifies whatever is in it.
  if (reader.string().length > 0) throw new TrustError("The signature's reserved field is not empty");
  const hashName = reader.name();
  if (!Object.hasOwn(HASHES, hashName)) {
    throw new TrustError(`The signature's hash is ${hashName}, not ${Object.keys(HASHES).join(" or ")}`);
  }
  const signature = reader.string();
  reader.end();
  return {
    key,
    namespace,
    async verify(message) {
      const digest = new Uint8Array(await crypto.subtle.digest(HASHES[hashName]!, message));
      const parts = [encode(namespace), new Uint8Array(), encode(hashName), digest].map(sshString);
      return await key.verify(signature, concat(MAGIC, ...parts));
    },
  };
}

function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}
