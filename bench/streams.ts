/**
 * What many open streams cost: connecting, memory, and the time until an event has reached all of them. The server and the
 * clients share this machine's cores.
 *
 * @module
 */
import { constantFlag, DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { startRelay } from "../tests/e2e/_relay.ts";
import { openStreams, printTable, rssOf } from "./_streams.ts";

const COUNTS = [1_000, 5_000, 10_000];
/** A process may have 20,000 files open at most here, so clients are spread over two. */
const STREAMS_PER_CLIENT = 5_000;
const KB = 1_000;

/** The second flag changes without a new version, which no patch can say: its 100 KB come as a put. */
function makeArchive(patched: number, put: number): Promise<Uint8Array> {
  const filler = put === 1 ? "" : "x".repeat(100 * KB);
  return packArchive({
    e1: {
      flags: {
        patched: constantFlag(`patched ${patched} ${"x".repeat(100)}`, patched),
        put: constantFlag(`put ${put} ${filler}`),
      },
    },
  });
}

async function measure(count: number): Promise<Record<string, string | number>> {
  await using file = await DataFile.create(await makeArchive(1, 1));
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  const empty = await rssOf(relay.pid);
  await using stack = new AsyncDisposableStack();
  const start = performance.now();
  const clients = await Promise.all(
    Array.from({ length: Math.ceil(count / STREAMS_PER_CLIENT) }, async () => {
      const share = Math.min(count, STREAMS_PER_CLIENT);
      return stack.use(await openStreams({ port: relay.port, path: "/all", key: "sdk-e1", count: share }));
    }),
  );
  const opened = performance.now() - start;
  const open = await rssOf(relay.pid);

  async function timeUntilAll(text: string, archive: Uint8Array): Promise<number> {
    const watches = await Promise.all(clients.map((client) => client.watch(text)));
    await file.replace(archive);
    await relay.waitFor("Reloaded data");
    const swapped = Date.now();
    const reports = await Promise.all(watches.map(({ seen }) => seen));
    return Math.max(...reports.map(({ all }) => all)) - swapped;
  }
  const patch = await timeUntilAll("patched 2", await makeArchive(2, 1));
  const put = await timeUntilAll("put 2", await makeArchive(2, 2));
  const afterPut = await rssOf(relay.pid);
  await stack.disposeAsync();
  // The relay notices within a second that its clients are gone, but tells nobody.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return {
    streams: count,
    "connects/s": Math.round(count / opened * KB),
    "RSS idle, MB": toMB(open),
    "KB per stream": ((open - empty) / count / KB).toFixed(1),
    "patch to all, ms": Math.max(0, patch),
    "100 KB put to all, ms": Math.max(0, put),
    "RSS after put, MB": toMB(afterPut),
    "RSS after all left, MB": toMB(await rssOf(relay.pid)),
  };
}

function toMB(bytes: number): number {
  return Math.round(bytes / KB / KB);
}

/** Measures and prints a table. */
export async function benchStreams(counts = COUNTS): Promise<void> {
  const rows = [];
  for (const count of counts) rows.push(await measure(count));
  printTable("streams of /all", rows);
}

if (import.meta.main) await benchStreams();
