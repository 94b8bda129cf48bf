/**
 * What the commands for the person who carries the file take for 20 MB of JSON in one environment: time and peak memory of the
 * process, beside one that only unpacks the same archive and parses its JSON.
 *
 * Usage: `deno run -A bench/tools.ts`, of `dist/halyard` where it has been built
 *
 * @module
 */
import { writeArchive } from "../lib/archive/mod.ts";
import { type BenchData, makeFlags } from "./_flags.ts";
import { readMemory } from "./_memory.ts";
import { printTable } from "./_streams.ts";

const ROUNDS = 5;
/** Flags of this shape make about 20 MB. */
const FLAGS = 14_800;
const METADATA = JSON.stringify({ env: { envID: "e1", envKey: "production", sdkKey: { value: "sdk-e1" } } });
/** Least share of flags that a release changes: one in a hundred. */
const CHANGED_EVERY = 100;
/** Pause between two looks at a process's memory: ms. */
const LOOK_MS = 2;

/** The floor: what any program does that has to look at every flag. */
const PARSE = `
const bytes = await Deno.readFile(Deno.args[0]);
const tar = new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
const text = new TextDecoder().decode(tar);
const start = text.indexOf('{"flags"');
JSON.parse(text.slice(start, text.indexOf("\\0", start)));
`;

interface Run {
  ms: number;
  peak: number;
}

/** The archive of some flags. */
function pack(data: BenchData): Promise<Uint8Array> {
  return writeArchive([{ id: "e1", metadata: METADATA, data: JSON.stringify(data) }]);
}

/** The same flags with a higher version and another salt in one of so many. */
function change({ flags, segments }: BenchData, every: number): BenchData {
  const changed = Object.entries(flags as Record<string, { version: number }>).map(([key, flag], i) =>
    [key, i % every === 0 ? { ...flag, version: flag.version + 1, salt: "other" } : flag] as const
  );
  return { flags: Object.fromEntries(changed), segments };
}

async function run([program, ...args]: string[]): Promise<Run> {
  const start = performance.now();
  const process = new Deno.Command(program!, { args, stdout: "null", env: { DENO_NO_UPDATE_CHECK: "1" } })
    .spawn();
  let hasEnded = false;
  const ended = process.status.finally(() => hasEnded = true);
  let peak = 0;
  while (!hasEnded) {
    // Gone between two looks, it keeps what was seen last.
    peak = Math.max(peak, await readMemory(process.pid, "VmHWM").catch(() => 0));
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const { code } = await ended;
  if (code > 1) throw new Error(`"${args.join(" ")}" ended with ${code}`);
  return { ms: performance.now() - start, peak };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Measures and prints a table. */
export async function benchTools(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "halyard-bench-" });
  try {
    const data = makeFlags(FLAGS, "rules");
    await Deno.writeFile(`${folder}/a.tar.gz`, await pack(data));
    await Deno.writeFile(`${folder}/some.tar.gz`, await pack(change(data, CHANGED_EVERY)));
    await Deno.writeFile(`${folder}/all.tar.gz`, await pack(change(data, 1)));
    await Deno.writeTextFile(`${folder}/parse.js`, PARSE);
    const standIns = import.meta.resolve("@std/tar").startsWith("file:");
    const importMap = standIns ? ["--import-map=tools/std/import_map.json"] : [];
    const deno = [Deno.execPath(), "run", "--quiet", "--no-lock", "--allow-all"];
    const isBuilt = await Deno.stat("dist/halyard").then(() => true, () => false);
    const halyard = isBuilt ? ["dist/halyard"] : [...deno, ...importMap, "main.ts"];
    const [a, some, all] = ["a", "some", "all"].map((name) => `${folder}/${name}.tar.gz`);
    const commands: Record<string, string[]> = {
      "JSON.parse alone": [...deno, "--no-config", `${folder}/parse.js`, a!],
      inspect: [...halyard, "inspect", a!],
      "inspect ENV": [...halyard, "inspect", a!, "production"],
      check: [...halyard, "check", a!],
      "diff, same": [...halyard, "diff", a!, a!],
      "diff, 1 % changed": [...halyard, "diff", a!, some!],
      "diff, all changed": [...halyard, "diff", a!, all!],
      evaluate: [...halyard, "evaluate", a!, "production", "--user", "ann"],
    };
    const runs = new Map<string, Run[]>(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, command] of Object.entries(commands)) runs.get(name)!.push(await run(command));
    }
    const floor = median(runs.get("JSON.parse alone")!.map(({ ms }) => ms));
    printTable(
      `commands for ${(JSON.stringify(data).length / 1e6).toFixed(1)} MB of JSON`,
      [...runs].map(([name, list]) => {
        const ms = median(list.map(({ ms }) => ms));
        return {
          command: name,
          ms: Math.round(ms),
          "of JSON.parse": `${(ms / floor).toFixed(1)}x`,
          "peak, MB": Math.round(median(list.map(({ peak }) => peak))),
        };
      }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await benchTools();
