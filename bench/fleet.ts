/**
 * A soak: a fleet of streams of `/all` on `STREAM_PORT`, with a reload every 5 s. One stream in 20 is slow (16 KB/s), 1 % of all
 * leave each second, and as many come. No update may be lost: each stream that stays open must come to the newest version before
 * the next reload, which waits for that; it may never go back, nor end by itself. Clients are two processes beside the relay.
 *
 * Usage: `deno run -A --unstable-net $(deno task -q std) bench/fleet.ts [MINUTES] [STREAMS]`, 10 minutes of 10,000 streams if not given;
 * `HALYARD` names an executable. `--plant` waits for a version that never comes, to show that this is found. Exits with 1 if
 * anything was lost. Linux.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { TERMINAL } from "../lib/cli/terminal.ts";
import type { EnvironmentParts } from "../tests/_environments.ts";
import { constantFlag, DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { freePort, startRelay } from "../tests/e2e/_relay.ts";
import { FLAG, type FleetReport, readLines, valueOf } from "./_fleet_client.ts";
import { makeFlags } from "./_flags.ts";
import { readMemory } from "./_memory.ts";
import { printTable } from "./_streams.ts";

const { values: { plant }, positionals } = parseArgs({
  allowPositionals: true,
  options: { plant: { type: "boolean", default: false } },
});
const MINUTES = Number(positionals[0] ?? 10);
const STREAMS = Number(positionals[1] ?? 10_000);
const CLIENTS = 2;

/** As in packaging/halyard.service. */
const MALLOC = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "262144" };

const RELOAD_MS = 5_000;
const REPORT_MS = 30_000;

/** How long an update may take to reach all streams, slow ones included. After that it is lost: ms. */
const MAX_LAG_MS = 30_000;

/** How long the first event of a slow stream may take. Only before each row does a reload wait for those that are younger: ms. */
const BEGIN_MS = 10_000;

/** 99 flags, a third of them simple, and segments: 120 KB of JSON. The flag that changes is the hundredth. */
const DATA = makeFlags(70, "rules") as unknown as EnvironmentParts;
for (let i = 1; i < 30; i++) DATA.flags![`simple-${i}`] = constantFlag(true);

function makeArchive(version: number): Promise<Uint8Array> {
  const flags = { ...DATA.flags, [FLAG]: constantFlag(valueOf(version), version) };
  return packArchive({ e1: { ...DATA, flags } });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A part of the fleet; see `_fleet_client.ts`. */
class Client implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = readLines(process.stdout);
    this.#writer = process.stdin.getWriter();
  }

  static async open(port: number, streams: number): Promise<Client> {
    const script = new URL("./_fleet_client.ts", import.meta.url).pathname;
    const args = ["run", "--no-lock", "--no-check", "-A", script, `${port}`, "sdk-e1", `${streams}`];
    const process = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
    const client = new Client(process);
    await client.#lines.next();
    return client;
  }

  async report(version: number, openedBefore: number): Promise<FleetReport> {
    await this.#writer.write(new TextEncoder().encode(`${version} ${openedBefore}\n`));
    return JSON.parse((await this.#lines.next()).value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#process.status;
    await this.#lines.return(undefined);
  }
}

/** Fits a line to points by least squares: its slope, and the standard deviation of the points from it. */
function fitLine(points: [x: number, y: number][]): { slope: number; deviation: number } {
  const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const slope = mean(points.map(([x, y]) => (x - meanX) * (y - meanY))) /
    mean(points.map(([x]) => (x - meanX) ** 2));
  const squares = points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2);
  return { slope, deviation: Math.sqrt(mean(squares)) };
}

async function soak(): Promise<boolean> {
  const binary = Deno.env.get("HALYARD");
  if (binary) Deno.env.set("HALYARD_BINARY", binary);
  await using file = await DataFile.create(await makeArchive(1));
  const port = freePort();
  await using relay = await startRelay({
    env: { ...MALLOC, FILE_DATA_SOURCE: file.path, STREAM_PORT: `${port}` },
  });
  await using stack = new AsyncDisposableStack();
  const share = Math.ceil(STREAMS / CLIENTS);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => stack.use(await Client.open(port, share))),
  );

  async function ask(version: number, openedBefore: number): Promise<FleetReport> {
    const reports = await Promise.all(
      clients.map((client) => client.report(version + Number(plant), openedBefore)),
    );
    return reports.reduce((one, other) => ({
      open: one.open + other.open,
      behind: one.behind + other.behind,
      updates: one.updates + other.updates,
      skipped: one.skipped + other.skipped,
      wrong: one.wrong + other.wrong,
      cut: one.cut + other.cut,
      longest: Math.max(one.longest, other.longest),
      problems: [...one.problems, ...other.problems],
    }));
  }

  const begin = Date.now();
  const end = begin + MINUTES * 60_000;
  const rows: Record<string, string | number>[] = [];
  const memory: [hours: number, megabytes: number][] = [];
  let version = 1;
  let lost = 0;
  let longest = 0;
  let report: FleetReport;
  let isLast: boolean;
  do {
    const madeAt = Date.now();
    await file.replace(await makeArchive(++version));
    await sleep(madeAt + RELOAD_MS - Date.now());
    isLast = Date.now() >= end;
    const isRow = isLast || Date.now() >= begin + (rows.length + 1) * REPORT_MS;
    const openedBefore = isRow ? madeAt : madeAt - BEGIN_MS;
    while (true) {
      report = await ask(version, openedBefore);
      longest = Math.max(longest, report.longest);
      if (report.behind === 0 || Date.now() > madeAt + MAX_LAG_MS) break;
      await sleep(250);
    }
    lost += report.behind;
    memory.push([(Date.now() - begin) / 3_600_000, await readMemory(relay.pid, "VmRSS")]);
    if (!isRow) continue;
    rows.push({
      minutes: ((Date.now() - begin) / 60_000).toFixed(1),
      reloads: version - 1,
      "streams open": report.open,
      updates: report.updates,
      skipped: report.skipped,
      "longest, ms": longest,
      lost,
      wrong: report.wrong,
      disconnects: report.cut,
      "RSS, MB": memory.at(-1)![1].toFixed(1),
      "peak, MB": (await readMemory(relay.pid, "VmHWM")).toFixed(1),
    });
    longest = 0;
    printTable(`fleet of ${STREAMS} streams`, rows.slice(-1));
  } while (!isLast);

  printTable(`fleet of ${STREAMS} streams, ${MINUTES} minutes`, rows);
  const { slope, deviation } = fitLine(memory.slice(memory.length / 2));
  TERMINAL.print(
    `\nRSS over the second half: ${slope.toFixed(1)} MB/hour, noise ${
      deviation.toFixed(1)
    } MB (standard deviation)\n`,
  );
  for (const problem of report.problems) TERMINAL.print(`problem: ${problem}\n`);
  for (const line of relay.lines) if (/WARN|ERROR/.test(line)) TERMINAL.print(`relay: ${line}\n`);
  return lost + report.wrong + report.cut === 0;
}

if (!await soak()) Deno.exit(1);
