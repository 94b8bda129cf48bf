/**
 * Size, start-up and idle memory of each form of Halyard, with an archive of 1 MB of JSON: from the source, from the bundle,
 * as an executable. Forms that have not been built (`deno task bundle`, `deno task compile`) are left out.
 *
 * @module
 */
import type { EnvironmentParts } from "../tests/_environments.ts";
import { DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { freePort } from "../tests/e2e/_relay.ts";
import { makeFlags } from "./_flags.ts";
import { printTable, rssOf } from "./_streams.ts";

const ROUNDS = 11;
/** Flags of this shape make about 1 MB. */
const FLAGS = 740;
const DENO_RUN = [Deno.execPath(), "run", "--quiet", "--no-lock", "--allow-all"];

interface Form {
  name: string;
  command: string[];
  size: number | undefined;
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await Deno.stat(path).then(({ size }) => size, () => undefined);
}

/** Starts it once: ms until it is ready, and its memory then. */
async function start(
  { command: [program, ...args] }: Form,
  file: string,
): Promise<{ ms: number; rss: number }> {
  const port = freePort();
  const begin = performance.now();
  const process = new Deno.Command(program!, {
    args,
    env: { FILE_DATA_SOURCE: file, PORT: String(port), LOG_LEVEL: "error", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "null",
  }).spawn();
  while (true) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(async (response) => {
      await response.body?.cancel();
      return response.ok;
    }, () => false);
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ms = performance.now() - begin;
  const rss = await rssOf(process.pid);
  process.kill("SIGKILL");
  await process.status;
  return { ms, rss };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Measures and prints a table. */
export async function benchStartup(): Promise<void> {
  const importMap = import.meta.resolve("@std/tar").startsWith("file:")
    ? ["--import-map=tools/std/import_map.json"]
    : [];
  const forms: Form[] = [
    { name: "deno run main.ts", command: [...DENO_RUN, ...importMap, "main.ts"], size: 0 },
    {
      name: "deno run dist/halyard.js",
      command: [...DENO_RUN, "dist/halyard.js"],
      size: await sizeOf("dist/halyard.js"),
    },
    { name: "dist/halyard", command: ["dist/halyard"], size: await sizeOf("dist/halyard") },
  ].filter(({ size }) => size !== undefined);
  const parts = makeFlags(FLAGS, "rules") as unknown as EnvironmentParts;
  await using file = await DataFile.create(await packArchive({ e1: parts }));
  const runs = new Map(forms.map((form) => [form, [] as { ms: number; rss: number }[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const form of forms) runs.get(form)!.push(await start(form, file.path));
  }
  printTable(
    "start-up with 1 MB of JSON",
    forms.map((form) => ({
      form: form.name,
      "size, MB": form.size ? (form.size / 1e6).toFixed(1) : "",
      "exec to ready, ms": Math.round(median(runs.get(form)!.map(({ ms }) => ms))),
      "RSS, MB": Math.round(median(runs.get(form)!.map(({ rss }) => rss)) / 1e6),
    })),
  );
}

if (import.meta.main) await benchStartup();
