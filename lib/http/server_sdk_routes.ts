import { type Admission, type Channel, type Hub, prepareServerChannels } from "../stream/mod.ts";
import { admit, respondWithPayload } from "./payload.ts";
import type { EnvironmentContext, Route } from "./router.ts";
import { respondWithStream } from "./stream_response.ts";

/**
 * Routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param hub Where streams live.
 * @param admission Bounds what is on its way.
 * @returns The routes.
 */
export function serverSdkRoutes(hub: Hub, admission: Admission): Route[] {
  function stream(
    openChannel: () => Channel,
  ): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return (request, context) =>
      respondWithStream(hub, request, { ...context, channel: openChannel(), credentialKind: "sdk" });
  }
  return [
    { method: "GET", path: "/all", credential: "sdk", handle: stream(prepareServerChannels("all")) },
    { method: "GET", path: "/flags", credential: "sdk", handle: stream(prepareServerChannels("flags")) },
    {
      method: "GET",
      path: "/sdk/latest-all",
      credential: "sdk",
      handle: (request, context) => {
        const { all } = context.snapshot;
        return admit(respondWithPayload(request, all), all.body.length, admission, context);
      },
    },
  ];
}
