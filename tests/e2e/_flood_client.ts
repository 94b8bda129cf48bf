/**
 * Sends requests at a steady rate, whether or not answers come (an open loop), from a process of its own. A request goes out on an idle
 * connection; while none is idle, another one is opened, up to the limit, past which requests are held back and counted. Sockets are
 * raw: `fetch` would cost more than what is measured.
 *
 * Arguments: port, requests a second, ms, connections at most, request. Prints a {@linkcode FloodReport} as JSON.
 */

/** What a flood came to. */
export interface FloodReport {
  /** Requests that were sent. */
  sent: number;
  /** Requests that were due, but all connections waited for answers. */
  heldBack: number;
  /** Connections that were opened, those in place of lost ones included. */
  opened: number;
  /** Connections that could not be opened, or broke. */
  broken: number;
  /** Answers by status. */
  statuses: Record<string, number>;
  /** Answers 503 without a `Retry-After` of whole seconds. */
  withoutRetryAfter: number;
  /** Time from a request to the whole of its answer of 200: ms, at percentiles 50 and 99, and at most. */
  latency: [p50: number, p99: number, max: number];
}

/** Time between two looks for what is due: ms. */
const TICK = 5;

const BUFFER_BYTES = 16 * 1024;

const [port, rate, ms, maxConnections] = Deno.args.slice(0, 4).map(Number) as [
  number,
  number,
  number,
  number,
];
const request = new TextEncoder().encode(Deno.args[4]);
const decoder = new TextDecoder();
const idle: Deno.TcpConn[] = [];
const buffers = new WeakMap<Deno.TcpConn, Uint8Array<ArrayBuffer>>();
const open = new Set<Deno.TcpConn>();
const report: FloodReport = {
  sent: 0,
  heldBack: 0,
  opened: 0,
  broken: 0,
  statuses: {},
  withoutRetryAfter: 0,
  latency: [0, 0, 0],
};
const latencies: number[] = [];
let opening = 0;
let isOver = false;

/** Reads one answer. Its head comes in one piece, as it does over loopback. */
async function readAnswer(connection: Deno.TcpConn): Promise<{ status: string; head: string }> {
  const buffer = buffers.get(connection)!;
  let length = await connection.read(buffer) ?? fail();
  const head = decoder.decode(buffer.subarray(0, Math.min(length, 1000)));
  const total = head.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  while (length < total) length += await connection.read(buffer) ?? fail();
  return { status: head.slice(9, 12), head };
}

function fail(): never {
  throw new Error("The server has hung up");
}

async function ask(connection: Deno.TcpConn): Promise<void> {
  report.sent++;
  const start = performance.now();
  try {
    await connection.write(request);
    const { status, head } = await readAnswer(connection);
    report.statuses[status] = (report.statuses[status] ?? 0) + 1;
    if (status === "200") latencies.push(performance.now() - start);
    if (status === "503" && !/\r\nretry-after: \d+\r\n/i.test(head)) report.withoutRetryAfter++;
    idle.push(connection);
  } catch {
    if (isOver) return;
    report.broken++;
    open.delete(connection);
    connection.close();
  }
}

async function askOnAnother(): Promise<void> {
  opening++;
  try {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    report.opened++;
    buffers.set(connection, new Uint8Array(BUFFER_BYTES));
    open.add(connection);
    opening--;
    await ask(connection);
  } catch {
    opening--;
    report.broken++;
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

const start = performance.now();
let due = 0;
for (let now = start; now < start + ms; now = performance.now()) {
  for (; due < (now - start) / 1000 * rate; due++) {
    const connection = idle.shift();
    if (connection) ask(connection);
    else if (open.size + opening < maxConnections) askOnAnother();
    else report.heldBack++;
  }
  await new Promise((resolve) => setTimeout(resolve, TICK));
}
isOver = true;
latencies.sort((a, b) => a - b);
report.latency = [percentile(latencies, 0.5), percentile(latencies, 0.99), percentile(latencies, 1)];
for (const connection of open) connection.close();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(report)}\n`));
Deno.exit();
