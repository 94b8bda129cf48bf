import {
  ARCHIVE_NAMESPACE,
  findRollback,
  listSidecars,
  type Manifest,
  MAX_MANIFEST_LENGTH,
  MAX_SIGNATURE_LENGTH,
  parseManifest,
  readSshSignature,
  TrustError,
} from "../trust/mod.ts";
import { readSmallFile } from "../wire/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { PullError } from "./pull_error.ts";

/** Number of a release. */
export type ReleaseNumber = Pick<Manifest, "version" | "epoch">;

/** The release that lies beside a file already. */
export interface FormerRelease {
  /** Path of its manifest. */
  path: string;
  /** Its manifest; absent: there is none that can be read. */
  manifest?: Manifest;
  /** Fingerprint of the key that has signed it; absent: none has. */
  signer?: string;
  /** Why its manifest cannot be read, if it is there. */
  problem?: string;
}

/**
 * Reads the release that lies beside a file.
 *
 * @param file Path of the file.
 * @returns What can be read of it.
 */
export async function readFormerRelease(file: string): Promise<FormerRelease> {
  const [path, signaturePath] = listSidecars(file).map(({ path }) => path) as [string, string];
  try {
    const bytes = readSmallFile(path, MAX_MANIFEST_LENGTH);
    const manifest = parseManifest(bytes);
    const signer = await findSigner(
      bytes,
      () => new TextDecoder().decode(readSmallFile(signaturePath, MAX_SIGNATURE_LENGTH)),
    ).catch(() => undefined);
    return { path, manifest, ...signer !== undefined && { signer } };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { path };
    return { path, problem: describeFileError(error) };
  }
}

/**
 * Finds out which key has signed a manifest.
 *
 * @param manifest The manifest.
 * @param read Returns the signature in armour.
 * @returns Fingerprint of the key.
 * @throws {TrustError} When the signature is none that a relay accepts. Errors of `read` likewise.
 */
export async function findSigner(manifest: Uint8Array<ArrayBuffer>, read: () => string): Promise<string> {
  const { key, namespace, verify } = await readSshSignature(read());
  if (namespace === ARCHIVE_NAMESPACE && await verify(manifest)) return key.fingerprint;
  throw new TrustError("it is none of this manifest");
}

/**
 * Numbers a release.
 *
 * @param former The release that is there.
 * @param archiveSha256 SHA-256 of the archive.
 * @param wanted The number, as far as it was asked for.
 * @returns The number.
 * @throws {PullError} When there is none, or relays that have the former release would refuse it.
 */
export function numberRelease(
  { path, manifest, problem }: FormerRelease,
  archiveSha256: string,
  wanted: Partial<ReleaseNumber>,
): ReleaseNumber {
  if (problem !== undefined && wanted.version === undefined) {
    throw new PullError(`Cannot number the release: "${path}" cannot be read: ${problem}`, {
      hint: "remove it, and give the number by --release",
    });
  }
  const { epoch = manifest?.epoch ?? 0 } = wanted;
  const { version = manifest?.epoch === epoch ? manifest.version + 1 : 1 } = wanted;
  const hint = "leave out --release and --epoch, or begin the numbers anew with a higher --epoch";
  if (version > Number.MAX_SAFE_INTEGER) {
    throw new PullError(`Cannot number the release: that of "${path}" has the last number there is`, {
      hint,
    });
  }
  if (manifest && findRollback({ epoch, version, archiveSha256 }, manifest)) {
    throw new PullError(
      `Cannot number the release ${version} of epoch ${epoch}: relays that have that of "${path}", ` +
        `${manifest.version} of epoch ${manifest.epoch}, would refuse it`,
      { hint },
    );
  }
  return { version, epoch };
}
