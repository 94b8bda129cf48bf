/**
 * Prints the flags with which Deno finds the `@std` packages: nothing where they can be had from JSR or from
 * its cache, else the import map of the stand-ins beside this file. The task `std`.
 *
 * `HALYARD_STD=jsr` or `HALYARD_STD=npm` decides without looking.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };

/** How long the packages may take to come, in ms: a firewall may swallow requests, and each task starts with this. */
const TIMEOUT_MS = 3000;

/**
 * Returns where the `@std` packages come from.
 *
 * @param wish `jsr` or `npm`; otherwise the answer is found by loading the packages.
 * @returns `jsr` where they can be loaded in time, else `npm`.
 * @throws {TypeError} If the wish is something else.
 */
export async function chooseStd(wish: string | undefined): Promise<"jsr" | "npm"> {
  if (wish === "jsr" || wish === "npm") return wish;
  if (wish) throw new TypeError(`Cannot use HALYARD_STD="${wish}": it is "jsr", "npm" or not set`);
  const packages = Object.values(config.imports).filter((specifier) => specifier.startsWith("jsr:"));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--no-config", ...packages],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  return success ? "jsr" : "npm";
}

async function write(stream: typeof Deno.stdout, line: string): Promise<void> {
  await stream.write(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  try {
    const std = await chooseStd(Deno.env.get("HALYARD_STD"));
    if (std === "npm") await write(Deno.stdout, "--import-map=tools/std/import_map.json");
  } catch (error) {
    await write(Deno.stderr, String(error));
    // The task shell goes on when a command in `$(…)` fails; an option that Deno does not know stops it.
    await write(Deno.stdout, "--unknown-HALYARD_STD");
  }
}
