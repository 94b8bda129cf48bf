/**
 * Memory of the executable (`deno task compile`) with archives of several sizes: idle, at its peak while the archive is loaded and
 * reloaded, and once flags are evaluated. Most of the three minutes is waiting for what is idle to settle.
 *
 * Usage: `deno run -A $(deno task -q std) bench/memory.ts`
 *
 * @module
 */
import type { EnvironmentParts } from "../tests/_environments.ts";
import { DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { freePort } from "../tests/e2e/_relay.ts";
import { makeContexts, makeFlags } from "./_flags.ts";
import { readMemory } from "./_memory.ts";
import { printTable } from "./_streams.ts";

const PROGRAM = "dist/halyard";

/** Number of flags of each archive. */
const SIZES = [100, 1_000, 10_000, 50_000];

const RELOADS = 5;

/** Time after which nothing is left of a load, not even its thread: ms. */
const SETTLE_MS = 35_000;

const ID = "e1";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a flag is served with a version. */
async function waitForVersion(url: string, key: string, version: number): Promise<void> {
  for (;; await sleep(50)) {
    const flag = await fetch(`${url}/sdk/flags/${key}`, { headers: { authorization: `sdk-${ID}` } })
      .then((response) => response.json(), () => undefined);
    if (flag?.version === version) return;
  }
}

async function measure(count: number): Promise<Record<string, string | number>> {
  const parts = makeFlags(count, "rules") as unknown as EnvironmentParts;
  const [key, flag] = Object.entries(parts.flags!)[0]!;
  await using file = await DataFile.create(await packArchive({ [ID]: { ...parts, env: {} } }));
  const port = freePort();
  const process = new Deno.Command(PROGRAM, {
    env: { FILE_DATA_SOURCE: file.path, PORT: String(port), LOG_LEVEL: "error" },
  }).spawn();
  const { pid } = process;
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitForVersion(url, key, Number(flag["version"]));
    const loading = Math.round(await readMemory(pid, "VmHWM"));
    await sleep(SETTLE_MS);
    const idle = Math.round(await readMemory(pid, "VmRSS"));
    for (let version = 1_001; version <= 1_000 + RELOADS; version++) {
      parts.flags![key] = { ...flag, version };
      await file.replace(await packArchive({ [ID]: parts }));
      await waitForVersion(url, key, version);
    }
    const reloading = Math.round(await readMemory(pid, "VmHWM"));
    const context = btoa(JSON.stringify(makeContexts(1)[0]));
    await (await fetch(`${url}/sdk/evalx/${ID}/contexts/${context}`)).body?.cancel();
    await sleep(SETTLE_MS);
    return {
      flags: count,
      "JSON, MB": (JSON.stringify(parts.flags).length / 1e6).toFixed(1),
      "idle, MB": idle,
      "while it loads": loading,
      "while it reloads": reloading,
      "idle, evaluated": Math.round(await readMemory(pid, "VmRSS")),
    };
  } finally {
    process.kill("SIGKILL");
    await process.status;
  }
}

/** Measures and prints a table. */
export async function benchMemory(): Promise<void> {
  const rows = [];
  for (const size of SIZES) rows.push(measure(size));
  printTable("memory of dist/halyard", await Promise.all(rows));
}

if (import.meta.main) await benchMemory();
