import {
  ArchiveError,
  decode,
  EnvironmentError,
  findSyntaxFault,
  readArchive,
  type ReadArchiveOptions,
  readItems,
  writeArchive,
} from "../archive/mod.ts";
import { type EnvironmentMetadata, parseMetadata } from "../model/mod.ts";
import { composeFiles, type EnvironmentSource } from "./_environment_file.ts";
import { FolderError } from "./folder_error.ts";

/** One environment of a folder. */
export interface FolderEnvironment {
  /** Name of its file. */
  file: string;
  /** Metadata, complete. */
  metadata: EnvironmentMetadata;
  /** Number of flags, tombstones aside. */
  flags: number;
  /** Number of segments, tombstones aside. */
  segments: number;
  /** Warnings about values that are served otherwise than written. */
  warnings: string[];
}

/** A folder as an archive. */
export interface PackedFolder {
  /** The `.tar.gz`. */
  archive: Uint8Array<ArrayBuffer>;
  /** Environments in ascending order of their files' names. */
  environments: FolderEnvironment[];
  /** Whether an ID or a key is derived from the seed, which must be kept for the next time. */
  isSeeded: boolean;
}

/**
 * Packs a folder into an archive. The same files and the same seed become the same bytes.
 *
 * A file holds `env`, `flags`, `flagValues` and `segments`, each as it is needed: `env`, `flags` and `segments` as in an archive,
 * `flagValues` with a constant value for each flag, as in the files that LaunchDarkly's SDKs read instead of connecting. Without
 * any of the four, the whole file is such an object of constant values; a flag that is called like one of them needs
 * `flagValues`. A constant flag is on, has one variation and is there for every SDK.
 *
 * What is missing is made: the ID and the keys of an environment from the seed, its names from the file's name
 * (`project.environment.json`), `key` and `version` of flags and segments; `null` stands for none. `dataId` and the metadata's
 * version are always made anew, from the content.
 *
 * @param files Content by name.
 * @param seed Secret: who has it knows the keys that were derived.
 * @param options Largest size of the archive.
 * @returns The archive, which has been read back.
 * @throws {FolderError} When a file cannot be packed, or the archive would be refused.
 */
export async function packFolder(
  files: ReadonlyMap<string, Uint8Array>,
  seed: string,
  options: ReadArchiveOptions = {},
): Promise<PackedFolder> {
  const names = [...files.keys()].sort((a, b) => a < b ? -1 : 1);
  const read = names.map((name) => readFile(name, files.get(name)!, seed));
  const environments = read.map(({ environment }) => environment);
  refuseShared(environments);
  const archive = await writeArchive(read.map(({ source }) => source));
  await requireGood(archive, options);
  return { archive, environments, isSeeded: read.some(({ source }) => source.isSeeded) };
}

/** Reads an archive as whoever gets it does. */
async function requireGood(archive: Uint8Array, { path, ...options }: ReadArchiveOptions): Promise<void> {
  try {
    await readArchive(archive, options);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const problem = error.message.replace("Cannot read archive:", "it would be refused, since");
    throw new FolderError(
      path ?? "the folder",
      problem,
      "pack fewer or smaller files, or raise MAX_ARCHIVE_SIZE",
    );
  }
}

function readFile(
  file: string,
  json: Uint8Array,
  seed: string,
): { source: EnvironmentSource; environment: FolderEnvironment } {
  const text = skipMark(json);
  try {
    const source = composeFiles(file, text, seed);
    const metadata = parseMetadata(JSON.parse(source.metadata), source.id);
    checkKeys(file, metadata);
    const counts = countItems(source.id, new TextEncoder().encode(source.data));
    return { source, environment: { file, metadata, ...counts } };
  } catch (error) {
    if (error instanceof FolderError) throw error;
    const { message } = (error instanceof EnvironmentError ? error.cause : error) as Error;
    if (message.startsWith("the text is not JSON")) throw describeSyntax(file, text);
    throw new FolderError(file, message.replace(/^Cannot/, "cannot"), hintFor(message));
  }
}

/** Says where a text stops being JSON, by line and column, as editors count them. */
function describeSyntax(file: string, json: Uint8Array): FolderError {
  const { at = 0, expected = "JSON" } = findSyntaxFault(json) ?? {};
  const lines = decode(json.subarray(0, at)).split("\n");
  const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
  return new FolderError(
    file,
    `it is not JSON at ${place}: expected ${expected}`,
    "JSON has no comments, and no comma behind the last member",
  );
}

/** The Relay Proxy could not serve an environment with such a key. */
function checkKeys(file: string, { sdkKeys, mobileKeys }: EnvironmentMetadata): void {
  for (const { value, expiry = 0 } of [...sdkKeys, ...mobileKeys]) {
    if (!/^[!-~]+$/.test(value)) {
      throw new FolderError(
        file,
        "a key has characters that cannot be sent",
        "leave it out to have one derived",
      );
    }
    if (expiry < 0) throw new FolderError(file, "the expiry of a key is negative", "it is ms since 1970");
  }
}

/** Skips the byte order mark that editors of Windows put in front of UTF-8. */
function skipMark(json: Uint8Array): Uint8Array {
  return json[0] === 0xef && json[1] === 0xbb && json[2] === 0xbf ? json.subarray(3) : json;
}

function hintFor(message: string): string | undefined {
  return /flag ".*": "" must be/s.test(message) ? "constant values go into flagValues" : undefined;
}

/**
 * Counts flags and segments, and checks each of them.
 *
 * @param id ID of the environment.
 * @param dataJson Content of its data file.
 * @returns Numbers and warnings.
 * @throws {EnvironmentError} When one is faulty.
 */
export function countItems(
  id: string,
  dataJson: Uint8Array,
): Pick<FolderEnvironment, "flags" | "segments" | "warnings"> {
  const counts = { flags: 0, segments: 0, warnings: [] as string[] };
  for (const { kind, value } of readItems(id, dataJson, counts.warnings)) {
    if (value.deleted !== true) counts[kind]++;
  }
  return counts;
}

/** Two environments with one ID would be one, and a key that two share would open one of them for the other's clients. */
function refuseShared(environments: readonly FolderEnvironment[]): void {
  const owners = new Map<string, string>();
  function claim(file: string, what: string, value: string): void {
    const owner = owners.get(`${what} ${value}`);
    if (owner !== undefined) {
      const hint = "whoever copies a file gives the copy an ID and keys of its own, or leaves them out";
      throw new FolderError(file, `it has the same ${what} as "${owner}"`, hint);
    }
    owners.set(`${what} ${value}`, file);
  }
  for (const { file, metadata: { id, sdkKeys, mobileKeys } } of environments) {
    // The names of an archive's files differ by more than case.
    claim(file, "ID", id.toLowerCase());
    for (const { value } of sdkKeys) claim(file, "SDK key", value);
    for (const { value } of mobileKeys) claim(file, "mobile key", value);
  }
}
