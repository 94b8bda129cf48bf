import { join } from "node:path";
import { type FolderEnvironment, unpackArchive } from "../folder/mod.ts";
import { FileError, readArchiveBytes } from "./archive_file.ts";
import type { Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { packedToJson, printEnvironments } from "./pack.ts";
import { UsageError } from "./parse_args.ts";
import { WriteError, writeNewFile } from "./write_file.ts";

/** Mode of a folder whose files hold keys: nobody but its owner looks into it. */
const PRIVATE = 0o700;

/** The command `unpack`. */
export const UNPACK: Command = {
  name: "unpack",
  summary: "makes a folder of readable files of an archive",
  usage: "FILE DIR",
  arity: [2, 2],
  details:
    `DIR is created, or is empty. It gets one JSON file for each environment, with its keys in it; pack makes the same
environments of them again.`,
  example: "unpack flags.tar.gz flags",
  flags: jsonFlag("unpack"),
  async run(args, terminal) {
    const [path, dir] = args.positional as [string, string];
    const environments = await unpack(path, dir);
    if (args.switches.has("json")) printJson(terminal, { environments: environments.map(packedToJson) });
    else printEnvironments(terminal, environments);
    return 0;
  },
};

async function unpack(path: string, dir: string): Promise<FolderEnvironment[]> {
  requireEmpty(dir);
  const { bytes, maxBytes } = readArchiveBytes(path);
  const environments = await unpackArchive(bytes, { path, maxCompressedBytes: maxBytes });
  try {
    await Deno.mkdir(dir, { recursive: true, mode: PRIVATE });
  } catch (error) {
    throw new WriteError(dir, error as Error);
  }
  writeAll(environments.map(({ file, text }) => ({ path: join(dir, file), text })));
  return environments;
}

/** Writes all files or none: a folder with some of them would be packed without the others. */
function writeAll(files: readonly { path: string; text: string }[]): void {
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      writeNewFile(path, text);
      written.push(path);
    }
  } catch (error) {
    for (const path of written) Deno.removeSync(path);
    throw error;
  }
}

function requireEmpty(dir: string): void {
  try {
    if (Deno.readDirSync(dir)[Symbol.iterator]().next().done) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new FileError(dir, error as Error);
  }
  throw new UsageError(
    `the folder "${dir}" is not empty`,
    "name one that is not there; nothing is overwritten",
  );
}
