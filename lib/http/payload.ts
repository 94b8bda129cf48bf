import { acceptsEncodings, ifNoneMatch } from "@std/http";
import type { Payload } from "../store/mod.ts";
import type { Admission } from "../stream/mod.ts";
import type { RouteContext } from "./router.ts";

/** When a client that found no room should come back: seconds. */
const RETRY_AFTER = "5";

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

/**
 * Sends a large response when there is room for it.
 *
 * @param response The response.
 * @param bytes Size of its body.
 * @param admission Bounds what is on its way.
 * @param context Tells when the response has been sent.
 * @returns The response, or 503 when there was no room for too long.
 */
export async function admit(
  response: Response,
  bytes: number,
  admission: Admission,
  { completed }: Pick<RouteContext, "completed">,
): Promise<Response> {
  if (response.status === 304) return response;
  const leave = await admission.enter(bytes);
  if (!leave) return respondBusy();
  completed.then(leave, leave);
  return response;
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
