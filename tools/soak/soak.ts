import { printTable } from "../../bench/_streams.ts";
import { TERMINAL } from "../../lib/cli/terminal.ts";
import { DataFile } from "../../tests/e2e/_archive.ts";
import { makeArchive } from "./archive.ts";
import { ClientProcess } from "./client_process.ts";
import { MemoryLog } from "./memory_log.ts";
import type { SoakOptions } from "./options.ts";
import { type SoakRelay, startRelays } from "./relays.ts";
import type { RequestOptions, RequestReport } from "./request_client.ts";
import type { StreamOptions, StreamReport } from "./stream_client.ts";
import { countErrors, describeAll, describeRun, mergeStreams, type Seen } from "./tables.ts";
import type { Transport } from "./transports.ts";
import { FIRST_VERSION } from "./versions.ts";

/** Streams that one process can hold beside the others. */
const STREAMS_PER_PROCESS = 5_000;

/** Longest time until all streams have been opened, before the first reload: ms. */
const OPEN_MS = 60_000;

/** Time between two lines that say how it goes: ms. */
const REPORT_MS = 60_000;

/** Lines of a relay's log that are shown at the end. */
const MAX_LINES = 10;

/** Time between two looks at what is waited for: ms. */
const LOOK_MS = 100;

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

/** The processes with clients. */
class Clients {
  readonly #streams: ClientProcess<StreamReport>[];
  readonly #streamCount: number;
  readonly #openRequests: () => ClientProcess<RequestReport>;
  #requests: ClientProcess<RequestReport> | undefined;

  /** Starts those with streams; the stack ends all of them. */
  constructor({ streams, requests, lag }: SoakOptions, transports: Transport[], stack: AsyncDisposableStack) {
    const processes = Math.ceil(streams / STREAMS_PER_PROCESS);
    const share: StreamOptions = { transports, count: Math.ceil(streams / processes), maxLag: lag * 1000 };
    this.#streamCount = processes * share.count;
    this.#streams = Array.from(
      { length: processes },
      () => stack.use(new ClientProcess<StreamReport>("stream_client.ts", share)),
    );
    const options: RequestOptions = { transports, rate: requests };
    this.#openRequests = () => stack.use(new ClientProcess<RequestReport>("request_client.ts", options));
  }

  /** Waits until all streams have been opened, then starts the requests. */
  async open(stop: AbortSignal): Promise<void> {
    const lastMoment = Date.now() + OPEN_MS;
    while (!stop.aborted && Date.now() < lastMoment) {
      if ((await this.#reportStreams()).open === this.#streamCount) {
        TERMINAL.print("all streams are open\n");
        break;
      }
      await sleep(LOOK_MS, stop);
    }
    this.#requests = this.#openRequests();
  }

  async announce(version: number): Promise<void> {
    await Promise.all([...this.#streams, this.#requests!].map((client) => client.announce(version)));
  }

  async report(): Promise<Seen> {
    return { streams: await this.#reportStreams(), requests: await this.#requests!.report() };
  }

  /** Leaves the last versions some time to come to all streams: ms. */
  async close(time: number): Promise<Seen> {
    const lastMoment = Date.now() + time + LOOK_MS;
    while ((await this.#reportStreams()).pending > 0 && Date.now() < lastMoment) await sleep(LOOK_MS);
    return await this.report();
  }

  async #reportStreams(): Promise<StreamReport> {
    return mergeStreams(await Promise.all(this.#streams.map((client) => client.report())));
  }
}

/** Waits, until the signal at most. */
function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  function wake(): void {
    resolve();
  }
  const timer = setTimeout(wake, Math.max(0, ms));
  stop?.addEventListener("abort", wake);
  if (stop?.aborted) wake();
  return promise.finally(() => {
    clearTimeout(timer);
    stop?.removeEventListener("abort", wake);
  });
}
