import { type CollectedEnvironment, readArchive } from "../archive/_environments.ts";
import { packFolder, unpackArchive } from "../../lib/folder/mod.ts";

/** Secret of the tests. */
export const SEED = "5eed";

/** Encodes the files of a folder. */
export function toFolder(files: Record<string, string>): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map(Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)]));
}

/** Packs a folder and reads its environments. */
export async function packAndRead(files: Record<string, string>): Promise<CollectedEnvironment[]> {
  const { archive } = await packFolder(toFolder(files), SEED);
  return (await readArchive(archive)).environments;
}

/** Unpacks an archive into a folder. */
export async function unpackToFolder(archive: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const environments = await unpackArchive(archive);
  return toFolder(Object.fromEntries(environments.map(({ file, text }) => [file, text])));
}
