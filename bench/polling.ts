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
import { makeFlags } from "./_flags.ts";
import { CONNECTIONS, measureRound, median, type PollVariant } from "./_polls.ts";
import { printTable } from "./_streams.ts";

/** Flags of this shape make about 100 KB. */
const FLAGS = 74;
/** Rounds in which the relay and the bare server take turns. */
const ROUNDS = 3;

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
    const path = "/sdk/latest-all";
    const ours: PollVariant = { port: relay.port, pid: relay.pid, path, headers, rates: [], costs: [] };
    const theirs: PollVariant = { ...ours, port: bare.port, pid: bare.pid, rates: [], costs: [] };
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
