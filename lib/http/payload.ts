import { acceptsEncodings, ifNoneMatch } from "@std/http";
import type { Payload } from "../store/mod.ts";

/**
 * Answers with a prepared document: 304 if the client has it, gzip if the client takes it.
 *
 * @param request The request, for `If-None-Match` and `Accept-Encoding`.
 * @param payload The document; only `body`, `gzip` and `etag` are used.
 * @param headers More headers for both 200 and 304; `vary` is joined with `Accept-Encoding`.
 * @returns 200 or 304.
 */
export function respondWithPayload(
  request: Request,
  payload: Pick<Payload, "body" | "gzip" | "etag">,
  headers: Record<string, string> = {},
): Response {
  const { vary, ...rest } = headers;
  const common = { ...rest, etag: payload.etag, vary: vary ? `${vary}, Accept-Encoding` : "Accept-Encoding" };
  if (!ifNoneMatch(request.headers.get("if-none-match"), payload.etag)) {
    return new Response(null, { status: 304, headers: common });
  }
  const jsonHeaders = { ...common, "content-type": "application/json" };
  if (!acceptsGzip(request)) return new Response(payload.body, { headers: jsonHeaders });
  return new Response(payload.gzip, { headers: { ...jsonHeaders, "content-encoding": "gzip" } });
}

/** A client that says nothing about encodings (old SDKs) is sent plain JSON, though the standard would allow either. */
function acceptsGzip(request: Request): boolean {
  return request.headers.has("accept-encoding") && acceptsEncodings(request, "gzip", "identity") === "gzip";
}
