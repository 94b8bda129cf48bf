/**
 * What FDv2 costs beside FDv1, with 1,000 flags of which one changes: bytes of polls, processor time of polls that find nothing new,
 * and the time until a change has reached 1,000 streams.
 *
 * Usage: `deno run -A --unstable-net bench/fdv2.ts`
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { writeArchive } from "../lib/archive/mod.ts";
import { DataFile } from "../tests/e2e/_archive.ts";
import { type RelayProcess, startRelay } from "../tests/e2e/_relay.ts";
import { makeFlags } from "./_flags.ts";
import { CONNECTIONS, measureRound, median, type PollVariant } from "./_polls.ts";
import { openStreams, printTable, type StreamClient } from "./_streams.ts";

const FLAGS = 1_000;
/** Processes that hold the streams of one kind, one opened after the other: all at one moment would be told to come back later. */
const CLIENTS = 5;
const STREAMS_PER_CLIENT = 200;
const ROUNDS = 5;
const CONTEXT = new TextEncoder().encode('{"kind":"user","key":"u"}').toBase64({ alphabet: "base64url" });

/** The data, with the first flag in some version; a variation says which. */
function makeArchive(version: number): Promise<Uint8Array> {
  const { flags, segments } = makeFlags(FLAGS, "mixed");
  const [key, first] = Object.entries(flags)[0]!;
  const changed = {
    ...first as object,
    version,
    on: false,
    offVariation: 0,
    variations: [`version ${version}`],
  };
  // Apps see a tenth.
  for (const [i, flag] of Object.values(flags).entries()) {
    Object.assign(flag as object, { clientSideAvailability: { usingMobileKey: i % 10 === 0 } });
  }
  const data = JSON.stringify({ flags: { ...flags, [key]: changed }, segments });
  const metadata = JSON.stringify({ env: { envID: "e1", sdkKey: { value: "sdk-e1" }, mobKey: "mob-e1" } });
  return writeArchive([{ id: "e1", metadata, data }]);
}

async function get(
  { url }: RelayProcess,
  path: string,
  key = "sdk-e1",
): Promise<{ body: Uint8Array; etag: string }> {
  const response = await fetch(url + path, {
    headers: { authorization: key, "accept-encoding": "identity" },
  });
  return { body: await response.bytes(), etag: response.headers.get("etag") ?? "" };
}

function readState(body: Uint8Array): string {
  return JSON.parse(new TextDecoder().decode(body)).events.at(-1).data.state;
}

async function benchBytes(relay: RelayProcess, file: DataFile): Promise<void> {
  const [poll, clientPoll] = ["/sdk/poll", `/sdk/poll/eval/${CONTEXT}`];
  const [state, clientState] = [
    readState((await get(relay, poll)).body),
    readState((await get(relay, clientPoll, "mob-e1")).body),
  ];
  await file.replace(await makeArchive(1_001));
  await relay.waitFor("Reloaded data");
  const answers: [name: string, path: string, key: string][] = [
    ["FDv1 /sdk/latest-all", "/sdk/latest-all", "sdk-e1"],
    ["FDv2 without basis", poll, "sdk-e1"],
    ["FDv2 with the basis before", `${poll}?basis=${state}`, "sdk-e1"],
    ["FDv1 /msdk/evalx", `/msdk/evalx/contexts/${CONTEXT}`, "mob-e1"],
    ["FDv2 client, whatever the basis", `${clientPoll}?basis=${clientState}`, "mob-e1"],
  ];
  const rows = [];
  for (const [poll, path, key] of answers) {
    const { body } = await get(relay, path, key);
    rows.push({ poll, bytes: body.length, "with gzip": gzipSync(body).length });
  }
  printTable(`one flag of ${FLAGS} has changed: bytes of a poll`, rows);
}

async function benchPolls(relay: RelayProcess): Promise<void> {
  const all = await get(relay, "/sdk/latest-all");
  const state = readState((await get(relay, "/sdk/poll")).body);
  const { etag } = await get(relay, `/sdk/poll?basis=${state}`);
  const contests: [name: string, path: string, headers: Record<string, string>][] = [
    ["FDv1, 304", "/sdk/latest-all", { "if-none-match": all.etag }],
    ["FDv2, none", `/sdk/poll?basis=${state}`, {}],
    ["FDv2, 304", `/sdk/poll?basis=${state}`, { "if-none-match": etag }],
  ];
  const variants = contests.map(([, path, headers]): PollVariant => ({
    port: relay.port,
    pid: relay.pid,
    path,
    headers,
    rates: [],
    costs: [],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const variant of variants) await measureRound(variant);
  }
  printTable(
    `nothing has changed: polls on ${CONNECTIONS} connections`,
    variants.map(({ rates, costs }, i) => ({
      answer: contests[i]![0],
      "a second": Math.round(median(rates)),
      "us of processor": Math.round(median(costs)),
    })),
  );
}

async function benchStreams(relay: RelayProcess, file: DataFile): Promise<void> {
  const paths: [path: string, key: string][] = [
    ["/all", "sdk-e1"],
    ["/sdk/stream", "sdk-e1"],
    [`/meval/${CONTEXT}`, "mob-e1"],
    [`/sdk/stream/eval/${CONTEXT}`, "mob-e1"],
  ];
  const rows = [];
  let version = 2_000;
  for (const [path, key] of paths) {
    await using stack = new AsyncDisposableStack();
    const clients: StreamClient[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const options = { port: relay.port, path, key, count: STREAMS_PER_CLIENT };
      clients.push(stack.use(await openStreams(options)));
    }
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const text = `version ${++version}`;
      const watches = await Promise.all(clients.map((client) => client.watch(text)));
      await file.replace(await makeArchive(version));
      await relay.waitFor("Reloaded data");
      const swapped = Date.now();
      const reports = await Promise.all(watches.map(({ seen }) => seen));
      times.push(Math.max(0, ...reports.map(({ all }) => all - swapped)));
      bytes = reports[0]!.bytes;
    }
    rows.push({
      stream: path.replace(CONTEXT, "…"),
      "bytes a stream": Math.round(bytes),
      "change to all, ms": median(times),
    });
  }
  printTable(`one flag of ${FLAGS} changes, ${CLIENTS * STREAMS_PER_CLIENT} streams`, rows);
}

await using file = await DataFile.create(await makeArchive(1_000));
await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
await benchBytes(relay, file);
await benchPolls(relay);
await benchStreams(relay, file);
