import type { Delivery, StreamRequest } from "../delivery/mod.ts";
import { respondBusy } from "./payload.ts";
import type { EnvironmentContext } from "./route.ts";

/** `no-transform` keeps proxies from compressing, and so collecting, events; `X-Accel-Buffering` keeps nginx from holding them back. */
const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
  "access-control-allow-origin": "*",
};

/** Options for {@linkcode respondWithStream}: the route's context and what the stream carries. */
export type StreamOptions =
  & EnvironmentContext
  & Pick<StreamRequest, "channel" | "mayRead">;

/**
 * Answers with a stream; to `HEAD`, with its headers alone.
 *
 * @param delivery Where the stream will live.
 * @param request The request.
 * @param options What the stream carries and for whom.
 * @returns The response.
 */
export async function respondWithStream(
  delivery: Delivery,
  request: Request,
  options: StreamOptions,
): Promise<Response> {
  if (request.method === "HEAD") return new Response(null, { headers: STREAM_HEADERS });
  const { environment, snapshot, credential, credentialKind, channel, mayRead } = options;
  const body = await delivery.open({
    channel,
    environmentId: environment.id,
    snapshot,
    credentialKind,
    credential,
    ...mayRead && { mayRead },
  });
  return body ? new Response(body, { headers: STREAM_HEADERS }) : respondBusy();
}
