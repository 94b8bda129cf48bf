/** A server to connect to, always on this machine. */
export interface Endpoint {
  /** TCP port. */
  port: number;
  /** PEM of the authority that signed its certificate; plain HTTP when absent. */
  ca?: string;
}

/** A request. */
export interface Ask {
  /** Method. */
  method: string;
  /** Path and query. */
  path: string;
  /** Headers, names in lower case. */
  headers: Record<string, string>;
  /** Body, in ASCII. */
  body?: string;
}

/** A request and its answer as it arrives. */
export interface Exchange {
  /** Status of the answer. */
  readonly status: number;
  /** Entity tag, where the client can read headers. */
  readonly etag?: string | undefined;
  /** Pieces of the body. The server waits while none is asked for, once buffers are full. A piece is good until the next one. */
  readonly body: AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
  /** Ends it from this side: who reads the body gets a {@linkcode DroppedError}. */
  abort(): void;
}

/** A client of one endpoint, over sockets of its own: `fetch` would take a hundred times the memory. */
export interface HttpClient {
  /** Sends a request, and resolves when the answer's headers are there. */
  send(ask: Ask): Promise<Exchange>;
  /** Closes one connection that is not in the midst of an answer, if there is one. HTTP/2: any, with all that it carries. */
  drop(): void;
}

/** This side has closed the connection: no fault of the server. */
export class DroppedError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "DroppedError";
}

/** Connects to an endpoint; with TLS it offers one protocol. */
export async function connect(
  { port, ca }: Endpoint,
  protocol: "http/1.1" | "h2",
): Promise<Deno.TcpConn | Deno.TlsConn> {
  const plain = await Deno.connect({ hostname: "127.0.0.1", port });
  // Small frames of HTTP/2 would wait until the server has acknowledged what was sent before.
  plain.setNoDelay();
  if (ca === undefined) return plain;
  const alpnProtocols = [protocol];
  const connection = await Deno.startTls(plain, { hostname: "localhost", caCerts: [ca], alpnProtocols });
  const { alpnProtocol } = await connection.handshake();
  if (protocol === "http/1.1" || alpnProtocol === protocol) return connection;
  connection.close();
  throw new Error(`The server does not speak ${protocol}`);
}

/** Writes all bytes. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}
