/**
 * What streams cost: how long 1,000 of `/all` take from the first connection to the last first event, and how much memory each
 * takes while nothing happens, also on a Unix socket; beside a server that only sends the same bytes.
 *
 * Usage: `deno run -A bench/idle_streams.ts`
 */
import { writeArchive } from "../lib/archive/mod.ts";
import { DataFile } from "../tests/e2e/_archive.ts";
import { FROM_SOURCE, startRelay } from "../tests/e2e/_relay.ts";
import { startBare } from "./_bare.ts";
import { makeFlags } from "./_flags.ts";
import { openStreams, printTable, rssOf } from "./_streams.ts";

const STREAMS = 1_000;
/** Opened and closed beforehand, for what a server allocates once. */
const WARM_UP = 100;
/** After which memory has settled: ms. */
const SETTLE = 500;
/** Flags of this shape make about 1.3 KB each. */
const FLAGS = [1, 740];

interface Result {
  /** From the first connection to the last first event: ms. */
  opened: number;
  /** Memory of the server's process for each stream: bytes. */
  memory: number;
}

async function measure(server: { port: number | string; pid: number }, path: string): Promise<Result> {
  const target = { port: server.port, path, key: "sdk-e1" };
  await (await openStreams({ ...target, count: WARM_UP }))[Symbol.asyncDispose]();
  await settle();
  const before = await rssOf(server.pid);
  await using client = await openStreams({ ...target, count: STREAMS });
  await settle();
  return { opened: client.opened, memory: (await rssOf(server.pid) - before) / STREAMS };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE));
}

async function compare(flags: number): Promise<Record<string, string | number>> {
  const data = JSON.stringify(makeFlags(flags, "rules"));
  const metadata = JSON.stringify({ env: { envID: "e1", sdkKey: { value: "sdk-e1" } } });
  await using file = await DataFile.create(await writeArchive([{ id: "e1", metadata, data }]));
  const socket = file.path.replace("flags.tar.gz", "halyard.sock");
  const env = { FILE_DATA_SOURCE: file.path, UNIX_SOCKET: socket };
  await using relay = await startRelay({ env, permissions: FROM_SOURCE }, "Listening on a Unix socket");
  const put = new TextEncoder().encode(`event: put\ndata: {"path":"/","data":${data}}\n\n`);
  await using bare = await startBare(put);
  const ours = await measure(relay, "/all");
  const bySocket = await measure({ port: socket, pid: relay.pid }, "/all");
  const theirs = await measure(bare, "/stream");
  return {
    "put KB": (put.length / 1000).toFixed(0),
    "ms until all have it": ours.opened.toFixed(0),
    "bare server": theirs.opened.toFixed(0),
    "ratio of ms": `${(ours.opened / theirs.opened).toFixed(2)}x`,
    "KB for each": (ours.memory / 1000).toFixed(1),
    "on a Unix socket": (bySocket.memory / 1000).toFixed(1),
    bare: (theirs.memory / 1000).toFixed(1),
    "ratio of KB": `${(ours.memory / theirs.memory).toFixed(2)}x`,
  };
}

/** Measures streams and prints a table. */
export async function benchIdleStreams(): Promise<void> {
  const rows = [];
  for (const flags of FLAGS) rows.push(await compare(flags));
  printTable(`streams: ${STREAMS.toLocaleString("en")} of /all`, rows);
}

if (import.meta.main) await benchIdleStreams();
