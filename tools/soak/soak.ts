import { printTable } from "../../bench/_streams.ts";
import { TERMINAL } from "../../lib/cli/terminal.ts";
import { DataFile } from "../../tests/e2e/_archive.ts";
import { makeArchive } from "./archive.ts";
import { Clients } from "./clients.ts";
import { MemoryLog } from "./memory_log.ts";
import type { SoakOptions } from "./options.ts";
import { type SoakRelay, startRelays } from "./relays.ts";
import { sleep } from "./sleep.ts";
import { countErrors, describeAll, describeRun, type Seen } from "./tables.ts";
import { FIRST_VERSION } from "./versions.ts";

/** Time between two lines that say how it goes: ms. */
const REPORT_MS = 60_000;

/** Lines of a relay's log that are shown at the end. */
const MAX_LINES = 10;

/**
 * Runs a soak and prints its tables.
 *
 * @param options How long, how much.
 * @param stop Ends it early.
 * @returns Whether nothing was lost, wrong or failed.
 */
export async function runSoak(options: SoakOptions, stop: AbortController): Promise<boolean> {
  await using stack = new AsyncDisposableStack();
  const file = stack.use(await DataFile.create(await makeArchive(FIRST_VERSION)));
  const relays = await startRelays(file.path, options.transports, stack);
  const dead: string[] = [];
  for (const { name, process } of relays) {
    TERMINAL.print(`relay ${name}: process ${process.pid}\n`);
    process.ended.then(({ code }) => {
      dead.push(`problem: relay ${name} has ended with ${code}\n`);
      stop.abort();
    });
  }
  const clients = new Clients(options, relays.flatMap((relay) => relay.transports), stack);
  const memory = new MemoryLog(relays);
  await clients.open(stop.signal);

  const begin = Date.now();
  function minutes(): string {
    return ((Date.now() - begin) / 60_000).toFixed(1);
  }
  let version = FIRST_VERSION;
  let nextReport = begin + REPORT_MS;
  while (!stop.signal.aborted && Date.now() < begin + options.minutes * 60_000) {
    const due = Date.now() + options.reload * 1000;
    const archive = await makeArchive(++version);
    await clients.announce(version);
    await file.replace(archive);
    await sleep(due - Date.now(), stop.signal);
    await memory.look();
    if (Date.now() < nextReport) continue;
    nextReport += REPORT_MS;
    const row = { reloads: version - FIRST_VERSION, ...describeRun(await clients.report()) };
    printTable(`after ${minutes()} minutes`, [{ ...row, ...memory.describeNow() }]);
  }
  const seen = await clients.close(options.lag * 1000);

  const { streams, requests, transports } = options;
  printTable(
    `soak: ${streams} streams, ${requests} requests a second, ${transports.join(", ")}, ${minutes()} minutes`,
    describeAll(version - FIRST_VERSION, options.reload, seen),
  );
  printTable("memory; its slope and the deviation from it over the second half", memory.describe());
  for (const text of [...dead, ...describeProblems(seen, relays)]) TERMINAL.print(text);
  return dead.length === 0 && countErrors(seen) === 0;
}

function describeProblems({ streams, requests }: Seen, relays: SoakRelay[]): string[] {
  return [
    ...[...streams.problems, ...requests.problems].map((problem) => `problem: ${problem}\n`),
    ...relays.flatMap(({ name, process }) =>
      process.lines.filter((line) => / (WARN|ERROR): /.test(line)).slice(0, MAX_LINES)
        .map((line) => `relay ${name}: ${line}\n`)
    ),
  ];
}
