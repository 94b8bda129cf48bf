import { acceptsEncodings, ifNoneMatch } from "@std/http";
import type { Document } from "../snapshot/mod.ts";
import type { Hub } from "../delivery/mod.ts";

/** When a client that found no room should come back: seconds. */
const RETRY_AFTER = "5";

/** Up to this size a document goes out in one piece, uncounted: bytes. The socket's buffer takes it at once. */
const SMALL_BYTES = 64 * 1024;

/**
 * Answers with a document: 304 if the client has it, gzip if the client takes it, 503 if there is no room to send it.
 *
 * @param hub Sends large documents when there is room for them.
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param document The document.
 * @param headers More headers for both 200 and 304; `vary` is joined with `Accept-Encoding`.
 * @returns 200, 304 or 503.
 */
export async function respondWithDocument(
  hub: Hub,
  request: Request,
  document: Document,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { vary, ...rest } = headers;
  const common = {
    ...rest,
    etag: document.etag,
    vary: vary ? `${vary}, Accept-Encoding` : "Accept-Encoding",
  };
  if (!ifNoneMatch(request.headers.get("if-none-match"), document.etag)) {
    return new Response(null, { status: 304, headers: common });
  }
  const encoding = acceptsGzip(request) ? { "content-encoding": "gzip" } : undefined;
  const bytes = encoding ? await document.gzip() : document.body;
  const allHeaders = {
    ...common,
    ...encoding,
    "content-type": "application/json",
    "content-length": `${bytes.length}`,
  };
  if (request.method === "HEAD") return new Response(null, { headers: allHeaders });
  if (bytes.length <= SMALL_BYTES) return new Response(bytes, { headers: allHeaders });
  const body = await hub.deliveries.send(bytes);
  return body ? new Response(body, { headers: allHeaders }) : respondBusy();
}

/**
 * Turns a client away for the moment; SDKs come back by themselves.
 *
 * @returns 503 with `Retry-After`.
 */
export function respondBusy(): Response {
  return new Response("Too many clients at this moment", {
    status: 503,
    headers: { "retry-after": RETRY_AFTER },
  });
}

/** A client that says nothing about encodings (old SDKs) is sent plain JSON, though the standard would allow either. */
function acceptsGzip(request: Request): boolean {
  return request.headers.has("accept-encoding") && acceptsEncodings(request, "gzip", "identity") === "gzip";
}
