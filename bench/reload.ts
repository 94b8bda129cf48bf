/**
 * What a reload costs: 20 environments of 1 MB of JSON each, one flag of one of them changed, 1,000 streams open on that
 * one, and a client that polls 200 times a second meanwhile.
 *
 * @module
 */
import { writeArchive } from "../lib/archive/mod.ts";
import { DataFile } from "../tests/e2e/_archive.ts";
import { startRelay } from "../tests/e2e/_relay.ts";
import { makeFlags } from "./_flags.ts";
import { openStreams, printTable } from "./_streams.ts";

const ENVIRONMENTS = 20;
const STREAMS = 1_000;
const ROUNDS = 5;
/** Flags of this shape make about 1 MB. */
const FLAGS = 740;
const POLLS_PER_SECOND = 200;
const POLL_SECONDS = 5;

/** The same archive but for the version of one flag, which tells rounds apart. */
async function makeArchive(round: number): Promise<{ archive: Uint8Array; bytes: number }> {
  const { flags, segments } = makeFlags(FLAGS, "rules");
  const changing = Object.values(flags)[0] as Record<string, unknown>;
  let bytes = 0;
  const environments = Array.from({ length: ENVIRONMENTS }, (_, i) => {
    const key = String(changing["key"]);
    const changed = i === 0 ? { ...flags, [key]: { ...changing, version: 1000 + round } } : flags;
    const data = JSON.stringify({ flags: changed, segments });
    bytes += data.length;
    const env = { envID: `env${i}`, envName: `E${i}`, sdkKey: { value: `sdk-env${i}` } };
    return { id: `env${i}`, metadata: JSON.stringify({ env }), data };
  });
  return { archive: await writeArchive(environments), bytes };
}

/** Polls at a steady pace whatever the answers, and gives every latency: ms. */
async function poll(url: string, isOver: () => boolean): Promise<number[]> {
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const start = performance.now();
  for (let i = 0; !isOver(); i++) {
    const due = start + i * 1000 / POLLS_PER_SECOND;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const response = fetch(`${url}/sdk/flags/none`, { headers: { authorization: "sdk-env1" } });
    pending.push(response.then(async (response) => {
      await response.body?.cancel();
      latencies.push(performance.now() - due);
    }));
  }
  await Promise.all(pending);
  return latencies.sort((a, b) => a - b);
}

function percentile(sorted: number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

/** Measures reloads and prints two tables. */
export async function benchReload(): Promise<void> {
  // All of them beforehand: making one would hold up the polls, which are sent from here.
  const archives = [];
  for (let round = 0; round <= ROUNDS; round++) archives.push(await makeArchive(round));
  const { archive, bytes } = archives[0]!;
  await using file = await DataFile.create(archive);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  await using streams = await openStreams({
    port: relay.port,
    path: "/all",
    key: "sdk-env0",
    count: STREAMS,
  });

  const quietEnd = performance.now() + POLL_SECONDS * 1000;
  const quiet = await poll(relay.url, () => performance.now() > quietEnd);
  let isOver = false;
  const polled = poll(relay.url, () => isOver);
  const rounds: { time: number; bytes: number }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const { seen } = await streams.watch(`"version":${1000 + round}`);
    const replaced = Date.now();
    await file.replace(archives[round]!.archive);
    const { all, bytes } = await seen;
    rounds.push({ time: all - replaced, bytes });
  }
  isOver = true;
  const busy = await polled;
  rounds.sort((a, b) => a.time - b.time);
  const median = rounds[ROUNDS >> 1]!;
  printTable(`reload: ${(bytes / 1e6).toFixed(0)} MB of JSON, 1 flag changed, ${STREAMS} streams`, [{
    "median ms until the last stream has it": median.time,
    "slowest ms": rounds.at(-1)!.time,
    "bytes per stream": Math.round(median.bytes),
    "of a put": `1/${Math.round(bytes / ENVIRONMENTS / median.bytes)}`,
  }]);
  printTable(
    `latency of ${POLLS_PER_SECOND} polls a second, ms`,
    [["no reload", quiet], ["reloads", busy]].map(
      ([name, latencies]) => ({
        "": name as string,
        polls: latencies!.length,
        p50: percentile(latencies as number[], 0.5),
        p99: percentile(latencies as number[], 0.99),
        max: percentile(latencies as number[], 1),
      }),
    ),
  );
}

if (import.meta.main) await benchReload();
