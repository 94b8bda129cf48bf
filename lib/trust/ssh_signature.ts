import { type Bytes, concat, decodeBase64, sshString } from "./_bytes.ts";
import { SshReader } from "./_ssh_reader.ts";
import { readSshKey, type SshKey } from "./ssh_key.ts";
import { TrustError } from "./trust_error.ts";

/** Most characters of a signature in armour. One by an RSA key of 16,384 bits has 5,700. */
export const MAX_SIGNATURE_LENGTH = 16_384;

const MAGIC = new TextEncoder().encode("SSHSIG");
const ARMOUR =
  /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----(?:\r?\n)?$/;
const HASHES: Record<string, string> = { sha256: "SHA-256", sha512: "SHA-512" };

/** A signature as `ssh-keygen -Y sign` makes it, not yet verified. */
export interface SshSignature {
  /** Key that is said to have made it. */
  key: SshKey;
  /** What it is for. */
  namespace: string;
  /** Whether its key has made it over `message`. */
  verify(message: Bytes): Promise<boolean>;
}

function decodeArmour(text: string): Bytes {
  if (text.length > MAX_SIGNATURE_LENGTH) {
    throw new TrustError(`The signature has more than ${MAX_SIGNATURE_LENGTH} characters`);
  }
  const base64 = ARMOUR.exec(text)?.[1];
  if (base64 === undefined) {
    throw new TrustError("The file is not one SSH signature in armour, with nothing before or after it");
  }
  return decodeBase64(base64, "The signature");
}

/**
 * Reads a signature in armour, as `ssh-keygen -Y sign` writes it (OpenSSH's PROTOCOL.sshsig). Stricter than that: one block, and
 * nothing around it.
 *
 * @throws {TrustError} It is malformed, of another version, without a namespace, or its key is not accepted.
 */
export async function readSshSignature(text: string): Promise<SshSignature> {
  const reader = new SshReader(decodeArmour(text), "The signature");
  const magic = reader.bytes(MAGIC.length);
  if (!MAGIC.every((byte, i) => magic[i] === byte)) throw new TrustError("The signature is not one of SSH");
  const version = reader.uint32();
  if (version !== 1) throw new TrustError(`The signature's version is ${version}, not 1`);
  const key = await readSshKey(reader.string());
  const namespace = reader.string();
  if (namespace.length === 0) throw new TrustError("The signature has no namespace");
  const reserved = reader.string();
  const hashName = reader.name();
  if (!Object.hasOwn(HASHES, hashName)) {
    throw new TrustError(`The signature's hash is ${hashName}, not ${Object.keys(HASHES).join(" or ")}`);
  }
  const signature = reader.string();
  reader.end();
  return {
    key,
    namespace: decodeNamespace(namespace),
    async verify(message) {
      const digest = new Uint8Array(await crypto.subtle.digest(HASHES[hashName]!, message));
      const hash = new TextEncoder().encode(hashName);
      const parts = [namespace, reserved, hash, digest].map(sshString);
      return await key.verify(signature, concat(MAGIC, ...parts));
    },
  };
}

function decodeNamespace(bytes: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TrustError("The signature's namespace is not text", { cause });
  }
}
