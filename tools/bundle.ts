/**
 * The task `bundle`: writes `dist/halyard.js`, the whole program in one file.
 *
 * A bundler does not follow the URL of a worker, so the loading thread's code is bundled first and becomes a `data:` URL
 * in the program. Serving threads start from the program itself. These URLs, and how the program was built, stand in modules that
 * the bundle replaces by an import map.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { BUILD_INFO, type BuildInfo } from "../lib/build_info.ts";

const ROOT = new URL("../", import.meta.url);

/** The path of the bundle. All paths here are relative to the repository. */
const BUNDLE = "dist/halyard.js";

/** Options for {@linkcode bundle}. */
export interface BundleOptions {
  /** Path of the import map with the stand-ins for `@std`. @default {the imports of `deno.json`, so JSR} */
  importMap?: string | undefined;
  /** Path of the program. @default {main.ts} */
  entrypoint?: string;
  /** Path of the file to write. @default {dist/halyard.js} */
  output?: string;
  /** Path of the one Unix socket that an executable made of it may listen on. @default {it is not known} */
  unixSocket?: string | undefined;
  /** Path of the one state directory that an executable made of it may write to. @default {it is not known} */
  stateDirectory?: string | undefined;
}

/**
 * Writes the program into one file.
 *
 * @param options Which `@std`, and where to.
 * @throws {Error} When the bundler fails; it has said why on standard error.
 */
export async function bundle(options: BundleOptions = {}): Promise<void> {
  const { importMap, entrypoint = "main.ts", output = BUNDLE, unixSocket, stateDirectory } = options;
  const imports = await readImports(importMap);
  const folder = await Deno.makeTempDir({ prefix: "halyard-bundle-" });
  try {
    const map = `${folder}/import_map.json`;
    const worker = `${folder}/worker.js`;
    await writeJson(map, { imports });
    await runBundler("lib/load/worker.ts", map, worker);
    const url = `data:text/javascript;base64,${(await Deno.readFile(worker)).toBase64()}`;
    const info: BuildInfo = {
      commit: await askGit("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*") ?? "unknown",
      date: await askGit("log", "-1", "--format=%cI") ?? BUILD_INFO.date,
      std: importMap ? "npm" : "jsr",
      ...unixSocket !== undefined && { unixSocket },
      ...stateDirectory !== undefined && { stateDirectory },
    };
    await Deno.writeTextFile(`${folder}/url.js`, `export function workerUrl() { return new URL("${url}"); }`);
    await Deno.writeTextFile(
      `${folder}/thread_url.js`,
      "export function threadUrl() { return new URL(import.meta.url); }",
    );
    await Deno.writeTextFile(`${folder}/info.js`, `export const BUILD_INFO = ${JSON.stringify(info)};`);
    const replaced = {
      [new URL("lib/load/worker_url.ts", ROOT).href]: pathToFileURL(`${folder}/url.js`).href,
      [new URL("lib/thread_url.ts", ROOT).href]: pathToFileURL(`${folder}/thread_url.js`).href,
      [new URL("lib/build_info.ts", ROOT).href]: pathToFileURL(`${folder}/info.js`).href,
    };
    await writeJson(map, { imports: { ...imports, ...replaced } });
    await runBundler(entrypoint, map, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The imports of an import map or of `deno.json`, relative addresses made absolute. */
async function readImports(path = "deno.json"): Promise<Record<string, string>> {
  const url = new URL(path, ROOT);
  const { imports } = JSON.parse(await Deno.readTextFile(url)) as { imports: Record<string, string> };
  return Object.fromEntries(
    Object.entries(imports).map(([name, target]) => [
      name,
      target.startsWith(".") ? new URL(target, url).href : target,
    ]),
  );
}

async function runBundler(entry: string, importMap: string, output: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--import-map", importMap, "--output", output, entry],
    cwd: ROOT,
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error(`Cannot bundle "${entry}"`);
}

/** Asks Git about this repository. Returns its answer; `undefined` where there is no Git, or no repository. */
async function askGit(...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args,
      cwd: ROOT,
      stdin: "null",
    }).output();
    if (success) return new TextDecoder().decode(stdout).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(value));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { "import-map": { type: "string" }, output: { type: "string", default: BUNDLE } },
  });
  await bundle({ importMap: values["import-map"], output: values.output });
}
