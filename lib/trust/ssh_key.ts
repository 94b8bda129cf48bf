import { type Bytes, concat, fingerprint, sha256 } from "./_bytes.ts";
import { SshReader } from "./_ssh_reader.ts";
import { TrustError } from "./trust_error.ts";

/** Sizes of RSA keys: bits. What is smaller can be broken, what is larger only costs time. */
const [MIN_RSA_BITS, MAX_RSA_BITS] = [2048, 16_384];

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
   * Whether the key has made a signature over `data`.
   *
   * @param signature The signature in SSH's binary format, with its type.
   * @throws {TrustError} The signature is of another type than the key, or malformed.
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

async function importEd25519(reader: SshReader): Promise<CryptoKey> {
  const point = reader.string();
  if (point.length !== 32) throw new TrustError("The Ed25519 key is not 32 bytes long");
  return await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
}

function readEd25519(reader: SshReader): Bytes {
  const signature = reader.string();
  if (signature.length !== 64) throw new TrustError("The Ed25519 signature is not 64 bytes long");
  return signature;
}

/** An elliptic curve of NIST. */
interface Curve {
  /** Its name in SSH, and in WebCrypto. */
  name: string;
  namedCurve: string;
  hash: string;
  /** Length of a coordinate: bytes. */
  width: number;
}

const P256: Curve = { name: "nistp256", namedCurve: "P-256", hash: "SHA-256", width: 32 };
const P384: Curve = { name: "nistp384", namedCurve: "P-384", hash: "SHA-384", width: 48 };
const P521: Curve = { name: "nistp521", namedCurve: "P-521", hash: "SHA-512", width: 66 };

async function importEcdsa(reader: SshReader, { name, namedCurve, width }: Curve): Promise<CryptoKey> {
  if (reader.name() !== name) throw new TrustError(`The ECDSA key is not on the curve of its type, ${name}`);
  const point = reader.string();
  if (point.length !== 1 + 2 * width || point[0] !== 4) {
    throw new TrustError(`The ECDSA key has no uncompressed point of ${name}`);
  }
  try {
    return await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve }, false, ["verify"]);
  } catch (cause) {
    throw new TrustError(`The ECDSA key's point is not on ${name}`, { cause });
  }
}

/** The numbers r and s, each in the width of its curve, as WebCrypto wants them. */
function readEcdsa(reader: SshReader, { width }: Curve): Bytes {
  const numbers = new SshReader(reader.string(), "The ECDSA signature");
  const fixed = new Uint8Array(2 * width);
  for (const end of [width, 2 * width]) {
    const number = numbers.positive();
    if (number.length > width) {
      throw new TrustError("The ECDSA signature has a number longer than its curve's");
    }
    fixed.set(number, end - number.length);
  }
  numbers.end();
  return fixed;
}

function ecdsa(curve: Curve): KeyType {
  return {
    async read(reader) {
      const key = await importEcdsa(reader, curve);
      return (signature, data) =>
        crypto.subtle.verify({ name: "ECDSA", hash: curve.hash }, key, readEcdsa(signature, curve), data);
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
    return (signature, data, type) =>
      crypto.subtle.verify("RSASSA-PKCS1-v1_5", keys.get(RSA_HASHES[type]!)!, signature.string(), data);
  },
};

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
    const key = await importEd25519(reader);
    const application = reader.string();
    return async (signature, data) =>
      await crypto.subtle.verify(
        "Ed25519",
        key,
        readEd25519(signature),
        await tokenData(application, signature, data),
      );
  },
};

const SK_ECDSA: KeyType = {
  async read(reader) {
    const key = await importEcdsa(reader, P256);
    const application = reader.string();
    return async (signature, data) =>
      await crypto.subtle.verify(
        { name: "ECDSA", hash: P256.hash },
        key,
        readEcdsa(signature, P256),
        await tokenData(application, signature, data),
      );
  },
};

const KEY_TYPES: Record<string, KeyType> = {
  "ssh-ed25519": {
    async read(reader) {
      const key = await importEd25519(reader);
      return (signature, data) => crypto.subtle.verify("Ed25519", key, readEd25519(signature), data);
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
 * @throws {TrustError} It is malformed, too small, or of a type that is not accepted.
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
