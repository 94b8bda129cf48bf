/**
 * What a flood does to a relay: evaluations of 1,000 flags in an open loop, at four times the rate that the relay can serve. How
 * probes of its health fare meanwhile, how soon it is back to normal, and what memory it keeps. The clients run with lower priority
 * (`nice`), but share the processors.
 *
 * Usage: `deno run -A $(deno task -q std) bench/flood.ts [get|report] [SECONDS] [CONNECTIONS] [RATE]`; `HALYARD_BINARY` names an
 * executable to measure, `THREADS` is handed on, `ON_STREAM_PORT=1` floods that port.
 *
 * @module
 */
import { DataFile, packArchive } from "../tests/e2e/_archive.ts";
import { flood } from "../tests/e2e/_flood.ts";
import { freePort, type RelayProcess, startRelay } from "../tests/e2e/_relay.ts";
import { cpuOf } from "./_cpu.ts";
import { makeContexts, makeFlags } from "./_flags.ts";
import { readMemory } from "./_memory.ts";
import { printTable } from "./_streams.ts";

const FLAGS = 1000;
/** Of what the relay can do. */
const OVERLOAD = 4;
const PROBE_MS = 100;
/** Connections on which it is measured what the relay can do, and for how long: ms. */
const [CAPACITY_CONNECTIONS, CAPACITY_MS] = [32, 5000];
/** Latency up to which an evaluation counts as normal again: ms. */
const NORMAL_MS = 50;
const AFTER_MS = 5000;
const REST_MS = 30_000;
const SAMPLE_MS = 500;

const [mode = "get", seconds = "60", connections = "8000", fixedRate] = Deno.args;
const CONTEXT = JSON.stringify(makeContexts(1)[0]);
const REPORT =
  `host: x\r\nauthorization: mob-e1\r\ncontent-type: application/json\r\ncontent-length: ${CONTEXT.length}`;
const PATH_CONTEXT = new TextEncoder().encode(CONTEXT).toBase64({ alphabet: "base64url" });

/** A context in the path or in the body. */
const REQUESTS: Record<string, string> = {
  get: `GET /msdk/evalx/contexts/${PATH_CONTEXT} HTTP/1.1\r\nhost: x\r\nauthorization: mob-e1\r\n\r\n`,
  report: `REPORT /msdk/evalx/context HTTP/1.1\r\n${REPORT}\r\n\r\n${CONTEXT}`,
};

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** An answer to a probe. */
interface Probed {
  status: number;
  ms: number;
}

const buffer = new Uint8Array(65_536);
const decoder = new TextDecoder();

/** Asks on a connection and reads the whole answer. */
async function ask(connection: Deno.TcpConn, request: string): Promise<number> {
  await connection.write(new TextEncoder().encode(request));
  const own = new Uint8Array(buffer);
  let length = await connection.read(own) ?? 0;
  const head = decoder.decode(own.subarray(0, Math.min(length, 1000)));
  const total = head.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  while (length < total) length += await connection.read(own) ?? Infinity;
  return Number(head.slice(9, 12));
}

async function askAnew(port: number, request: string): Promise<Probed> {
  const start = performance.now();
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const status = await ask(connection, request);
    return { status, ms: performance.now() - start };
  } catch {
    return { status: 0, ms: performance.now() - start };
  }
}

function probeRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
}

/** Probes until told to stop: on a new connection each time without waiting for the last answer, or one after the other on one. */
function probe(port: number, path: string, isKept: boolean): () => Promise<Probed[]> {
  let isOver = false;
  async function run(): Promise<Probed[]> {
    const probes: Promise<Probed>[] = [];
    const kept = isKept ? await Deno.connect({ hostname: "127.0.0.1", port }) : undefined;
    while (!isOver) {
      const start = performance.now();
      if (kept) {
        const status = await ask(kept, probeRequest(path)).catch(() => 0);
        probes.push(Promise.resolve({ status, ms: performance.now() - start }));
      } else {
        probes.push(askAnew(port, probeRequest(path)));
      }
      await sleep(PROBE_MS);
    }
    kept?.close();
    return await Promise.all(probes);
  }
  const probed = run();
  return () => {
    isOver = true;
    return probed;
  };
}

function describe(name: string, probed: readonly Probed[]): Record<string, string | number> {
  const sorted = probed.map(({ ms }) => ms).sort((a, b) => a - b);
  function at(share: number): string {
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  }
  return {
    probe: name,
    probes: probed.length,
    "not 200": probed.filter(({ status }) => status !== 200).length,
    "p50 ms": at(0.5),
    "p99 ms": at(0.99),
    "max ms": at(1),
  };
}

/** Time from the end of the flood until evaluations are quick and answered 200 for good: ms. */
async function timeToNormal(port: number): Promise<number> {
  const start = performance.now();
  let normalAt = start;
  while (performance.now() < start + AFTER_MS) {
    const { status, ms } = await askAnew(port, REQUESTS[mode]!);
    if (status !== 200 || ms > NORMAL_MS) normalAt = performance.now();
    await sleep(10);
  }
  return normalAt - start;
}

async function readMetrics(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map(
    text.split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

async function measure(
  { pid, port: ownPort }: RelayProcess,
  ports: Record<"metrics" | "streams", number>,
): Promise<void> {
  const port = Deno.env.get("ON_STREAM_PORT") ? ports.streams : ownPort;
  const quiet = await readMemory(pid, "VmRSS");
  const request = REQUESTS[mode]!;
  const all = { port, request };
  const { statuses } = await flood({ ...all, rate: 1e6, ms: CAPACITY_MS, connections: CAPACITY_CONNECTIONS });
  const capacity = (statuses["200"] ?? 0) / CAPACITY_MS * 1000;
  const before = await readMemory(pid, "VmRSS");
  await sleep(2000);
  const stops = [
    probe(port, "/health/live", false),
    probe(port, "/health/live", true),
    probe(port, "/health/ready", false),
    probe(port, "/health/ready", true),
    probe(ports.metrics, "/metrics", false),
  ];
  const memory: number[] = [];
  const sampling = setInterval(async () => memory.push(await readMemory(pid, "VmRSS")), SAMPLE_MS);
  const cpu = await cpuOf(pid);
  const ms = Number(seconds) * 1000;
  const rate = fixedRate === undefined ? capacity * OVERLOAD : Number(fixedRate);
  const report = await flood({ ...all, rate, ms, connections: Number(connections) });
  const used = await cpuOf(pid) - cpu;
  const [toNormal, ...probes] = await Promise.all([timeToNormal(port), ...stops.map((stop) => stop())]);
  clearInterval(sampling);
  await sleep(REST_MS);
  const after = await readMemory(pid, "VmRSS");
  const metrics = await readMetrics(ports.metrics);
  printTable(`flood by ${mode}: ${seconds} s on at most ${connections} connections`, [{
    "capacity/s": Math.round(capacity),
    "due/s": Math.round(rate),
    "sent/s": Math.round(report.sent / Number(seconds)),
    "200/s": Math.round((report.statuses["200"] ?? 0) / Number(seconds)),
    "503/s": Math.round((report.statuses["503"] ?? 0) / Number(seconds)),
    "held back/s": Math.round(report.heldBack / Number(seconds)),
    opened: report.opened,
    broken: report.broken,
    "p50 ms": report.latency[0],
    "p99 ms": report.latency[1],
    "max ms": report.latency[2],
    "processors": (used / Number(seconds)).toFixed(2),
  }]);
  printTable("probes meanwhile", [
    describe("/health/live, new connection", probes[0]!),
    describe("/health/live, kept", probes[1]!),
    describe("/health/ready, new connection", probes[2]!),
    describe("/health/ready, kept", probes[3]!),
    describe("/metrics", probes[4]!),
  ]);
  printTable("afterwards", [{
    "normal after ms": Math.round(toNormal),
    "MB quiet": Math.round(quiet),
    "before": Math.round(before),
    "at most": Math.round(Math.max(...memory)),
    [`after ${REST_MS / 1000} s`]: Math.round(after),
  }]);
  const others = Object.keys(report.statuses).filter((status) => status !== "200" && status !== "503");
  Deno.stdout.writeSync(new TextEncoder().encode(
    `other statuses: ${JSON.stringify(others)}; 503 without Retry-After: ${report.withoutRetryAfter}\n` +
      [...metrics].filter(([name]) => /shed_total|loop_delay/.test(name)).map((entry) => entry.join(" "))
        .join("\n") +
      "\n",
  ));
}

const { flags, segments } = makeFlags(FLAGS, "mixed");
await using file = await DataFile.create(await packArchive({ e1: { flags, segments } } as never));
const ports = { metrics: freePort(), streams: freePort() };
const threads = Deno.env.get("THREADS");
await using relay = await startRelay({
  env: {
    FILE_DATA_SOURCE: file.path,
    USE_PROMETHEUS: "true",
    PROMETHEUS_PORT: `${ports.metrics}`,
    STREAM_PORT: `${ports.streams}`,
    MALLOC_MMAP_THRESHOLD_: "262144",
    ...threads && { THREADS: threads },
  },
});
await measure(relay, ports);
