import { hash } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import {
  type FolderEnvironment,
  FolderError,
  isEnvironmentFile,
  type PackedFolder,
  packFolder,
} from "../folder/mod.ts";
import { metadataToJson } from "../inspection/mod.ts";
import type { Credential } from "../model/mod.ts";
import { obscureKey } from "../observe/mod.ts";
import { PartFile } from "../pull/mod.ts";
import { readSmallFile } from "../wire/mod.ts";
import { FileError } from "./archive_file.ts";
import type { Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { UsageError } from "./parse_args.ts";
import { readSettings } from "./settings.ts";
import { printTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { writeNewFile } from "./write_file.ts";

/** Largest file of a folder. More would not fit into an archive. @limit as MAX_ENTRY_BYTES */
const MAX_FILE_BYTES = 256 * 1_048_576;

/** Name of the file with the secret from which a folder's IDs and keys are derived. */
const SEED_FILE = ".halyard-seed";

/** Size of that secret: bytes. Nobody tries them all. */
const SEED_BYTES = 32;

/** Longest file with a seed: its digits and an end of line. @limit bytes: the folder is refused */
const MAX_SEED_FILE_BYTES = 2 * SEED_BYTES + 2;

/** The command `pack`. */
export const PACK: Command = {
  name: "pack",
  summary: "makes an archive of a folder of readable files",
  usage: "DIR -o FILE",
  arity: [1, 1],
  details:
    `DIR holds one JSON file for each environment, called project.environment.json. The shortest form of a file is
{"flag key": value, …}, which serves each value to everybody. A file of LaunchDarkly's SDKs with flags, flagValues and
segments is good too, and so is what unpack writes, with env beside these; a flag that is called like one of the four is
written in flagValues. An ID or a key that a file does not name is derived from its name and from a secret, made once in
DIR/${SEED_FILE}: keep that file, and keep it to yourself. null stands for no key.`,
  example: "pack flags -o flags.tar.gz",
  flags: {
    output: {
      value: "FILE",
      short: "o",
      help: "The archive. One that is there is replaced when the new one is good.",
    },
    ...jsonFlag("pack"),
  },
  async run(args, terminal) {
    const [dir] = args.positional as [string];
    const path = args.values.get("output");
    if (path === undefined) throw new UsageError("pack needs --output", `write pack ${dir} -o FILE`);
    if (resolve(dirname(path)) === resolve(dir)) {
      throw new UsageError(
        `"${path}" is in the folder that is packed`,
        "write the archive to another folder",
      );
    }
    const { archive, environments } = await pack(dir, path);
    const [size, sha256] = [archive.length, hash("sha256", archive)];
    if (args.switches.has("json")) {
      printJson(terminal, { path, size, sha256, environments: environments.map(packedToJson) });
    } else {
      printEnvironments(terminal, environments);
      terminal.print(`${path}: ${size.toLocaleString("en")} bytes, SHA-256 ${sha256}\n`);
    }
    return 0;
  },
};

async function pack(dir: string, path: string): Promise<PackedFolder> {
  const { settings } = readSettings({ fromEnv: true, allowMissingFile: true }, false);
  const files = readFolder(dir);
  const known = readSeed(dir);
  const seed = known ?? crypto.getRandomValues(new Uint8Array(SEED_BYTES)).toHex();
  const packed = await packFolder(files, seed, { path, maxCompressedBytes: settings.maxArchiveSize });
  if (packed.isSeeded && known === undefined) writeNewFile(join(dir, SEED_FILE), `${seed}\n`);
  await using file = await PartFile.create(path);
  await file.write(packed.archive);
  await file.replace();
  return packed;
}

/**
 * Reads the files of a folder that become environments.
 *
 * @param dir Path of the folder.
 * @returns Content by name.
 * @throws {FileError} When it cannot be read.
 * @throws {FolderError} When it holds something else, or none.
 */
export function readFolder(dir: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of listNames(dir).filter(isEnvironmentFile)) {
    const path = join(dir, name);
    try {
      files.set(name, readSmallFile(path, Math.min(Deno.statSync(path).size, MAX_FILE_BYTES)));
    } catch (error) {
      throw new FileError(path, error as Error);
    }
  }
  if (files.size === 0) {
    throw new FolderError(
      basename(resolve(dir)),
      "no .json file is in it",
      'the shortest is {"flag key": true}',
    );
  }
  return files;
}

function listNames(dir: string): string[] {
  try {
    return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  } catch (error) {
    throw new FileError(dir, error as Error);
  }
}

function readSeed(dir: string): string | undefined {
  const path = join(dir, SEED_FILE);
  let text = "";
  try {
    text = new TextDecoder().decode(readSmallFile(path, MAX_SEED_FILE_BYTES)).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof RangeError)) throw new FileError(path, error as Error);
  }
  if (text.length === 2 * SEED_BYTES && /^[\da-f]+$/.test(text)) return text;
  const hint =
    "take it from a backup; without it, IDs and keys that were derived from it are lost, and other ones are made";
  throw new FolderError(SEED_FILE, `it is not ${2 * SEED_BYTES} hexadecimal digits`, hint);
}

/**
 * Prints what a folder holds, one line for each environment, and warnings to standard error.
 *
 * @param terminal Where to.
 * @param environments The environments.
 */
export function printEnvironments(terminal: Terminal, environments: readonly FolderEnvironment[]): void {
  const rows = environments.map(({ file, metadata, flags, segments }) => [
    file,
    metadata.id,
    `${metadata.projectKey}/${metadata.key}`,
    obscureFirst(metadata.sdkKeys, "no SDK key"),
    obscureFirst(metadata.mobileKeys, "no mobile key"),
    flags === 1 ? "1 flag" : `${flags} flags`,
    segments === 1 ? "1 segment" : `${segments} segments`,
  ]);
  printTable(terminal, rows);
  for (const warning of environments.flatMap(({ warnings }) => warnings)) {
    terminal.printError(`warning: ${warning}\n`);
  }
}

/**
 * Describes an environment of a folder for machines.
 *
 * @param environment The environment.
 * @returns A JSON object.
 */
export function packedToJson(environment: FolderEnvironment): Record<string, unknown> {
  const { file, metadata, flags, segments, warnings } = environment;
  return { file, id: metadata.id, ...metadataToJson(metadata), flags, segments, warnings };
}

function obscureFirst([first]: readonly Credential[], none: string): string {
  return first ? obscureKey(first.value) : none;
}
