import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PIECE_BYTES } from "../wire/mod.ts";
import { readTarget } from "./target.ts";
import { BACKLOG, type Handler, type Server } from "./transport.ts";

/** Longest request line and headers together, with TLS 1.3 as minimum version. The same as in `Deno.serve`. @limit bytes: the request is answered 431 */
const MAX_HEADER_BYTES = 65_536;

/** Options for {@linkcode serveTls13}. */
export interface Tls13Options {
  /** TCP port. */
  port: number;
  /** IP address or host name. */
  hostname: string;
  /** PEM. */
  cert: string;
  /** PEM. */
  key: string;
  /** Answers for a handler that failed. */
  onError(error: unknown): Response;
}

/**
 * Serves HTTPS to clients that speak TLS 1.3, over HTTP/1.1. `Deno.serve` would let in TLS 1.2: it has no option for a minimum version.
 *
 * @param handler Answers each request.
 * @param options Address, certificate, and what to do about errors.
 * @returns The running server.
 * @throws {Error} When it cannot listen or the certificate cannot be used: the errors of `Deno.serve`.
 */
export async function serveTls13(
  handler: Handler,
  { port, hostname, cert, key, onError }: Tls13Options,
): Promise<Server> {
  // `node:https` learns of a bad certificate from its first client, and of a missing permission outside of every promise.
  Deno.listenTls({ port, hostname, cert, key }).close();
  const options = {
    cert,
    key,
    minVersion: "TLSv1.3",
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false,
  } as const;
  const server = createServer(options, async (incoming, outgoing) => {
    const request = toRequest(incoming);
    if (!request) return void outgoing.writeHead(400).end();
    let response: Response | undefined;
    try {
      response = await handler(request);
      // A pipeline to a client that has gone would never begin to read, nor end.
      if (outgoing.destroyed) await response.body?.cancel();
      else await send(response, outgoing);
    } catch (error) {
      // What it would have read must not stay open.
      if (!response?.bodyUsed) response?.body?.cancel().catch(() => {});
      const failure = onError(error);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(failure.status).end();
    }
  });
  server.on("clientError", refuse);
  server.listen(port, hostname, BACKLOG);
  await once(server, "listening");
  const { address, port: actualPort } = server.address() as AddressInfo;
  return {
    addr: { transport: "tcp", hostname: address, port: actualPort },
    shutdown: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Answers what is not HTTP. `node:https` would cut the connection at once, and its answer would often be lost. */
function refuse({ code }: Error & { code?: string }, socket: Duplex): void {
  const status = code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}

/** Returns `undefined` for what is malformed or `Request` cannot hold, for example the method `TRACE`. */
function toRequest(incoming: IncomingMessage): Request | undefined {
  const { method = "GET", url = "/", headers, headersDistinct } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  const target = readTarget(url.startsWith("/") ? `https://localhost${url}` : url, headers.host ?? null);
  if (!target || (headersDistinct.host?.length ?? 0) > 1) return undefined;
  // A handler that has seen enough of a body must be able to answer, so cancelling must not destroy the connection.
  const body = hasBody && ReadableStream.from(incoming.iterator({ destroyOnReturn: false }));
  try {
    return new Request(`https://localhost${target.path}?${target.query}`, {
      method,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ...(body && { body }),
    });
  } catch {
    return undefined;
  }
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const { status, headers, body } = response;
  outgoing.statusCode = status;
  outgoing.setHeaders(headers);
  // What is small goes out in one write, with its length.
  if (!body || !isLong(headers)) return void outgoing.end(await response.bytes());
  // Its errors are no news: the client went away, or the delivery has cut it off and said so.
  await pipeline(Readable.fromWeb(body as never), outgoing).catch(() => {});
}

/** Whether a body is to be sent at the client's pace. */
function isLong(headers: Headers): boolean {
  return Number(headers.get("content-length")) > PIECE_BYTES ||
    headers.get("content-type")?.startsWith("text/event-stream") === true;
}
