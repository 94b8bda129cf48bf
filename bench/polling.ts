/**
 * How many polls of `/sdk/latest-all` a relay answers over loopback: in full, compressed, and with 304; beside a server that
 * only sends the same bytes.
 *
 * Usage: `deno run -A bench/polling.ts`
 */
import { gzipSync } from "node:zlib";
import { writeArchive } from "../lib/archive/mod.ts";
import { DataFile } from "../tests/e2e/_archive.ts";
import { startRelay } from "../tests/e2e/_relay.ts";
import { startBare } from "./_bare.ts";
import { cpuOf } from "./_cpu.ts";
import { makeFlags } from "./_flags.ts";
import { printTable } from "./_streams.ts";

/** Flags of this shape make about 100 KB. */
const FLAGS = 74;
const CONNECTIONS = 32;
/** Rounds in which the relay and the bare server take turns. */
const ROUNDS = 3;
const ROUND_MS = 1000;

interface Variant {
  port: number;
  pid: number;
  headers: Record<string, string>;
  /** Answers a second, a round each. */
  rates: number[];
  /** Processor time of the server for an answer, a round each: us. */
  costs: number[];
}

async function measureRound({ port, pid, headers, rates, costs }: Variant): Promise<void> {
  const lines = Object.entries({ host: "localhost", authorization: "sdk-e1", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const before = await cpuOf(pid);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--no-check",
      "-A",
      new URL("./_poll_client.ts", import.meta.url).pathname,
      `${port}`,
      `${CONNECTIONS}`,
      `${ROUND_MS}`,
      `GET /sdk/latest-all HTTP/1.1\r\n${head}\r\n`,
    ],
  }).output();
  const answers = Number(new TextDecoder().decode(stdout));
  rates.push(answers / ROUND_MS * 1000);
  costs.push((await cpuOf(pid) - before) / answers * 1e6);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Measures polls and prints a table. */
export async function benchPolling(): Promise<void> {
  const data = JSON.stringify(makeFlags(FLAGS, "rules"));
  const metadata = JSON.stringify({ env: { envID: "e1", sdkKey: { value: "sdk-e1" } } });
  await using file = await DataFile.create(await writeArchive([{ id: "e1", metadata, data }]));
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  const url = `${relay.url}/sdk/latest-all`;
  const response = await fetch(url, { headers: { authorization: "sdk-e1", "accept-encoding": "identity" } });
  const etag = response.headers.get("etag")!;
  const body = await response.bytes();
  const gzip = gzipSync(body);
  await using bareBody = await startBare(body);
  await using bareGzip = await startBare(gzip);
  await using bareNothing = await startBare(new Uint8Array());
  const contests: [name: string, bytes: number, headers: Record<string, string>, bare: typeof bareBody][] = [
    ["200", body.length, {}, bareBody],
    ["200 gzip", gzip.length, { "accept-encoding": "gzip" }, bareGzip],
    ["304", 0, { "if-none-match": etag }, bareNothing],
  ];
  const rows: Record<string, string | number>[] = [];
  for (const [name, bytes, headers, bare] of contests) {
    const ours: Variant = { port: relay.port, pid: relay.pid, headers, rates: [], costs: [] };
    const theirs: Variant = { ...ours, port: bare.port, pid: bare.pid, rates: [], costs: [] };
    for (let round = 0; round < ROUNDS; round++) {
      await measureRound(ours);
      await measureRound(theirs);
    }
    rows.push({
      answer: name,
      bytes,
      "a second": Math.round(median(ours.rates)),
      "bare server": Math.round(median(theirs.rates)),
      "us of processor": Math.round(median(ours.costs)),
      "bare": Math.round(median(theirs.costs)),
      ratio: `${(median(ours.costs) / median(theirs.costs)).toFixed(2)}x`,
    });
  }
  printTable(`polling: /sdk/latest-all on ${CONNECTIONS} connections`, rows);
}

if (import.meta.main) await benchPolling();
