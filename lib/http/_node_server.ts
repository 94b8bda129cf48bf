import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { PacedBody, Sink } from "../delivery/mod.ts";
import type { Log } from "../observe/mod.ts";
import { limitConnections } from "./_connection_limit.ts";
import type { AddressCounter } from "./address_counter.ts";
import type { Certificate } from "./certificate.ts";
import { keepAccepting } from "./_keep_accepting.ts";
import { type AnswerInit, BACKLOG, type Handler, type Server, type Transport } from "./transport.ts";

/** Longest request line and headers together, on `STREAM_PORT`, on a Unix socket, and with TLS 1.3 as minimum version. The same as in `Deno.serve`. @limit bytes: the request is answered 431 */
const MAX_HEADER_BYTES = 65_536;

/** Longest time for the headers of a request, on `STREAM_PORT`, on a Unix socket, and with TLS 1.3 as minimum version; it counts from the connection or from the answer before. SDKs send theirs at once. @limit ms: the request is answered 408, the connection is closed */
const HEADERS_TIMEOUT = 30_000;

/** Longest time for a whole request, there too. More than a body may take. @limit ms: the request is answered 408, the connection is closed */
const REQUEST_TIMEOUT = 75_000;

/** Longest time between an answer and the next request on the connection, there too. More than load balancers keep theirs (60 s as a rule), so that none sends a request into a closed one. @limit ms: the connection is closed */
const IDLE_TIMEOUT = 120_000;

/** Time between two looks for what has exceeded these: ms. They may be exceeded by as much. */
const CHECK_INTERVAL = 2_000;

/** Longest time for a TLS handshake, there too. @limit ms: the connection is closed */
const HANDSHAKE_TIMEOUT = 30_000;

/** Silence after which the kernel probes whether a client is still there: ms. */
const KEEPALIVE_DELAY = 10_000;

/** Options for {@linkcode createNodeServer}. */
export interface NodeServerOptions {
  /** PEM of a certificate and its key, and the minimum TLS version. Absent: plain HTTP. */
  tls?: Certificate & { minVersion: "1.2" | "1.3" };
  /** Answers for a handler that failed. */
  onError(error: unknown): Response;
}

/** Options for {@linkcode serveNode}. */
export interface NodeListenOptions extends NodeServerOptions {
  /** TCP port. */
  port: number;
  /** IP address or host name. */
  hostname: string;
  /** Counter of the connections from each address, where they are limited. */
  addressCounter?: AddressCounter;
  /** Whether other threads listen on the same port. */
  reusePort: boolean;
  /** Log. */
  log: Log;
}

/**
 * Serves HTTP/1.1 by Node's server: a stream takes 15 KB instead of the 60 to 128 KB of `Deno.serve`, clients that vanish are found
 * by TCP keepalive, and there are time-outs. A small request costs four times as much. With TLS there is a minimum version, for
 * which `Deno.serve` has no option.
 *
 * @param handler Answers each request.
 * @param options Address, certificate, limits, and what to do about errors.
 * @returns The running server.
 * @throws {Error} When it cannot listen or the certificate cannot be used: the errors of `Deno.serve`.
 */
export async function serveNode(handler: Handler, options: NodeListenOptions): Promise<Server> {
  const { port, hostname, tls, reusePort, addressCounter, log } = options;
  const server = createNodeServer(handler, options);
  server.on("connection", (socket: Socket) => void socket.setKeepAlive(true, KEEPALIVE_DELAY));
  if (addressCounter) server.on("connection", limitConnections(addressCounter, log));
  server.listen({ port, host: hostname, backlog: BACKLOG, reusePort });
  await once(server, "listening");
  const stopWatching = keepAccepting(server, log);
  const { address, port: actualPort } = server.address() as AddressInfo;
  return {
    addr: { transport: "tcp", hostname: address, port: actualPort },
    shutdown() {
      stopWatching();
      return close(server);
    },
    ...server instanceof TlsServer && tls && {
      setCertificate: (certificate) => server.setSecureContext({ ...toTlsOptions(tls), ...certificate }),
    },
  };
}

/**
 * Creates Node's server, which does not listen yet.
 *
 * @param handler Answers each request.
 * @param options Certificate, and what to do about errors.
 * @returns The server.
 * @throws {Error} When the certificate cannot be used.
 */
export function createNodeServer(
  handler: Handler,
  { tls, onError }: NodeServerOptions,
): HttpServer | TlsServer {
  const answer = getRequestListener(
    (request, { incoming, outgoing }) =>
      handler(request, new NodeTransport(incoming as TargetedMessage, outgoing as ServerResponse)),
    { hostname: "localhost", overrideGlobalObjects: false, errorHandler: onError },
  );
  const onRequest = inTurn((incoming, outgoing) => void answer(hideTarget(incoming), outgoing));
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: IDLE_TIMEOUT,
    connectionsCheckingInterval: CHECK_INTERVAL,
    requireHostHeader: false,
  };
  const server = tls
    ? createTlsServer({ ...settings, ...toTlsOptions(tls) }, onRequest)
    : createServer(settings, onRequest);
  if (tls) limitHandshakes(server);
  server.on("clientError", refuse);
  return server;
}

function toTlsOptions({ minVersion, ...certificate }: NonNullable<NodeServerOptions["tls"]>) {
  return { ...certificate, minVersion: `TLSv${minVersion}` } as const;
}

/**
 * Stops a server.
 *
 * @param server Server that listens.
 * @returns When its last connection has ended.
 */
export function close(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  return closed;
}

/**
 * Has requests that a client sends without waiting for answers handled one after the other: only a response that has the connection
 * learns of its end, and may be sent at the client's pace.
 */
function inTurn(
  handle: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const last = new WeakMap<Socket, ServerResponse>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    const previous = last.get(socket);
    last.set(socket, outgoing);
    if (!previous || previous.writableFinished) return handle(incoming, outgoing);
    previous.once("finish", () => handle(incoming, outgoing));
  };
}

/** Closes connections whose TLS handshake takes too long: Deno's server waits for ever. */
function limitHandshakes(server: HttpServer): void {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  function nameOf({ remoteAddress, remotePort }: Socket): string {
    return `${remoteAddress} ${remotePort}`;
  }
  function forget(name: string): void {
    clearTimeout(timers.get(name));
    timers.delete(name);
  }
  server.on("connection", (socket: Socket) => {
    const name = nameOf(socket);
    timers.set(name, setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT));
    socket.once("close", () => forget(name));
  });
  server.on("secureConnection", (socket: Socket) => forget(nameOf(socket)));
}

/** A request whose target the adapter does not see. */
interface TargetedMessage extends IncomingMessage {
  /** The request target as received. */
  target?: string;
}

/** Keeps the adapter from resolving, or refusing, what the handler looks at itself: the target, and `Host`, which may be absent. */
function hideTarget(incoming: TargetedMessage): IncomingMessage {
  incoming.target = incoming.url ?? "/";
  incoming.url = "/";
  incoming.headers.host = "localhost";
  return incoming;
}

/** Transport of one request: what is sent at the client's pace is written to Node's response directly. */
class NodeTransport implements Transport {
  readonly url: string;
  readonly #outgoing: ServerResponse;

  constructor({ target = "/" }: TargetedMessage, outgoing: ServerResponse) {
    this.url = target.startsWith("/") ? `http://localhost${target}` : target;
    this.#outgoing = outgoing;
  }

  respond(body: PacedBody, { status, headers }: AnswerInit): Response {
    const outgoing = this.#outgoing;
    if (outgoing.destroyed) {
      body.cancel();
    } else {
      outgoing.writeHead(status, headers);
      body.start(new ResponseSink(outgoing, body));
      body.pull();
    }
    return RESPONSE_ALREADY_SENT;
  }
}

/** Node's response as a sink: it pulls again when the kernel has taken a piece. */
class ResponseSink implements Sink {
  readonly #outgoing: ServerResponse;
  readonly #onWritten: (error?: Error | null) => void;

  constructor(outgoing: ServerResponse, body: PacedBody) {
    this.#outgoing = outgoing;
    this.#onWritten = (error) => {
      if (!error) body.pull();
    };
    outgoing.on("close", () => body.cancel());
  }

  enqueue(piece: Uint8Array): void {
    this.#outgoing.write(piece, this.#onWritten);
  }

  close(): void {
    this.#outgoing.end();
  }

  destroy(): void {
    // A reset drops what the kernel still holds, which the client does not read.
    this.#outgoing.socket?.resetAndDestroy();
  }
}

/** Statuses of what is not a request, by Node's code. */
const STATUSES = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** Answers what is not HTTP. Node's server would cut the connection at once, and its answer would often be lost. */
function refuse({ code = "" }: Error & { code?: string }, socket: Duplex): void {
  const status = STATUSES.get(code) ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}
