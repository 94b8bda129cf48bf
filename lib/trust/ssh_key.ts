import { type Bytes, concat, fingerprint, sha256 } from "./_bytes.ts";
import {
  type Curve,
  type EcdsaKey,
  type EcdsaNumbers,
  importEcdsa,
  P256,
  P384,
  P521,
  verifyEcdsa,
} from "./_ecdsa.ts";
import { importEd25519, verifyEd25519 } from "./_ed25519.ts";
import { SshReader } from "./_ssh_reader.ts";
import { TrustError } from "./trust_error.ts";

/** Smallest RSA key: NIST SP 800-131A allows no smaller ones. @limit bits: the key is refused */
const MIN_RSA_BITS = 2048;

/** Largest RSA key: WebCrypto in Deno verifies with no larger ones. @limit bits: the key is refused */
const MAX_RSA_BITS = 4096;

/** Longest exponent of an RSA key. Most are 65,537; long ones cost time. @limit bytes: the key is refused */
const MAX_RSA_EXPONENT_BYTES = 4;

/** A person has touched the token: bit of the flags that a FIDO token signs (FIDO CTAP2, "user presence"). */
const USER_PRESENT = 0x01;

/** A public key as OpenSSH writes it. */
export interface SshKey {
  /** Such as `ssh-ed25519`. */
  type: string;
  /** `SHA256:` and the digest of the key in base64, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** The key in SSH's binary format: two keys are the same if these bytes are. */
  blob: Bytes;
  /**
   * Verifies a signature.
   *
   * @param signature The signature in SSH's binary format, with its type.
   * @param data What was signed.
   * @returns Whether the key has made it over `data`.
   * @throws {TrustError} When the signature is of another type than the key, or malformed.
   */
  verify(signature: Bytes, data: Bytes): Promise<boolean>;
}

/** What a type of key is made of, and how its signatures are checked. */
interface KeyType {
  /** Reads the key's fields after its type. */
  read(reader: SshReader): Promise<Verifier>;
  /** Types of its signatures. @default the key's type */
  signatures?: readonly string[];
}

/** Checks the fields of a signature after its type. */
type Verifier = (reader: SshReader, data: Bytes, type: string) => Promise<boolean>;

/** Reads r and s, which are packed into one string (RFC 5656 section 3.1.2). */
function readNumbers(reader: SshReader): EcdsaNumbers {
  const numbers = new SshReader(reader.string(), "The ECDSA signature");
  const [r, s] = [numbers.positive(), numbers.positive()];
  numbers.end();
  return [r, s];
}

/** Reads the curve's name and the point (RFC 5656 section 3.1). */
async function readEcdsaKey(reader: SshReader, curve: Curve): Promise<EcdsaKey> {
  if (reader.name() !== curve.name) {
    throw new TrustError(`The ECDSA key is not on the curve of its type, ${curve.name}`);
  }
  return await importEcdsa(reader.string(), curve);
}

function ecdsa(curve: Curve): KeyType {
  return {
    async read(reader) {
      const key = await readEcdsaKey(reader, curve);
      return (signature, data) => verifyEcdsa(key, readNumbers(signature), data);
    },
  };
}

const RSA_HASHES: Record<string, string> = { "rsa-sha2-256": "SHA-256", "rsa-sha2-512": "SHA-512" };

const RSA: KeyType = {
  signatures: Object.keys(RSA_HASHES),
  async read(reader) {
    const [e, n] = [reader.positive(), reader.positive()];
    const bits = n.length * 8 - Math.clz32(n[0]!) + 24;
    if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
      throw new TrustError(`The RSA key has ${bits} bits, not ${MIN_RSA_BITS} to ${MAX_RSA_BITS}`);
    }
    const isExponent = e.length <= MAX_RSA_EXPONENT_BYTES && isOdd(e) && (e.length > 1 || e[0]! > 1);
    if (!isExponent || !isOdd(n)) {
      throw new TrustError("The RSA key's numbers are not an odd modulus and an odd exponent from 3 to 2^32");
    }
    const jwk = {
      kty: "RSA",
      n: n.toBase64({ alphabet: "base64url", omitPadding: true }),
      e: e.toBase64({ alphabet: "base64url", omitPadding: true }),
    };
    const keys = new Map<string, CryptoKey>();
    for (const hash of Object.values(RSA_HASHES)) {
      const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
      keys.set(hash, await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]));
    }
    return async (reader, data, type) => {
      const signature = reader.string();
      // RFC 8332 section 3 lets a verifier accept one without its leading zeros. There is to be one form of each.
      if (signature.length !== n.length) throw new TrustError("The RSA signature is not as long as its key");
      return await crypto.subtle.verify("RSASSA-PKCS1-v1_5", keys.get(RSA_HASHES[type]!)!, signature, data);
    };
  },
};

function isOdd(number: Bytes): boolean {
  return number.at(-1)! % 2 === 1;
}

/** What a FIDO token signs: OpenSSH's PROTOCOL.u2f, "SSH U2F Signatures". */
async function tokenData(application: Bytes, reader: SshReader, data: Bytes): Promise<Bytes> {
  const flagsAndCounter = reader.bytes(5);
  if ((flagsAndCounter[0]! & USER_PRESENT) === 0) {
    throw new TrustError("The security key has signed without a touch; sign without no-touch-required");
  }
  return concat(await sha256(application), flagsAndCounter, await sha256(data));
}

const SK_ED25519: KeyType = {
  async read(reader) {
    const key = await importEd25519(reader.string());
    const application = reader.string();
    return async (reader, data) => {
      const signature = reader.string();
      return await verifyEd25519(key, signature, await tokenData(application, reader, data));
    };
  },
};

const SK_ECDSA: KeyType = {
  async read(reader) {
    const key = await readEcdsaKey(reader, P256);
    const application = reader.string();
    return async (reader, data) => {
      const numbers = readNumbers(reader);
      return await verifyEcdsa(key, numbers, await tokenData(application, reader, data));
    };
  },
};

const KEY_TYPES: Record<string, KeyType> = {
  "ssh-ed25519": {
    async read(reader) {
      const key = await importEd25519(reader.string());
      return (signature, data) => verifyEd25519(key, signature.string(), data);
    },
  },
  "ecdsa-sha2-nistp256": ecdsa(P256),
  "ecdsa-sha2-nistp384": ecdsa(P384),
  "ecdsa-sha2-nistp521": ecdsa(P521),
  "ssh-rsa": RSA,
  "sk-ssh-ed25519@openssh.com": SK_ED25519,
  "sk-ecdsa-sha2-nistp256@openssh.com": SK_ECDSA,
};

/**
 * Reads a public key in SSH's binary format (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH's PROTOCOL.u2f).
 *
 * @param blob The key: what stands in base64 in a `.pub` file.
 * @returns The key.
 * @throws {TrustError} When it is malformed, too small or too large, weak, or of a type that is not accepted.
 */
export async function readSshKey(blob: Bytes): Promise<SshKey> {
  const reader = new SshReader(blob, "The key");
  const type = reader.name();
  if (!Object.hasOwn(KEY_TYPES, type)) {
    throw new TrustError(
      `Keys of type ${type} are not accepted. These are: ${Object.keys(KEY_TYPES).join(", ")}`,
    );
  }
  const { read, signatures = [type] } = KEY_TYPES[type]!;
  const verifier = await read(reader);
  reader.end();
  return {
    type,
    blob,
    fingerprint: await fingerprint(blob),
    async verify(signature, data) {
      const reader = new SshReader(signature, "The signature");
      const signatureType = reader.name();
      if (!signatures.includes(signatureType)) {
        throw new TrustError(
          `A key of type ${type} signs as ${signatures.join(" or ")}, not as ${signatureType}`,
        );
      }
      const isGood = await verifier(reader, data, signatureType);
      reader.end();
      return isGood;
    },
  };
}
