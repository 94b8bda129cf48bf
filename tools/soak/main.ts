/**
 * A soak: the relay as a process of its own, for minutes or hours, with streams, requests and reloads on all transports at once.
 *
 * Three relays serve one archive file: one without TLS (`PORT` by `Deno.serve`, `STREAM_PORT` by Node's server), one with TLS
 * (HTTP/1.1 and HTTP/2), one with TLS 1.3 as minimum version (Node's server). Each of the five transports has a fifth of the
 * streams and of the requests. Of the streams one in 20 is slow, 1 % leave each second, and as many come. The archive is
 * replaced every few seconds; each version must come to each stream that stays, or be superseded by one that comes. Every answer and
 * every event must have the bytes of the first of its kind, but for the version, which never goes back.
 *
 * Usage: `deno task soak [--minutes 10] [--streams 2000] [--requests 200] [--reload 5] [--transports port,stream-port,tls,h2,tls1.3]`:
 * requests are per second, `--reload` is in seconds. `HALYARD_BINARY` names an executable; otherwise the sources are run.
 * Ctrl-C ends it early. The exit code is 1 if anything was lost, wrong or failed. Linux.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { printTable } from "../../bench/_streams.ts";
import { TERMINAL } from "../../lib/cli/terminal.ts";
import { DataFile } from "../../tests/e2e/_archive.ts";
import { makeArchive } from "./archive.ts";
import { ClientProcess } from "./client_process.ts";
import { sleep } from "./lines.ts";
import { startRelays, TRANSPORT_NAMES } from "./relays.ts";
import { MemoryLog } from "./memory_log.ts";
import type { RequestOptions, RequestReport } from "./request_client.ts";
import type { StreamOptions, StreamReport } from "./stream_client.ts";
import { countErrors, describeAll, describeRun, mergeStreams, type Seen } from "./tables.ts";
import { FIRST_VERSION } from "./versions.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    streams: { type: "string", default: "2000" },
    requests: { type: "string", default: "200" },
    reload: { type: "string", default: "5" },
    transports: { type: "string", default: TRANSPORT_NAMES.join(",") },
  },
});

/** Streams that one process can hold beside the others. */
const STREAMS_PER_PROCESS = 5_000;

/** Lines of a relay's log that are shown at the end. */
const MAX_LINES = 10;

/** Longest time until all streams have been opened, before the first reload: ms. */
const OPEN_MS = 60_000;

/** Time between two lines that say how it goes: ms. */
const REPORT_MS = 60_000;

/** Time that is left to the last version to come to all streams; then it is lost: ms. */
const LAST_MS = 31_000;

async function soak(): Promise<boolean> {
  const [minutes, streams, rate, reload] = [values.minutes, values.streams, values.requests, values.reload]
    .map(Number) as [number, number, number, number];
  const interrupted = Promise.withResolvers<void>();
  let isOver = false;
  function interrupt(): void {
    isOver = true;
    interrupted.resolve();
  }
  Deno.addSignalListener("SIGINT", interrupt);
  await using stack = new AsyncDisposableStack();
  const file = stack.use(await DataFile.create(await makeArchive(FIRST_VERSION)));
  const relays = await startRelays(file.path, values.transports.split(","), stack);
  const transports = relays.flatMap((relay) => relay.transports);
  const hasEnded = new Set<unknown>();
  for (const { name, process } of relays) {
    TERMINAL.print(`relay ${name}: process ${process.pid}\n`);
    process.ended.then(() => {
      hasEnded.add(process);
      interrupt();
    });
  }
  const clients = Math.ceil(streams / STREAMS_PER_PROCESS);
  const options: StreamOptions = { transports, count: Math.ceil(streams / clients) };
  const streamClients = Array.from(
    { length: clients },
    () => stack.use(new ClientProcess<StreamReport>("stream_client.ts", options)),
  );
  async function reportStreams(): Promise<StreamReport> {
    return mergeStreams(await Promise.all(streamClients.map((client) => client.report())));
  }
  for (const lastMoment = Date.now() + OPEN_MS; !isOver && Date.now() < lastMoment; await sleep(100)) {
    if ((await reportStreams()).open === clients * options.count) break;
  }
  const requestOptions: RequestOptions = { transports, rate };
  const requestClient = stack.use(new ClientProcess<RequestReport>("request_client.ts", requestOptions));
  const everybody = [...streamClients, requestClient];
  const memory = new MemoryLog(relays);

  async function report(): Promise<Seen> {
    return { streams: await reportStreams(), requests: await requestClient.report() };
  }

  const begin = Date.now();
  const end = begin + minutes * 60_000;
  let version = FIRST_VERSION;
  for (let nextReport = begin + REPORT_MS; !isOver && Date.now() < end;) {
    const due = Date.now() + reload * 1000;
    const archive = await makeArchive(++version);
    await Promise.all(everybody.map((client) => client.announce(version)));
    await file.replace(archive);
    await Promise.race([sleep(due - Date.now()), interrupted.promise]);
    await memory.look();
    if (Date.now() < nextReport) continue;
    nextReport += REPORT_MS;
    const seen = await report();
    printTable(`after ${((Date.now() - begin) / 60_000).toFixed(1)} minutes`, [
      { reloads: version - FIRST_VERSION, ...describeRun(seen), ...memory.describeNow() },
    ]);
  }
  const lastMoment = Date.now() + LAST_MS;
  let seen = await report();
  while (seen.streams.pending > 0 && Date.now() < lastMoment) {
    await sleep(250);
    seen = await report();
  }

  const took = ((Date.now() - begin) / 60_000).toFixed(1);
  printTable(
    `soak: ${streams} streams and ${rate} requests a second on ${values.transports}, ${took} minutes`,
    describeAll(version - FIRST_VERSION, seen),
  );
  printTable("memory; its slope and the deviation from it over the second half", memory.describe());
  const dead = relays.filter(({ process }) => hasEnded.has(process));
  for (const { name } of dead) TERMINAL.print(`problem: relay ${name} has ended\n`);
  for (const problem of [...seen.streams.problems, ...seen.requests.problems]) {
    TERMINAL.print(`problem: ${problem}\n`);
  }
  for (const { name, process } of relays) {
    for (const line of process.lines.filter((line) => /\b(WARN|ERROR)\b/.test(line)).slice(0, MAX_LINES)) {
      TERMINAL.print(`relay ${name}: ${line}\n`);
    }
  }
  return dead.length === 0 && countErrors(seen) === 0;
}

Deno.exit(await soak() ? 0 : 1);
