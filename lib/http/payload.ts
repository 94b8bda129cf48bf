import { Buffer } from "node:buffer";
import { acceptsEncodings, ifNoneMatch } from "@std/http";
import type { Delivery } from "../delivery/mod.ts";
import type { Document } from "../snapshot/mod.ts";
import { concat, lengthOf, type Parts, PIECE_BYTES } from "../wire/mod.ts";
import type { EnvironmentContext } from "./route.ts";

/** Least and most `Retry-After` of a busy server: seconds. Those turned away at one moment must not come back at one moment. */
const [MIN_RETRY_AFTER, MAX_RETRY_AFTER] = [2, 10];

/**
 * Length of bytes above which views of them are sent by a reader: bytes. A `Response` copies what it gets, and garbage of that size
 * has V8 collect all old objects again and again: with 40 KB an answer takes twice the time.
 */
const COPIED_BYTES = 16 * 1024;

/** Documents are made of text, so nothing is lost. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Headers of a document besides those that every document has. */
export type ExtraHeaders = Readonly<Record<string, string>>;

/**
 * Answers with a document that all clients share: 304 if the client has it, gzip if the client accepts it. Only where that is still
 * to be compressed, the answer is not there at once.
 *
 * @param delivery Sends it at the client's pace.
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param context Whose document it is.
 * @param document The document.
 * @param headers More headers for both 200 and 304; `vary` is joined with `Accept-Encoding`.
 * @returns 200 or 304.
 */
export function respondWithDocument(
  delivery: Delivery,
  request: Request,
  context: EnvironmentContext,
  document: Document,
  headers?: ExtraHeaders,
): Response | Promise<Response> {
  if (isKnown(request, document.etag)) return context.respond(null, headersOf(document, headers), 304);
  const { environment, snapshot } = context;

  function send(parts: Parts, encoding?: "gzip"): Response {
    const length = lengthOf(parts);
    const all = bodyHeadersOf(document, length, encoding, headers);
    if (request.method === "HEAD") return context.respond(null, all);
    if (length > COPIED_BYTES) {
      return context.respond(delivery.send(parts, { environmentId: environment.id, snapshot }), all);
    }
    return context.respond(join(parts), all);
  }

  if (acceptsGzip(request)) return document.gzip().then((bytes) => send([bytes], "gzip"));
  const { parts } = document;
  if (lengthOf(parts) > PIECE_BYTES || request.method === "HEAD") return send(parts);
  // The socket's buffer takes a small one at once.
  return context.respond(DECODER.decode(join(parts)), jsonHeadersOf(document, headers));
}

/** A document that is made for one client alone. */
export interface PrivateDocument {
  /** Its JSON. */
  text: string;
  /** Weak entity tag of that; without one it is always sent. */
  etag?: string;
  /** Creates the JSON again, if there was no memory for the document. */
  remake(): Promise<string>;
  /** Encodes the JSON, once there is memory for it. */
  encode(text: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Compresses the document. */
  compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Answers with a document that is made for one client alone. A small one is sent at once, unless it has to be compressed.
 *
 * @param delivery Charges it while it is in memory, and sends it at the client's pace.
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param context Whose document it is.
 * @param document The document.
 * @returns 200, 304, or 503 if memory was short for too long.
 */
export function respondWithPrivateDocument(
  delivery: Delivery,
  request: Request,
  context: EnvironmentContext,
  document: PrivateDocument,
): Response | Promise<Response> {
  const { text } = document;
  if (isKnown(request, document.etag)) return context.respond(null, headersOf(document), 304);
  // A UTF-16 unit has three bytes of UTF-8 at most.
  const isSmall = 3 * text.length <= PIECE_BYTES || Buffer.byteLength(text) <= PIECE_BYTES;
  if (isSmall && request.method !== "HEAD" && !acceptsGzip(request)) {
    return context.respond(text, jsonHeadersOf(document));
  }
  return sendPrivateDocument(delivery, request, context, document);
}

async function sendPrivateDocument(
  delivery: Delivery,
  request: Request,
  context: EnvironmentContext,
  document: PrivateDocument,
): Promise<Response> {
  const { text, remake, encode, compress } = document;
  const encoding = acceptsGzip(request) ? "gzip" : undefined;
  const made = await delivery.make(context.credentialKind, {
    make: () => text,
    remake,
    // Text and bytes are in memory at the same time for a while.
    measure: ({ length }) => 2 * length,
    finish: async (text) => encoding ? await compress(await encode(text)) : await encode(text),
  });
  if (!made) return respondBusy();
  const { made: bytes, charge } = made;
  const headers = bodyHeadersOf(document, bytes.length, encoding);
  const isHead = request.method === "HEAD";
  if (!isHead && bytes.length > COPIED_BYTES) {
    charge.resize(bytes.length);
    return context.respond(
      delivery.send([bytes], { environmentId: context.environment.id, charge }),
      headers,
    );
  }
  charge.release();
  return context.respond(isHead ? null : bytes, headers);
}

/**
 * Turns a client away for the moment; SDKs come back by themselves.
 *
 * @returns 503 with a `Retry-After` of 2 to 10 seconds, by chance.
 */
export function respondBusy(): Response {
  const seconds = MIN_RETRY_AFTER + Math.floor(Math.random() * (MAX_RETRY_AFTER - MIN_RETRY_AFTER + 1));
  return new Response("Server busy, retry later", { status: 503, headers: { "retry-after": `${seconds}` } });
}

function join(parts: Parts): Uint8Array<ArrayBuffer> {
  return parts.length === 1 ? parts[0]! : concat([...parts]);
}

/** Headers of a document with and without a body. */
function headersOf({ etag }: { etag?: string }, { vary, ...rest }: ExtraHeaders = {}): ExtraHeaders {
  return {
    ...rest,
    ...etag !== undefined && { etag },
    vary: vary ? `${vary}, Accept-Encoding` : "Accept-Encoding",
  };
}

/** Headers of a JSON text, whose length the transport finds by itself. */
function jsonHeadersOf(document: { etag?: string }, headers?: ExtraHeaders): ExtraHeaders {
  return { "content-type": "application/json", ...headersOf(document, headers) };
}

function bodyHeadersOf(
  document: { etag?: string },
  length: number,
  encoding?: "gzip",
  headers?: ExtraHeaders,
): ExtraHeaders {
  return {
    ...jsonHeadersOf(document, headers),
    "content-length": `${length}`,
    ...encoding && { "content-encoding": encoding },
  };
}

/** Whether the client has the document. Some OpenFeature providers send a tag without its quotes. */
function isKnown({ headers }: Request, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  const known = headers.get("if-none-match");
  return known !== null && (known === etag || `W/"${known}"` === etag || !ifNoneMatch(known, etag));
}

/** Plain JSON for a client without `Accept-Encoding` (old SDKs), though the standard would allow either. */
function acceptsGzip(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding");
  if (accepted === null) return false;
  // What most clients send needs no parser.
  if (accepted === "gzip") return true;
  return acceptsEncodings(request, "gzip", "identity") === "gzip";
}
