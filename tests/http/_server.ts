import { type Handler, listen, type ListenOptions, listenUnix, type Server } from "../../lib/http/mod.ts";
import { makeLog } from "../_environments.ts";

/** Certificates of the tests. */
export const FIXTURES = new URL("../fixtures/tls/", import.meta.url);
/** A certificate to serve with, at TLS 1.3. */
export const TLS = {
  cert: new URL("localhost.pem", FIXTURES).pathname,
  key: new URL("localhost.key", FIXTURES).pathname,
  minVersion: "1.3",
} as const;
const CA = await Deno.readTextFile(new URL("ca.pem", FIXTURES));

/** What sets a way to serve apart from others. */
export type Way = Pick<ListenOptions, "tls" | "isForStreams" | "addressCounter"> & {
  /** Path of a Unix socket. */
  path?: string;
};

/** Folder of this run's Unix sockets. */
const SOCKETS = await Deno.makeTempDir({ prefix: "halyard-http-" });
globalThis.addEventListener("unload", () => Deno.removeSync(SOCKETS, { recursive: true }));

/** The ways to serve: `Deno.serve` and Node's server, without and with TLS, and a Unix socket. */
export const WAYS: [name: string, way: Way][] = [
  ["Deno.serve", {}],
  ["Deno.serve with TLS", { tls: { ...TLS, minVersion: "1.2" } }],
  ["node:http", { isForStreams: true }],
  ["node:https", { tls: TLS }],
  ["a Unix socket", { path: `${SOCKETS}/halyard.sock` }],
];

/** Connects to a server. */
export function connect({ addr }: Server, { tls, path }: Way): Promise<Deno.Conn> {
  if (path !== undefined) return Deno.connect({ transport: "unix", path });
  const { port } = addr;
  if (tls) return Deno.connectTls({ port, hostname: "localhost", caCerts: [CA] });
  return Deno.connect({ port, hostname: "127.0.0.1" });
}

/** Writes all of some bytes. */
export async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Sends a request, each character of it a byte, and reads until the server closes the connection. */
export async function exchange(server: Server, way: Way, request: string): Promise<string> {
  using connection = await connect(server, way);
  const bytes = Uint8Array.from(request, (c) => c.charCodeAt(0));
  // A server that has seen enough closes before it has read all.
  const written = write(connection, bytes).catch(() => {});
  const decoder = new TextDecoder();
  let answer = "";
  try {
    for await (const chunk of connection.readable) answer += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof)) {
      throw error;
    }
  }
  await written;
  return answer;
}

/** What a Unix socket has instead of an address and a port. */
const NO_ADDRESS: Deno.NetAddr = { transport: "tcp", hostname: "", port: 0 };

/** Serves a relay, or a handler of its own, in one of the ways. */
export async function withServer(
  way: Way,
  handler: Handler,
  run: (server: Server, log: ReturnType<typeof makeLog>) => Promise<void>,
): Promise<void> {
  const log = makeLog();
  const { path } = way;
  const server = path === undefined
    ? await listen(handler, { port: 0, bindAddress: "127.0.0.1", ...way }, log)
    : { ...await listenUnix(handler, { path }, log), addr: NO_ADDRESS };
  await run(server, log);
  await server.shutdown();
}

/** Whether Node's server serves in a way. */
export function isNode({ tls, isForStreams, path }: Way): boolean {
  return isForStreams === true || path !== undefined || tls?.minVersion === "1.3";
}

/** A test of one way to serve. */
export function wayTest(
  way: Way,
  name: string,
  fn: () => Promise<void>,
  options: Pick<Deno.TestDefinition, "ignore"> = {},
): void {
  // The adapter of Node's server drains what is left of request bodies by timers of its own, for half a second after the answer;
  // they would count as leaks, in this way alone.
  const sanitizers = isNode(way) && { sanitizeOps: false, sanitizeResources: false };
  Deno.test({ name, fn, ...options, ...sanitizers });
}
