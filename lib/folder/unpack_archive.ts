import {
  compact,
  decode,
  EnvironmentError,
  listMembers,
  parseJson,
  readArchive,
  type ReadArchiveOptions,
  scanValue,
} from "../archive/mod.ts";
import { toObject } from "./_environment_file.ts";
import { createFileName } from "./file_name.ts";
import { indentJson } from "./_indent.ts";
import { countItems, type FolderEnvironment } from "./pack_folder.ts";

/** One environment of an archive as a readable file. */
export interface UnpackedEnvironment extends FolderEnvironment {
  /** Content of the file: JSON. */
  text: string;
}

/** Fields of metadata that would be made if they were left out, and what stands for none. */
const FIELDS: [name: string, none: string, others?: string][] = [
  ["envKey", '""'],
  ["envName", '""'],
  ["projKey", '""'],
  ["projName", '""'],
  ["sdkKey", "null", "sdkKeys"],
  ["mobKey", "null", "mobileKeys"],
];

/**
 * Unpacks an archive into readable files, of which {@linkcode packFolder} makes the same environments: metadata, flags and
 * segments keep their spelling, numbers that no program reads exactly and unknown fields included. `dataId` and the metadata's
 * version are left out, and so is what is neither metadata nor flag nor segment.
 *
 * @param bytes The archive.
 * @param options Path of the archive, for messages, and the largest size.
 * @returns Files in ascending order of their environments' IDs.
 * @throws {ArchiveError} When the archive is refused.
 * @throws {EnvironmentError} When an environment in it cannot be used.
 */
export async function unpackArchive(
  bytes: Uint8Array,
  options: ReadArchiveOptions = {},
): Promise<UnpackedEnvironment[]> {
  const taken = new Set<string>();
  const { environments } = await readArchive(bytes, options);
  return environments.map((environment) => {
    if ("error" in environment) throw environment.error;
    const { id, metadata, metadataJson, dataJson } = environment;
    const counts = countItems(id, dataJson);
    const text = indentJson(`{"env":${copyEnv(metadataJson)}${copyKinds(id, dataJson)}}`);
    return { file: createFileName(metadata, taken), metadata, ...counts, text };
  });
}

function copyEnv(json: Uint8Array): string {
  const env = [...listMembers(json, scanValue(json, 0))].findLast(({ key }) => key === "env")!.value;
  const fields = new Map<string, string>();
  for (const { key, value } of listMembers(json, env)) {
    fields.set(key, decode(compact(json, value)));
  }
  fields.delete("version");
  for (const [name, none, others] of FIELDS) {
    if (!fields.has(name) && !(others && fields.has(others))) fields.set(name, none);
  }
  return toObject(fields);
}

/** Copies flags and segments. Those that are served by nobody, since they nest too deep, have not been parsed yet. */
function copyKinds(id: string, json: Uint8Array): string {
  try {
    parseJson(json);
  } catch (error) {
    throw new EnvironmentError(id, `${id}-data.json`, error as Error);
  }
  return [...listMembers(json, scanValue(json, 0))]
    .filter(({ key }) => key === "flags" || key === "segments")
    .map(({ key, value }) => `,"${key}":${decode(compact(json, value))}`).join("");
}
