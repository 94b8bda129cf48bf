import { bundle } from "./bundle.ts";
import { compile, INJECTABLE } from "./compile.ts";
import { UNIX_SOCKET } from "./permissions.ts";

/** Options for {@linkcode buildExecutable}. */
export interface BuildOptions {
  /** Folder for it, and for its script. */
  folder: string;
  /** Import map of the sources. @default {that of deno.json} */
  importMap?: string | undefined;
}

/**
 * Builds the executable from the sources as they are. Needs no network, so it is for one kind of machine only.
 *
 * @param options Where, and with which import map.
 * @returns Its path; `undefined` on other machines.
 */
export async function buildExecutable({ folder, importMap }: BuildOptions): Promise<string | undefined> {
  if (Deno.build.target !== INJECTABLE) return undefined;
  const script = `${folder}/halyard.js`;
  const output = `${Deno.cwd()}/${folder}/halyard`;
  await Deno.mkdir(folder, { recursive: true });
  await bundle({ importMap, output: script, unixSocket: UNIX_SOCKET });
  await compile({ script, output, base: "deno" });
  return output;
}
