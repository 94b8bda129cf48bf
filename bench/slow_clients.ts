/**
 * What slow clients cost all others, in three rounds of about a minute, with the relay and the clients on a processor each
 * (Linux; `taskset`):
 *
 * 1. `unread`: 30 clients ask for an environment of 20 MB and 25 for its evaluations, and none reads; what 100 requests a second of others wait.
 * 2. `trickle`: 100 clients read the same environment at 2.5 KB/s, each for 10 s and then anew, while it is reloaded every 5 s: memory.
 *    (A client whose system has buffered what it reads notices only much later that it has been cut off.)
 * 3. `rollback`: 100 streams with one flag of 12 MB stop reading, then a reload takes the flag back to a lower version: memory.
 *
 * Usage: `deno run -A $(deno task -q std) bench/slow_clients.ts [unread] [trickle] [rollback]`; `HALYARD_BINARY` names an executable to measure.
 */
import { TERMINAL } from "../lib/cli/terminal.ts";
import { constantFlag, DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { type RelayProcess, startRelay } from "../tests/e2e/_relay.ts";
import { createRandom } from "./_flags.ts";
import { printTable, rssOf } from "./_streams.ts";

const MB = 1_000_000;
const CONTEXT = btoa('{"kind":"user","key":"u"}');
const HUGE_FLAG = 12 * MB;

/** Text that gzip cannot find again within its window, so that archives look like real ones: its length is 100 KB. */
const random = createRandom(1);
const TEXT = Array.from(
  { length: 12_500 },
  () => Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0"),
).join("");

type Flags = Record<string, Record<string, unknown>>;

function flag(bytes: number, version: number): Record<string, unknown> {
  const seen = { usingEnvironmentId: true, usingMobileKey: true };
  const value = TEXT.repeat(Math.ceil(bytes / TEXT.length)).slice(0, bytes);
  return { ...constantFlag(value, version), clientSideAvailability: seen };
}

/** 8,000 flags, 20 MB; all of them differ between two versions. */
function manyFlags(version: number): Flags {
  return Object.fromEntries(
    Array.from({ length: 8000 }, (_, i) => [`flag-${i}`, flag(2000 + i % 400, version)]),
  );
}

/** An archive of `big` with these flags and `small` with a hundred. */
function pack(flags: Flags): Promise<Uint8Array> {
  const small = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`flag-${i}`, flag(200, 1)]));
  return packArchive({ big: { flags }, small: { flags: small } });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends a request; reads nothing. */
async function ask({ port }: RelayProcess, path: string, key = ""): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
  const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${key}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  return connection;
}

/** Starts a relay on the first processor; what runs here is kept to the second. */
async function start(file: DataFile): Promise<RelayProcess> {
  await new Deno.Command("taskset", { args: ["-acp", "1", `${Deno.pid}`], stdout: "null" }).output();
  return await startRelay({ env: { FILE_DATA_SOURCE: file.path }, wrapper: ["taskset", "-c", "0"] });
}

/** Requests of clients that have nothing to do with the slow ones, 100 a second: how long each waited, ms. */
async function poll({ url }: RelayProcess, seconds: number): Promise<Map<string, number[]>> {
  const requests: [name: string, path: string, key: string][] = [
    ["one flag of the environment", "/sdk/flags/flag-3", "sdk-big"],
    ["another environment", "/sdk/latest-all", "sdk-small"],
    ["evaluation by mobile key", `/msdk/evalx/contexts/${CONTEXT}`, "mob-small"],
    ["health", "/health/live", ""],
  ];
  const waits = new Map<string, number[]>(requests.map(([name]) => [name, []]));
  const asked: Promise<void>[] = [];
  const begin = performance.now();
  for (let i = 0; i < seconds * 100; i++) {
    const [name, path, authorization] = requests[i % requests.length]!;
    asked.push((async () => {
      const sent = performance.now();
      const response = await fetch(url + path, { headers: { authorization } });
      await response.bytes();
      waits.get(name)!.push(response.ok ? performance.now() - sent : Infinity);
    })());
    await sleep(Math.max(0, begin + 10 * i - performance.now()));
  }
  await Promise.all(asked);
  return waits;
}

async function benchUnread(): Promise<void> {
  await using file = await DataFile.create(await pack(manyFlags(1)));
  await using relay = await start(file);
  async function measure(name: string): Promise<Record<string, string | number>[]> {
    return (await poll(relay, 20)).entries().map(([asked, waits]) => {
      waits.sort((a, b) => a - b);
      const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!;
      return { "": name, asked, p50: at(0.5).toFixed(1), p99: at(0.99).toFixed(1), max: at(1).toFixed(1) };
    }).toArray();
  }
  const quiet = await measure("quiet");
  const slow = measure("unread");
  const unread = await Promise.all(
    Array.from(
      { length: 55 },
      (_, i) =>
        i < 30
          ? ask(relay, i % 2 ? "/all" : "/sdk/latest-all", "sdk-big")
          : ask(relay, `/sdk/evalx/big/contexts/${CONTEXT}`),
    ),
  );
  printTable("what others wait beside 55 clients that never read: ms", [...quiet, ...await slow]);
  for (const connection of unread) connection.close();
}

/** Prints memory every 5 s for a minute, and what the relay has logged of slow clients. */
async function watchMemory(relay: RelayProcess, title: string): Promise<void> {
  const logged = relay.lines.length;
  const row: Record<string, string> = { "": "MB", start: (await rssOf(relay.pid) / MB).toFixed(0) };
  for (let seconds = 5; seconds <= 60; seconds += 5) {
    await sleep(5000);
    row[`${seconds} s`] = (await rssOf(relay.pid) / MB).toFixed(0);
  }
  printTable(title, [row]);
  for (const line of relay.lines.slice(logged)) if (line.includes("WARN")) TERMINAL.print(line);
}

async function benchTrickle(): Promise<void> {
  const archives = [await pack(manyFlags(1)), await pack(manyFlags(2)), await pack(manyFlags(3))];
  await using file = await DataFile.create(archives[0]!);
  await using relay = await start(file);
  let isOver = false;
  async function trickle(_: unknown, i: number): Promise<void> {
    await sleep(100 * i);
    while (!isOver) {
      using connection = await ask(relay, "/sdk/latest-all", "sdk-big");
      const end = performance.now() + 10_000;
      const buffer = new Uint8Array(1250);
      try {
        while (!isOver && performance.now() < end && await connection.read(buffer)) await sleep(500);
      } catch { /* Cut off with bytes on their way. */ }
    }
  }
  const clients = Array.from({ length: 100 }, trickle);
  const timer = setInterval(() => file.replace(archives[++round % 3]!), 5000);
  let round = 0;
  await watchMemory(relay, "20 MB, a reload every 5 s, 100 readers at 2.5 KB/s");
  isOver = true;
  clearInterval(timer);
  await Promise.all(clients);
}

async function benchRollback(): Promise<void> {
  await using file = await DataFile.create(await pack({ f: flag(HUGE_FLAG, 9) }));
  await using relay = await start(file);
  const streams: Deno.TcpConn[] = [];
  for (let i = 0; i < 100; i++) {
    const stream = await ask(relay, `/eval/big/${CONTEXT}`);
    const buffer = new Uint8Array(256 * 1024);
    for (let received = 0; received < HUGE_FLAG;) received += await stream.read(buffer) ?? Infinity;
    streams.push(stream);
  }
  await file.replace(await pack({ f: flag(HUGE_FLAG, 8) }));
  await watchMemory(relay, "100 paused streams with a flag of 12 MB that a reload takes back");
  for (const stream of streams) stream.close();
}

const ROUNDS = { unread: benchUnread, trickle: benchTrickle, rollback: benchRollback };
for (const [name, run] of Object.entries(ROUNDS)) {
  if (Deno.args.length === 0 || Deno.args.includes(name)) await run();
}
