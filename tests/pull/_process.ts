import { assert } from "@std/assert";
import { KEY } from "./_server.ts";

const COURIER = new URL("../../courier.ts", import.meta.url).pathname;
const STAND_INS = new URL("../../tools/std/import_map.json", import.meta.url).pathname;

/** Command line that runs `pull` into `flags.tar.gz` of the working directory. */
export function pullCommand(url: URL, args: readonly string[]): string[] {
  const standIns = import.meta.resolve("@std/assert").startsWith("file:")
    ? [`--import-map=${STAND_INS}`]
    : [];
  const deno = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", ...standIns];
  return [...deno, COURIER, "pull", "--from-env", "--base-uri", url.origin, "-o", "flags.tar.gz", ...args];
}

/** Starts `pull` into a folder, as a process with its own environment and a key in it. */
export function startPull(
  folder: string,
  url: URL,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const [name, ...rest] = pullCommand(url, args);
  return new Deno.Command(name!, {
    args: rest,
    cwd: folder,
    // Deno itself would ask for a newer version, through the proxy.
    env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", AUTO_CONFIG_KEY: KEY, ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for a process to end. What it printed shows no secret. */
export async function finish(
  process: Deno.ChildProcess,
): Promise<[code: number, output: string, errors: string]> {
  const { code, stdout, stderr } = await process.output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [
    string,
    string,
  ];
  for (const secret of [KEY.slice(4), "hunter2"]) assert(!`${output}${errors}`.includes(secret), errors);
  return [code, output, errors];
}

/** Runs a test in a folder of its own. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "halyard-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Names of the files in a folder, sorted. */
export function list(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
