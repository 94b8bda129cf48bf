import type { PacedBody } from "../delivery/mod.ts";
import type { Certificate } from "./certificate.ts";

/** Status and headers of a response. */
export interface AnswerInit {
  /** Status. */
  status: number;
  /** Headers. */
  headers: Readonly<Record<string, string>>;
}

/** What a way to serve has for one request besides the request. */
export interface Transport {
  /** URL of the request as text, where the request's own has been rewritten. @default {the request's} */
  readonly url?: string;
  /** IP address of the client. Absent where the listener does not tell. */
  readonly address?: string;
  /** Answers with a body at the client's pace. The response may be sent already: its headers are final. */
  respond(body: PacedBody, init: AnswerInit): Response;
}

/** Answers a request. */
export type Handler = (request: Request, transport?: Transport) => Response | Promise<Response>;

/** Transport of whoever takes web streams, such as `Deno.serve`. */
export const WEB_TRANSPORT: Transport = {
  respond: (body, init) => new Response(new ReadableStream(body, { highWaterMark: 0 }), init),
};

/** A server that listens. */
export interface Server extends Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "shutdown"> {
  /**
   * Gives new connections another certificate; those that are open stay as they are. Absent without TLS.
   *
   * @param certificate PEM, from `readCertificate()`.
   * @throws {Error} When it cannot; the certificate before stays.
   */
  setCertificate?(certificate: Certificate): void;
}

/**
 * Longest queue of connections that wait to be accepted. With Deno's 511, of 2,000 clients that came at once a third was never
 * served. Go's servers take what Linux allows by default, the same. @limit connections: further ones are tried again by the client's system; `net.core.somaxconn` may be lower
 */
export const BACKLOG = 4096;
