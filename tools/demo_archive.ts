/**
 * Builds the demo archive from its readable sources, as `halyard-courier pack examples -o dist/demo.tar.gz` does.
 *
 * @module
 */
import { ensureDir } from "@std/fs";
import { fileURLToPath } from "node:url";
import { readFolder } from "../lib/cli/pack.ts";
import { packFolder } from "../lib/folder/mod.ts";

/** Secret of the demo's derived IDs and keys, of which it has none. */
const NO_SEED = "";

/**
 * Builds an archive from a folder with a file for each environment.
 *
 * @param examples The folder.
 * @returns A `.tar.gz`.
 */
export async function buildDemo(examples: URL): Promise<Uint8Array<ArrayBuffer>> {
  const { archive } = await packFolder(readFolder(fileURLToPath(examples)), NO_SEED);
  return archive;
}

if (import.meta.main) {
  const dist = new URL("../dist/", import.meta.url);
  await ensureDir(dist);
  await Deno.writeFile(
    new URL("demo.tar.gz", dist),
    await buildDemo(new URL("../examples/", import.meta.url)),
  );
}
