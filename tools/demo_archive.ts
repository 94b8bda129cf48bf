/**
 * Builds the demo archive from its readable sources: `examples/<project>/<environment>/{environment,data}.json`.
 *
 * @module
 */
import { ensureDir } from "@std/fs";
import { type EnvironmentFiles, writeArchive } from "../lib/archive/mod.ts";

/**
 * Builds an archive from a folder with a folder for each project, in it one for each environment.
 *
 * @param examples The folder, ending with a slash.
 * @returns A `.tar.gz`.
 */
export async function buildDemo(examples: URL): Promise<Uint8Array<ArrayBuffer>> {
  const environments: EnvironmentFiles[] = [];
  for (const project of await listFolders(examples)) {
    for (const folder of await listFolders(project)) {
      const metadata = await Deno.readTextFile(new URL("environment.json", folder));
      const data = await Deno.readTextFile(new URL("data.json", folder));
      environments.push({ id: JSON.parse(metadata).env.envID, metadata, data });
    }
  }
  return await writeArchive(environments);
}

async function listFolders(folder: URL): Promise<URL[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter((entry) => entry.isDirectory).map((entry) => new URL(`${entry.name}/`, folder));
}

if (import.meta.main) {
  const dist = new URL("../dist/", import.meta.url);
  await ensureDir(dist);
  await Deno.writeFile(
    new URL("demo.tar.gz", dist),
    await buildDemo(new URL("../examples/", import.meta.url)),
  );
}
