import { ArchiveError } from "./archive_error.ts";
import { type ArchiveEnvironment, readEnvironment } from "./environment.ts";
import { computeChecksum } from "./_checksum.ts";
import { isZero, listFiles } from "./_guard.ts";
import { gunzip, isGzip } from "./_gunzip.ts";
import { BLOCK } from "./_header.ts";
import { refuseOtherKinds } from "./_kind.ts";
import { MAX_COMPRESSED_BYTES, UNPACKED_PER_COMPRESSED } from "./_limits.ts";
import { quote } from "./_names.ts";
import { untar } from "./_untar.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";

/** Content of an archive. */
export interface Archive {
  /** Environments in ascending order of their IDs. There may be none. */
  environments: ArchiveEnvironment[];
}

/** Options for {@linkcode readArchive}. */
export interface ReadArchiveOptions {
  /** Path of the archive, for messages. */
  path?: string;
  /** Largest file that is read: bytes. Unpacked it may have eight times as many. @default {67_108_864} */
  maxCompressedBytes?: number;
}

/**
 * Reads an offline archive, in memory and in full: unpacks it, checks it, and parses every environment's metadata. Data files
 * are left to {@linkcode readItems}.
 *
 * A fault of the container (damage, limits, checksum, names, a key that two environments claim) refuses the archive. A
 * fault inside one environment stands in its place.
 *
 * @param bytes A `.tar.gz` or `.tar`, distinguished by the first bytes, never by a name.
 * @param options Path and limit.
 * @returns The environments.
 * @throws {ArchiveError} When the archive is refused.
 */
export async function readArchive(bytes: Uint8Array, options: ReadArchiveOptions = {}): Promise<Archive> {
  const environments = (await unpackArchive(bytes, options)).environments.map((
    { id, metadataJson, dataJson },
  ) => readEnvironment(id, metadataJson, dataJson));
  const readable = environments.flatMap((environment) =>
    "error" in environment ? [] : [environment.metadata]
  );
  for (const { error } of listSharedKeys(readable)) throw error.at(options.path);
  return { environments };
}

/** The files of an archive. */
export interface UnpackedArchive {
  /** Environments in ascending order of their IDs. There may be none. */
  environments: PackedEnvironment[];
  /** Names of data files without metadata, which nobody reads. */
  strayEntries: string[];
}

/** The files of an environment: views into the archive. */
export interface PackedEnvironment {
  /** ID of the environment. */
  id: string;
  /** Content of `<id>.json`. */
  metadataJson: Uint8Array;
  /** Content of `<id>-data.json`. */
  dataJson: Uint8Array;
}

/**
 * Unpacks an archive and checks its container: damage, limits, names, checksum. Its files are not read.
 *
 * @param bytes A `.tar.gz` or `.tar`.
 * @param options Path and limit.
 * @returns The files.
 * @throws {ArchiveError} When the archive is refused.
 */
export async function unpackArchive(
  bytes: Uint8Array,
  { path, maxCompressedBytes = MAX_COMPRESSED_BYTES }: ReadArchiveOptions = {},
): Promise<UnpackedArchive> {
  try {
    const tar = await unpack(bytes, maxCompressedBytes);
    const files = await untar(listFiles(tar));
    const ids = verify(files, tar);
    const environments = ids.map((id) => ({
      id,
      metadataJson: files.get(`${id}.json`)!,
      dataJson: files.get(`${id}-data.json`)!,
    }));
    const strayEntries = [...files.keys()].filter((name) =>
      name.endsWith("-data.json") && !ids.includes(name.slice(0, -"-data.json".length))
    );
    return { environments, strayEntries };
  } catch (error) {
    throw error instanceof ArchiveError ? error.at(path) : error;
  }
}

async function unpack(bytes: Uint8Array, maxCompressedBytes: number): Promise<Uint8Array> {
  if (bytes.length === 0) throw new ArchiveError("truncated", "it is empty");
  if (bytes.length > maxCompressedBytes) {
    throw new ArchiveError("too-large", `it has ${bytes.length} bytes, more than ${maxCompressedBytes}`);
  }
  const unzipped = isGzip(bytes);
  const tar = unzipped ? await gunzip(bytes, maxCompressedBytes * UNPACKED_PER_COMPRESSED) : bytes;
  if (tar.length === 0) throw new ArchiveError("not-an-archive", "it is gzip with nothing in it");
  refuseOtherKinds(tar, unzipped);
  if (isZero(tar)) throw new ArchiveError("truncated", "there is nothing in it but zeros");
  return tar;
}

/** Checks that all files are there as they were packed. Where they are not, and the tar is without its end, it was cut off. */
function verify(files: Map<string, Uint8Array>, tar: Uint8Array): string[] {
  try {
    const ids = listEnvironments(files);
    verifyChecksum(files, ids);
    return ids;
  } catch (error) {
    if (isZero(tar.subarray(-BLOCK))) throw error;
    throw new ArchiveError("truncated", "it ends before the end of the tar", { cause: error });
  }
}

/** Lists the IDs of the environments, each of which must have both its files. */
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
    throw new ArchiveError("checksum-form", `"${entry}" is ${describeChecksum(expected)}, not 16 bytes`, {
      entry,
    });
  }
  if (expected.some((byte, i) => byte !== actual[i])) {
    throw new ArchiveError("checksum-mismatch", "checksum does not match", { entry });
  }
}

/** Describes a checksum of a wrong length. PowerShell writes UTF-16; `md5` of BSD puts the name first. */
function describeChecksum(bytes: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 1000)).replace(
    /^\xff\xfe|\xef\xbb\xbf|\0/g,
    "",
  );
  if (/(^|[\s=])[0-9a-f]{32}(\s|$)/i.test(text)) return "hexadecimal text";
  if (/^[\w+/]{22}==\s*$/.test(text)) return "base64 text";
  return `${bytes.length} bytes`;
}

/** A key that two environments claim: it would serve one of them the other's flags. */
export interface SharedKey {
  /** Kind of the key. */
  kind: "SDK" | "mobile";
  /** The key. A secret. */
  value: string;
  /** ID of the second environment. */
  environment: string;
  /** Error for which the archive is refused. It names both environments, and the key obscured. */
  error: ArchiveError;
}

/**
 * Lists the keys that several environments claim.
 *
 * @param environments Metadata of the environments.
 * @returns For each key each environment but the first that has it.
 */
export function* listSharedKeys(environments: readonly EnvironmentMetadata[]): Generator<SharedKey, void> {
  for (const [kind, list] of [["SDK", "sdkKeys"], ["mobile", "mobileKeys"]] as const) {
    const owners = new Map<string, EnvironmentMetadata>();
    for (const metadata of environments) {
      for (const { value } of metadata[list]) {
        const owner = owners.get(value);
        if (owner === undefined) {
          owners.set(value, metadata);
          continue;
        }
        const environments = `${describe(owner)} and ${describe(metadata)}`;
        const error = new ArchiveError(
          "shared-credential",
          `${kind} key ${obscure(value)} belongs to both environment ${environments}`,
          { entry: `${metadata.id}.json` },
        );
        yield { kind, value, environment: metadata.id, error };
      }
    }
  }
}

/** Formats the ID of an environment and, if it has names, the names by which people know it. */
function describe({ id, projectName, name }: EnvironmentMetadata): string {
  const names = [projectName, name].filter((text) => text !== "").join(" ");
  return names === "" ? quote(id) : `${quote(id)} (${quote(names)})`;
}

/** Masks a key but for its last four characters, if it is long enough to spare them. */
function obscure(key: string): string {
  return key.length < 12 ? "…" : `…${key.slice(-4)}`;
}
