import { acceptsEncodings, ifNoneMatch } from "@std/http";
import type { Delivery } from "../delivery/mod.ts";
import type { Document } from "../snapshot/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import { PIECE_BYTES } from "../wire/mod.ts";
import type { EnvironmentContext } from "./route.ts";

/** `Retry-After` of a busy server: seconds. */
const RETRY_AFTER = "5";

/** An answer before it is sent: no bytes for 304 and for `HEAD`. */
interface Answer {
  init: ResponseInit;
  bytes?: Uint8Array<ArrayBuffer>;
}

/**
 * Answers with a document that all clients share: 304 if the client has it, gzip if the client accepts it.
 *
 * @param delivery Sends it at the client's pace.
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param context Whose document it is.
 * @param document The document.
 * @param headers More headers for both 200 and 304; `vary` is joined with `Accept-Encoding`.
 * @returns 200 or 304.
 */
export async function respondWithDocument(
  delivery: Delivery,
  request: Request,
  { environment, snapshot }: EnvironmentContext,
  document: Document,
  headers?: Record<string, string>,
): Promise<Response> {
  const { init, bytes } = await negotiate(request, document, headers);
  // The socket's buffer takes a small one at once.
  if (!bytes || bytes.length <= PIECE_BYTES) return new Response(bytes ?? null, init);
  return new Response(delivery.send(bytes, { environmentId: environment.id, snapshot }), init);
}

/** Options for {@linkcode respondWithPrivateDocument}. */
export interface PrivateDocumentOptions {
  /** Client-side ID of the environment. */
  environmentId: string;
  /** Kind of the client's credential, whose budget it is charged to. */
  credentialKind: CredentialKind;
  /** Makes its JSON. Called again if there was no memory for the document. */
  evaluate(): Promise<string>;
  /** Makes the document, once there is memory for it. */
  encode(json: string): Promise<Document>;
}

/**
 * Answers with a document that is made for one client alone.
 *
 * @param delivery Charges it while it is in memory, and sends it at the client's pace.
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param options How it is made and for whom.
 * @returns 200, 304, or 503 if memory was short for too long.
 */
export async function respondWithPrivateDocument(
  delivery: Delivery,
  request: Request,
  { environmentId, credentialKind, evaluate, encode }: PrivateDocumentOptions,
): Promise<Response> {
  const answer = await delivery.make(credentialKind, {
    make: evaluate,
    // Text and bytes are in memory at the same time for a while.
    measure: ({ length }) => 2 * length,
    finish: async (json) => negotiate(request, await encode(json)),
  });
  if (!answer) return respondBusy();
  const { made: { init, bytes }, charge } = answer;
  charge.resize(bytes?.length ?? 0);
  if (bytes && bytes.length > PIECE_BYTES) {
    return new Response(delivery.send(bytes, { environmentId, charge }), init);
  }
  charge.release();
  return new Response(bytes ?? null, init);
}

/**
 * Turns a client away for the moment; SDKs come back by themselves.
 *
 * @returns 503 with `Retry-After`.
 */
export function respondBusy(): Response {
  return new Response("Server busy, retry later", { status: 503, headers: { "retry-after": RETRY_AFTER } });
}

async function negotiate(
  request: Request,
  document: Document,
  { vary, ...rest }: Record<string, string> = {},
): Promise<Answer> {
  const headers = {
    ...rest,
    etag: document.etag,
    vary: vary ? `${vary}, Accept-Encoding` : "Accept-Encoding",
  };
  if (!ifNoneMatch(request.headers.get("if-none-match"), document.etag)) {
    return { init: { status: 304, headers } };
  }
  const encoding = acceptsGzip(request) ? { "content-encoding": "gzip" } : undefined;
  const bytes = encoding ? await document.gzip() : document.body;
  const length = { "content-type": "application/json", "content-length": `${bytes.length}` };
  const init = { headers: { ...headers, ...encoding, ...length } };
  return request.method === "HEAD" ? { init } : { init, bytes };
}

/** Plain JSON for a client without `Accept-Encoding` (old SDKs), though the standard would allow either. */
function acceptsGzip(request: Request): boolean {
  return request.headers.has("accept-encoding") && acceptsEncodings(request, "gzip", "identity") === "gzip";
}
