/**
 * Holds many streams from a process of its own and reports in JSON lines: `{"opened":ms}` when all have had their first
 * event; then, for each line `watch TEXT` on standard input, `{"watching":true}` and, when every stream has got TEXT,
 * `{"all":<ms since epoch>,"bytes":<mean bytes per stream since>}`.
 * Sockets are raw: `fetch` would take a hundred times the memory.
 *
 * Arguments: port or path of a Unix socket, path of the stream, Authorization, number of streams.
 */
import { connect, type Socket } from "node:net";

const [port, path, key, count] = [Deno.args[0]!, Deno.args[1]!, Deno.args[2]!, Number(Deno.args[3])];
const encoder = new TextEncoder();

interface Reader {
  socket: Socket;
  bytes: number;
  tail: Buffer;
  seen: boolean;
}

type Buffer = Uint8Array & { includes(text: string): boolean; toString(encoding: string): string };

/** What ends the first event: JSON and an empty line. */
let wanted = "}\n\n";
let left = count;
let allSeen = Promise.withResolvers<void>();
const readers: Reader[] = [];

/** Looks for the wanted text, which may be cut in two by the way it arrived. */
function take(reader: Reader, chunk: Buffer): void {
  reader.bytes += chunk.length;
  if (reader.seen) return;
  const text = reader.tail.toString("latin1") + chunk.toString("latin1");
  reader.tail = chunk.subarray(-wanted.length) as Buffer;
  if (!text.includes(wanted)) return;
  reader.seen = true;
  if (--left === 0) allSeen.resolve();
}

function open(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = port.startsWith("/") ? connect(port) : connect(Number(port), "127.0.0.1");
  const reader: Reader = { socket, bytes: 0, tail: new Uint8Array() as Buffer, seen: false };
  readers.push(reader);
  socket.once("connect", () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${key}\r\n\r\n`);
    resolve();
  });
  socket.on("data", (chunk) => take(reader, chunk as unknown as Buffer));
  socket.on("error", reject);
  return promise;
}

function report(value: Record<string, unknown>): void {
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(value)}\n`));
}

const start = performance.now();
for (let i = 0; i < count; i += 100) {
  await Promise.all(Array.from({ length: Math.min(100, count - i) }, open));
}
await allSeen.promise;
report({ opened: performance.now() - start });

let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    wanted = line.slice("watch ".length);
    left = count;
    allSeen = Promise.withResolvers();
    for (const reader of readers) Object.assign(reader, { bytes: 0, tail: new Uint8Array(), seen: false });
    report({ watching: true });
    await allSeen.promise;
    const all = Date.now();
    report({ all, bytes: readers.reduce((sum, { bytes }) => sum + bytes, 0) / count });
  }
}
