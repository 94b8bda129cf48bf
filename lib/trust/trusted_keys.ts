import { parseAllowedSigners, parseRevokedKeys } from "./allowed_signers.ts";
import { readCosignKey } from "./cosign_bundle.ts";
import type { TrustedKeys } from "./signers.ts";
import { TrustError } from "./trust_error.ts";

/** A file of keys. */
export interface KeyFile {
  /** Its path, for messages. */
  path: string;
  /** Its content, or the reason why it cannot be read. */
  text: string | Error;
}

/** The files that say whom a relay trusts. */
export interface KeyFiles {
  /** Lines of allowed_signers. @default {nobody} */
  allowedSigners?: KeyFile | undefined;
  /** Keys that count no more. @default {none} */
  revokedKeys?: KeyFile | undefined;
  /** Public keys of cosign, in PEM. */
  cosignKeys: readonly KeyFile[];
}

/**
 * Reads the files that say whom a relay trusts.
 *
 * @param files The files.
 * @param threshold Number of keys that must have signed.
 * @returns The keys.
 * @throws {TrustError} When one is malformed or cannot be read, or there are fewer keys than have to sign.
 */
export async function readTrustedKeys(files: KeyFiles, threshold: number): Promise<TrustedKeys> {
  const { allowedSigners, revokedKeys } = files;
  const signers = await read(allowedSigners, "allowed signers", parseAllowedSigners) ?? [];
  const revoked = await read(revokedKeys, "revoked keys", parseRevokedKeys) ?? new Set<string>();
  const cosignKeys = [];
  for (const file of files.cosignKeys) {
    cosignKeys.push((await read(file, "cosign key", readCosignKey))!);
  }
  const fingerprints = [
    ...signers.map(({ key }) => key.fingerprint),
    ...cosignKeys.map((key) => key.fingerprint),
  ];
  const { size } = new Set(fingerprints).difference(revoked);
  if (size < threshold) {
    throw new TrustError(
      `The threshold is ${threshold}, and of the keys that are trusted only ${size} are not revoked`,
    );
  }
  return { signers, cosignKeys, revoked };
}

async function read<T>(
  file: KeyFile | undefined,
  what: string,
  parse: (text: string) => Promise<T>,
): Promise<T | undefined> {
  if (!file) return undefined;
  try {
    if (file.text instanceof Error) throw new TrustError(file.text.message);
    return await parse(file.text);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    throw new TrustError(`Cannot use the ${what} "${file.path}": ${error.message}`, { cause: error });
  }
}
