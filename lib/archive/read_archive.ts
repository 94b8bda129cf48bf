import { ArchiveError } from "./archive_error.ts";
import { type ArchiveEnvironment, readEnvironment } from "./environment.ts";
import { computeChecksum } from "./_checksum.ts";
import { listFiles } from "./_guard.ts";
import { gunzip, isGzip } from "./_gunzip.ts";
import { MAX_COMPRESSED_BYTES, UNPACKED_PER_COMPRESSED } from "./_limits.ts";
import { untar } from "./_untar.ts";

/** What an archive holds. */
export interface Archive {
  /** Its environments in ascending order of their IDs. There may be none. */
  environments: ArchiveEnvironment[];
}

/** Options of `readArchive`. */
export interface ReadArchiveOptions {
  /** Path of the archive, for messages. */
  path?: string;
  /** Largest file that is read: bytes. Unpacked it may have eight times as many. @default {67_108_864} */
  maxCompressedBytes?: number;
  /**
   * Tells whether what an environment serves is known already; then it is not parsed again. Asked once for each environment.
   *
   * @param id ID of the environment.
   * @param dataJson Content of its data file.
   */
  isKnown?(id: string, dataJson: Uint8Array<ArrayBuffer>): boolean;
}

/**
 * Reads an offline archive, in memory and in full: unpacks it, checks it, and parses every environment.
 *
 * A fault of the container (damage, limits, checksum, names, a key that two environments claim) refuses the archive. A
 * fault inside one environment is told beside the others.
 *
 * @param bytes A `.tar.gz` or `.tar`; which one is told by its first bytes, never by a name.
 * @param options Path, limit, and what is known.
 * @returns The environments.
 * @throws {ArchiveError} When the archive is refused.
 */
export async function readArchive(bytes: Uint8Array, options: ReadArchiveOptions = {}): Promise<Archive> {
  const { path, maxCompressedBytes = MAX_COMPRESSED_BYTES, isKnown = () => false } = options;
  try {
    const tar = await unpack(bytes, maxCompressedBytes);
    const files = await untar(listFiles(tar));
    const ids = listEnvironments(files);
    verifyChecksum(files, ids);
    const environments = ids.map((id) => {
      const dataJson = files.get(`${id}-data.json`)!;
      return readEnvironment(id, files.get(`${id}.json`)!, isKnown(id, dataJson) ? undefined : dataJson);
    });
    refuseSharedKeys(environments);
    return { environments };
  } catch (error) {
    throw error instanceof ArchiveError ? error.at(path) : error;
  }
}

async function unpack(bytes: Uint8Array, maxCompressedBytes: number): Promise<Uint8Array> {
  if (bytes.length === 0) throw new ArchiveError("truncated", "it is empty");
  if (bytes.length > maxCompressedBytes) {
    throw new ArchiveError("too-large", `it has ${bytes.length} bytes, more than ${maxCompressedBytes}`);
  }
  return isGzip(bytes) ? await gunzip(bytes, maxCompressedBytes * UNPACKED_PER_COMPRESSED) : bytes;
}

/** Gives the IDs of the environments, each of which must have both its files. */
function listEnvironments(files: Map<string, Uint8Array>): string[] {
  const names = [...files.keys()];
  const metadata = names.filter((name) => name.endsWith(".json") && !name.endsWith("-data.json"));
  const ids = metadata.map((name) => name.slice(0, -".json".length)).sort();
  for (const id of ids) {
    const entry = `${id}-data.json`;
    if (!files.has(entry)) {
      throw new ArchiveError("data-missing", `"${id}.json" is without "${entry}"`, { entry });
    }
  }
  return ids;
}

function verifyChecksum(files: Map<string, Uint8Array>, ids: string[]): void {
  const entry = "checksum.md5";
  const expected = files.get(entry);
  if (!expected) throw new ArchiveError("checksum-missing", `"${entry}" is missing`, { entry });
  const names = ids.flatMap((id) => [`${id}.json`, `${id}-data.json`]);
  const actual = computeChecksum(new Map(names.map((name) => [name, files.get(name)!])));
  if (expected.length !== actual.length) {
    throw new ArchiveError("checksum-mismatch", `"${entry}" has ${expected.length} bytes instead of 16`, {
      entry,
    });
  }
  if (expected.some((byte, i) => byte !== actual[i])) {
    throw new ArchiveError("checksum-mismatch", "checksum does not match", { entry });
  }
}

/** A key that two environments claim would serve one of them the other's flags. */
function refuseSharedKeys(environments: ArchiveEnvironment[]): void {
  for (const [kind, list] of [["SDK", "sdkKeys"], ["mobile", "mobileKeys"]] as const) {
    const owners = new Map<string, string>();
    for (const loaded of environments) {
      const { id } = loaded;
      const metadata = "environment" in loaded ? loaded.environment.metadata : loaded.metadata;
      for (const { value } of metadata?.[list] ?? []) {
        const owner = owners.get(value);
        if (owner !== undefined) {
          throw new ArchiveError(
            "shared-credential",
            `${kind} key ${obscure(value)} belongs to both "${owner}" and "${id}"`,
            { entry: `${id}.json` },
          );
        }
        owners.set(value, id);
      }
    }
  }
}

/** Leaves the last four characters of a key that is long enough to spare them. */
function obscure(key: string): string {
  return key.length < 12 ? "…" : `…${key.slice(-4)}`;
}
