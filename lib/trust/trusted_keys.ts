import { decodeText } from "./_bytes.ts";
import { parseAllowedSigners, parseRevokedKeys } from "./allowed_signers.ts";
import { type CosignKey, readCosignKey } from "./cosign_bundle.ts";
import type { FileBytes } from "./signed_files.ts";
import type { TrustedKeys } from "./signers.ts";
import { TrustError } from "./trust_error.ts";

/** Paths of the files that say whom a site trusts, and how many of them have to sign. */
export interface KeyFiles {
  /** Path of the allowed_signers file. @default {nobody signs with SSH} */
  allowedSigners?: string;
  /** Path of a file of public keys that count no more. @default {none} */
  revokedKeys?: string;
  /** Paths of public keys of cosign: PEM. */
  cosignKeys: readonly string[];
  /** Number of keys that must have signed. */
  threshold: number;
}

/**
 * Reads the files that say whom a site trusts.
 *
 * @param files Their paths.
 * @param contents What is in them, by path.
 * @returns The keys.
 * @throws {TrustError} When one is malformed or cannot be read, or there are fewer keys than have to sign.
 */
export async function readTrustedKeys(
  { allowedSigners, revokedKeys, cosignKeys: cosignPaths, threshold }: KeyFiles,
  contents: ReadonlyMap<string, FileBytes>,
): Promise<TrustedKeys> {
  async function read<T>(what: string, path: string, parse: (text: string) => Promise<T>): Promise<T> {
    try {
      const content = contents.get(path) ?? new Error("there is no such file");
      if (content instanceof Error) throw new TrustError(content.message);
      return await parse(decodeText(content, "The file"));
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      throw new TrustError(`Cannot use the ${what} "${path}": ${error.message}`, { cause: error });
    }
  }
  const signers = allowedSigners === undefined
    ? []
    : await read("allowed signers", allowedSigners, parseAllowedSigners);
  const revoked = revokedKeys === undefined
    ? new Set<string>()
    : await read("revoked keys", revokedKeys, parseRevokedKeys);
  const cosignKeys: CosignKey[] = [];
  for (const path of cosignPaths) cosignKeys.push(await read("cosign key", path, readCosignKey));
  const all = [...signers.map(({ key }) => key), ...cosignKeys].map(({ fingerprint }) => fingerprint);
  const { size } = new Set(all).difference(revoked);
  if (size < threshold) {
    throw new TrustError(
      `The threshold is ${threshold}, but of the keys that are trusted only ${size} are not revoked`,
    );
  }
  return { signers, cosignKeys, revoked };
}
