/**
 * Sends one request again and again on each of some connections, for a while, from a process of its own, and prints how many
 * answers it got. Sockets are raw: `fetch` would cost more than what is measured.
 *
 * Arguments: port, connections, ms, request.
 */
const [port, connections, ms] = Deno.args.slice(0, 3).map(Number) as [number, number, number];
const request = new TextEncoder().encode(Deno.args[3]);
const decoder = new TextDecoder();
let answers = 0;

/** Reads one answer, whose head comes in one piece, as it does over loopback. */
async function readAnswer(connection: Deno.Conn, buffer: Uint8Array): Promise<void> {
  let length = await connection.read(buffer) ?? fail();
  const head = decoder.decode(buffer.subarray(0, Math.min(length, 1000)));
  const end = head.indexOf("\r\n\r\n") + 4;
  const total = end + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  while (length < total) length += await connection.read(buffer) ?? fail();
}

function fail(): never {
  throw new Error("The server has hung up");
}

async function poll(end: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(65_536);
  while (performance.now() < end) {
    await connection.write(request);
    await readAnswer(connection, buffer);
    answers++;
  }
}

const end = performance.now() + ms;
await Promise.all(Array.from({ length: connections }, () => poll(end)));
Deno.stdout.writeSync(new TextEncoder().encode(`${answers}\n`));
