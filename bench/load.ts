/**
 * What it takes to load an archive, step by step, for 1 MB and 20 MB of JSON in one environment, beside what `JSON.parse`
 * alone takes.
 *
 * Usage: `deno run -A bench/load.ts`
 */
import { computeChecksum } from "../lib/archive/_checksum.ts";
import { listFiles } from "../lib/archive/_guard.ts";
import { gunzip } from "../lib/archive/_gunzip.ts";
import { untar } from "../lib/archive/_untar.ts";
import { readItems, writeArchive } from "../lib/archive/mod.ts";
import { parseMetadata } from "../lib/model/mod.ts";
import { SnapshotBuilder } from "../lib/snapshot/mod.ts";
import { makeFlags } from "./_flags.ts";
import { printTable } from "./_streams.ts";

const ROUNDS = 5;
/** Flags of this shape make about 1 MB. */
const FLAGS_PER_MB = 740;
const MAX_BYTES = 512 * 1024 * 1024;
const METADATA = parseMetadata({ env: { envID: "e1" } }, "e1");

const STEPS = ["gunzip", "untar", "checksum", "read", "finish"] as const;

type Times = Record<(typeof STEPS)[number] | "JSON.parse", number>;

/** Takes the time of each step: ms. */
async function load(archive: Uint8Array, data: string): Promise<Times> {
  const times = {} as Times;
  async function step<T>(name: keyof Times, run: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await run();
    times[name] = performance.now() - start;
    return result;
  }
  const tar = await step("gunzip", () => gunzip(archive, MAX_BYTES));
  const files = await step("untar", () => untar(listFiles(tar)));
  files.delete("checksum.md5");
  await step("checksum", () => computeChecksum(files));
  const dataJson = files.get("e1-data.json")!;
  const builder = new SnapshotBuilder(dataJson.length);
  await step("read", () => {
    for (const item of readItems("e1", dataJson)) builder.add(item);
  });
  await step("finish", () => builder.finish(METADATA));
  await step("JSON.parse", () => void JSON.parse(data));
  return times;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

async function measure(megabytes: number): Promise<Record<string, string | number>> {
  const data = JSON.stringify(makeFlags(FLAGS_PER_MB * megabytes, "rules"));
  const metadata = JSON.stringify({ env: { envID: "e1", sdkKey: { value: "sdk-e1" } } });
  const archive = await writeArchive([{ id: "e1", metadata, data }]);
  const rounds: Times[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await load(archive, data));
  const all = rounds.map((times) => STEPS.reduce((sum, name) => sum + times[name], 0));
  const parses = rounds.map((times) => times["JSON.parse"]);
  return {
    "JSON MB": (data.length / 1e6).toFixed(1),
    "archive MB": (archive.length / 1e6).toFixed(1),
    ...Object.fromEntries(STEPS.map((name) => [name, median(rounds.map((times) => times[name])).toFixed(0)])),
    all: median(all).toFixed(0),
    "of JSON.parse": `${median(all.map((time, i) => time / parses[i]!)).toFixed(1)}x`,
  };
}

/** Measures loading and prints a table. */
export async function benchLoad(): Promise<void> {
  printTable("load: from the bytes of an archive to what is served, ms", [
    await measure(1),
    await measure(20),
  ]);
}

if (import.meta.main) await benchLoad();
