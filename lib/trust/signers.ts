import type { Bytes } from "./_bytes.ts";
import { type AllowedSigner, whyNotAllowed } from "./allowed_signers.ts";
import { type CosignKey, verifyCosignBundle } from "./cosign_bundle.ts";
import { quote } from "./_quote.ts";
import { readSshSignature } from "./ssh_signature.ts";
import { TrustError } from "./trust_error.ts";

/** Whom a relay trusts. */
export interface TrustedKeys {
  /** Lines of allowed_signers. */
  signers: readonly AllowedSigner[];
  /** Public keys of cosign. */
  cosignKeys: readonly CosignKey[];
  /** Fingerprints of keys that count no more. */
  revoked: ReadonlySet<string>;
}

/** A file that may have a signature. */
export interface SignatureFile {
  /** Its name, for messages. */
  name: string;
  /** In armour as of `ssh-keygen -Y sign`, or a bundle of cosign. */
  form: "ssh" | "cosign";
  /** What is in it. */
  text: string | Error;
}

/** A signature that counts. */
export interface Signer {
  /** File that it was in. */
  file: string;
  /** Who holds the key, by allowed_signers. @default {a key of cosign} */
  principals?: string;
  /** Name of the key, as `ssh-keygen -l` prints it. */
  fingerprint: string;
}

/** What became of the signatures of a manifest. */
export interface Signatures {
  /** Those that count: one for each key, by which k of n is counted. */
  signers: Signer[];
  /** Why others do not: the file, and what is wrong. */
  refused: {
    file: string;
    problem: string;
    /** Whether its key may sign, only not yet. */
    isForNow?: true;
  }[];
}

/**
 * Verifies the signatures of a manifest.
 *
 * @param manifest Its bytes.
 * @param files Files that may have signatures of it.
 * @param keys Whom the relay trusts.
 * @param namespace What it has to be signed for: `halyard-archive`. Bundles of cosign have no namespace.
 * @param now When the keys have to be valid: ms since 1970.
 * @returns Who has signed it, and why other files do not count.
 */
export async function verifySignatures(
  manifest: Bytes,
  files: readonly SignatureFile[],
  keys: TrustedKeys,
  namespace: string,
  now: number,
): Promise<Signatures> {
  const signers = new Map<string, Signer>();
  const refused: Signatures["refused"] = [];
  for (const file of files) {
    try {
      const verify = file.form === "ssh" ? verifySsh : verifyCosign;
      const signer = await verify(manifest, file, keys, namespace, now);
      if (keys.revoked.has(signer.fingerprint)) {
        throw new TrustError(`The key ${signer.fingerprint} is revoked`);
      }
      signers.getOrInsert(signer.fingerprint, signer);
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      refused.push({
        file: file.name,
        problem: error.message,
        ...error instanceof EarlyError && { isForNow: true },
      });
    }
  }
  return { signers: [...signers.values()], refused };
}

/** Error: the key may not sign yet. */
class EarlyError extends TrustError {}

async function verifySsh(
  manifest: Bytes,
  { name, text }: SignatureFile,
  { signers }: TrustedKeys,
  namespace: string,
  now: number,
): Promise<Signer> {
  const signature = await readSshSignature(orThrow(text));
  const { fingerprint } = signature.key;
  if (signature.namespace !== namespace) {
    throw new TrustError(`The signature is for ${quote(signature.namespace)}, not for ${namespace}`);
  }
  const lines = signers.filter(({ key }) => key.fingerprint === fingerprint);
  // Before it is verified: keys that anybody has made cost no more than this.
  if (lines.length === 0) throw new TrustError(`The key ${fingerprint} is not among the allowed signers`);
  if (!await signature.verify(manifest)) throw new TrustError("The signature is not one of these bytes");
  const reasons = lines.map((line) => whyNotAllowed(line, namespace, now));
  const allowed = lines[reasons.indexOf(undefined)];
  if (!allowed) {
    const isEarly = lines.some((line) =>
      now < (line.validAfter ?? -Infinity) && whyNotAllowed(line, namespace, line.validAfter!) === undefined
    );
    if (isEarly) throw new EarlyError(`The key ${fingerprint} may not sign this yet: ${reasons[0]}`);
    throw new TrustError(`The key ${fingerprint} may not sign this: ${reasons[0]}`);
  }
  return { file: name, principals: allowed.principals, fingerprint };
}

async function verifyCosign(
  manifest: Bytes,
  { name, text }: SignatureFile,
  { cosignKeys }: TrustedKeys,
): Promise<Signer> {
  const key = await verifyCosignBundle(orThrow(text), manifest, cosignKeys);
  if (!key) {
    throw new TrustError("The bundle's signature is by none of the keys of cosign that are configured");
  }
  return { file: name, fingerprint: key.fingerprint };
}

function orThrow(text: string | Error): string {
  if (text instanceof Error) throw new TrustError(text.message);
  return text;
}
