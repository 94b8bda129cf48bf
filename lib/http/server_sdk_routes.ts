import type { Channel, Hub } from "../stream/mod.ts";
import { respondWithPayload } from "./payload.ts";
import type { EnvironmentContext, Route } from "./router.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-store, must-revalidate",
  "x-accel-buffering": "no",
  "access-control-allow-origin": "*",
};

/**
 * Routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param hub Where streams live.
 * @returns The routes.
 */
export function serverSdkRoutes(hub: Hub): Route[] {
  function openStream(channel: Channel): (request: Request, context: EnvironmentContext) => Response {
    return (request, { environment, snapshot, credential }) => {
      if (request.method === "HEAD") return new Response(null, { headers: STREAM_HEADERS });
      const stream = { channel, environmentId: environment.id, credentialKind: "sdk", credential } as const;
      return new Response(hub.open(stream, snapshot), { headers: STREAM_HEADERS });
    };
  }
  return [
    { method: "GET", path: "/all", credential: "sdk", handle: openStream("all") },
    { method: "GET", path: "/flags", credential: "sdk", handle: openStream("flags") },
    {
      method: "GET",
      path: "/sdk/latest-all",
      credential: "sdk",
      handle: (request, { snapshot }) => respondWithPayload(request, snapshot.all),
    },
  ];
}
