import { bundle } from "../../tools/bundle.ts";
import { compile } from "../../tools/compile.ts";
import { UNIX_SOCKET } from "../../tools/permissions.ts";

/** The import map that these tests run with, if any. */
export const IMPORT_MAP = import.meta.resolve("@std/assert").startsWith("file:")
  ? "tools/std/import_map.json"
  : undefined;

/** Path of the executable: the one that `deno task test` has built, else one to build in `folder`. Its script is beside it. */
export function locateProgram(folder: string): string {
  return Deno.env.get("HALYARD_BINARY") ?? `${folder}/halyard`;
}

/** Builds the executable and its script, unless they are there. */
export async function buildProgram(program: string): Promise<void> {
  if (program === Deno.env.get("HALYARD_BINARY")) return;
  await bundle({ importMap: IMPORT_MAP, output: `${program}.js`, unixSocket: UNIX_SOCKET });
  await compile({ script: `${program}.js`, output: program, base: "deno" });
}

/** Whether a program can be run here. */
export async function canRun(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
