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

/**
 * Answers with a stream; to `HEAD`, with its headers alone.
 *
 * @param delivery Where the stream will live.
 * @param request The request.
 * @param context For whom it is.
 * @param stream What it carries, and who may read it.
 * @returns The response.
 */
export async function respondWithStream(
  delivery: Delivery,
  request: Request,
  context: EnvironmentContext,
  { channel, mayRead }: Pick<StreamRequest, "channel" | "mayRead">,
): Promise<Response> {
  if (request.method === "HEAD") return context.respond(null, STREAM_HEADERS);
  const { environment, snapshot, credential, credentialKind, connections } = context;
  const body = await delivery.open({
    channel,
    environmentId: environment.id,
    snapshot,
    credentialKind,
    credential,
    ...mayRead && { mayRead },
    ...connections && { connections },
  });
  return body ? context.respond(body, STREAM_HEADERS) : respondBusy();
}
