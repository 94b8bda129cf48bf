import { ALL_CHANNEL, type Channel, FLAGS_CHANNEL, type Hub } from "../stream/mod.ts";
import { respondWithPayload } from "./payload.ts";
import type { EnvironmentContext, Route } from "./router.ts";
import { respondWithStream } from "./stream_response.ts";

/**
 * Routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param hub Where streams live.
 * @returns The routes.
 */
export function serverSdkRoutes(hub: Hub): Route[] {
  function stream(channel: Channel): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return (request, context) =>
      respondWithStream(hub, request, { ...context, channel, credentialKind: "sdk" });
  }
  return [
    { method: "GET", path: "/all", credential: "sdk", handle: stream(ALL_CHANNEL) },
    { method: "GET", path: "/flags", credential: "sdk", handle: stream(FLAGS_CHANNEL) },
    {
      method: "GET",
      path: "/sdk/latest-all",
      credential: "sdk",
      handle: (request, { snapshot }) => respondWithPayload(request, snapshot.all),
    },
  ];
}
