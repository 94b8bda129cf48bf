import { type Channel, type Hub, prepareServerChannels } from "../../delivery/mod.ts";
import {
  type EnvironmentContext,
  respondWithDocument,
  respondWithStream,
  type Route,
} from "../../http/mod.ts";

/**
 * Routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param hub Where streams live.
 * @returns The routes.
 */
export function serverSdkRoutes(hub: Hub): Route[] {
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
      handle: (request, { snapshot }) => respondWithDocument(hub, request, snapshot.all),
    },
  ];
}
