import { ARCHIVE_NAMESPACE, formatManifest, listSidecars, type Manifest, TrustError } from "../trust/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { findSigner, type FormerRelease, numberRelease, readFormerRelease } from "./_former_release.ts";
import { PartFile } from "./part_file.ts";
import { PullError } from "./pull_error.ts";
import { type RunOptions, signBytes, type SigningKey } from "./ssh_keygen.ts";

/** How a downloaded archive is signed. */
export interface SigningOptions {
  /** Key that signs. */
  key: SigningKey;
  /** Site that the archive is for. */
  audience: string;
  /** Finds out until when a release is good that is made at `now`. Both are ms since epoch. */
  findNotAfter(now: number): number;
  /** Number of the release. @default {one more than that of the manifest that is there, else 1} */
  version?: number;
  /** How often the numbers have begun anew. @default {that of the manifest that is there, else 0} */
  epoch?: number;
  /** Text for people. */
  sourceNote?: string;
  /** Called with a line that asks for the touch of a token. */
  onPrompt?: RunOptions["onPrompt"];
}

/** A release that was signed. */
export interface SignedRelease extends Pick<Manifest, "version" | "epoch" | "audience" | "notAfter"> {
  /** Fingerprint of the key. */
  signer: string;
}

/** An archive to sign. */
export interface UnsignedArchive {
  /** Path of the file that it becomes. */
  path: string;
  /** Its SHA-256: lower-case hex. */
  digest: string;
  /** Its length: bytes. */
  size: number;
  /** Whether it is the one that is there already. */
  isSame: boolean;
}

/** Manifest and signature of a release, complete beside the files whose places they take. */
export class SignedSet implements AsyncDisposable {
  /** What was signed. */
  readonly release: SignedRelease;
  readonly #former: readonly string[];
  readonly #parts: readonly PartFile[];

  /**
   * Creates a set.
   *
   * @param release What was signed.
   * @param parts Manifest and signature.
   * @param former Paths of further signatures, which are of the former manifest.
   */
  constructor(release: SignedRelease, parts: readonly PartFile[], former: readonly string[]) {
    this.release = release;
    this.#parts = parts;
    this.#former = former;
  }

  /**
   * Takes the places of the former manifest and its signatures.
   *
   * @param mode Mode of the files; absent: nobody but their owner reads them.
   * @throws {PullError} When the disk does not do it.
   */
  async replace(mode?: number): Promise<void> {
    for (const part of this.#parts) await part.replace(mode);
    for (const path of this.#former) {
      try {
        await Deno.remove(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        throw new PullError(`Cannot remove "${path}": ${describeFileError(error)}`, {
          hint: "it is a signature of the former release: remove it by hand",
        });
      }
    }
  }

  /** Removes the files that have not taken their places. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#parts) await part[Symbol.asyncDispose]();
  }
}

/**
 * Writes the manifest of an archive, as far as one is needed.
 *
 * @param archive The archive.
 * @param signing What the manifest says.
 * @param now The time: ms since epoch.
 * @returns The manifest; `undefined` where the archive has not changed, and what is signed already will do.
 * @throws {PullError} When relays would refuse the release.
 */
export async function planRelease(
  archive: UnsignedArchive,
  signing: SigningOptions,
  now: number,
): Promise<Manifest | undefined> {
  const { path, digest, size, isSame } = archive;
  const created = Math.floor(now / 1_000) * 1_000;
  const notAfter = signing.findNotAfter(created);
  const former = await readFormerRelease(path);
  if (isSame && willDo(former, digest, signing, { created, notAfter })) return undefined;
  if (notAfter <= created) {
    throw new PullError(`Cannot sign "${path}": the time of --not-after is over`, {
      hint: "name a later one, or one that counts from now: --not-after 30d",
    });
  }
  const { audience, sourceNote } = signing;
  return {
    format: 1,
    archiveSha256: digest,
    archiveSize: size,
    ...numberRelease(former, digest, signing),
    ...{ created, notAfter, audience },
    ...sourceNote !== undefined && { sourceNote },
  };
}

/**
 * Signs a manifest. What is there is left alone until {@linkcode SignedSet.replace}.
 *
 * @param path Path of the archive.
 * @param manifest The manifest.
 * @param signing The key.
 * @param signal Ends it.
 * @returns Manifest and signature.
 * @throws {PullError} When it cannot be signed.
 */
export async function signRelease(
  path: string,
  manifest: Manifest,
  { key, onPrompt }: SigningOptions,
  signal: AbortSignal,
): Promise<SignedSet> {
  const [manifestPath, signaturePath, ...others] = listSidecars(path).map(({ path }) => path);
  const bytes = new TextEncoder().encode(formatManifest(manifest));
  await using parts = new AsyncDisposableStack();
  const manifestPart = parts.use(await PartFile.create(manifestPath!));
  await manifestPart.write(bytes);
  const signature = await signBytes(key, ARCHIVE_NAMESPACE, bytes, { signal, onPrompt });
  await verify(bytes, signature, key);
  const signaturePart = parts.use(await PartFile.create(signaturePath!));
  await signaturePart.write(new TextEncoder().encode(signature));
  parts.move();
  const { version, epoch, audience, notAfter } = manifest;
  const release = { version, epoch, audience, notAfter, signer: key.fingerprint };
  return new SignedSet(release, [manifestPart, signaturePart], others);
}

/**
 * Reports whether a file is what was signed here before.
 *
 * @param path Path of the file.
 * @param digest Its SHA-256: lower-case hex.
 * @param signing The key.
 * @returns Whether the manifest beside it is for it, and by that key.
 */
export async function hasVouchedFor(
  path: string,
  digest: string,
  { key }: Pick<SigningOptions, "key">,
): Promise<boolean> {
  const { manifest, signer } = await readFormerRelease(path);
  return manifest?.archiveSha256 === digest && signer === key.fingerprint;
}

/** Whether an archive that has not changed needs no other manifest: a new one would not be good for twice as long. */
function willDo(
  { manifest, signer }: FormerRelease,
  digest: string,
  { key, audience, version, epoch }: SigningOptions,
  { created, notAfter }: Pick<Manifest, "created" | "notAfter">,
): boolean {
  if (!manifest || signer !== key.fingerprint) return false;
  const isMeant = manifest.archiveSha256 === digest && manifest.audience === audience &&
    (version ?? manifest.version) === manifest.version && (epoch ?? manifest.epoch) === manifest.epoch;
  return isMeant && notAfter - created < 2 * (manifest.notAfter - created);
}

/** Verifies a signature as a relay does, before anything is replaced. */
async function verify(
  manifest: Uint8Array<ArrayBuffer>,
  signature: string,
  { path, fingerprint }: SigningKey,
): Promise<void> {
  let problem = "it is by another key";
  try {
    if (await findSigner(manifest, () => signature) === fingerprint) return;
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    problem = error.message;
  }
  throw new PullError(`Cannot sign with "${path}": no relay would accept the signature: ${problem}`, {
    hint: "use a key that docs/trust.md names",
  });
}
