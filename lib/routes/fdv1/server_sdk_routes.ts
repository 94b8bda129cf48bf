import { type Channel, type Delivery, prepareServerChannels } from "../../delivery/mod.ts";
import {
  type EnvironmentContext,
  respondWithDocument,
  respondWithStream,
  type Route,
} from "../../http/mod.ts";

/**
 * Routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param delivery Where streams live.
 * @returns The routes.
 */
export function serverSdkRoutes(delivery: Delivery): Route[] {
  function stream(
    openChannel: () => Channel,
  ): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return (request, context) =>
      respondWithStream(delivery, request, { ...context, channel: openChannel(), credentialKind: "sdk" });
  }
  return [
    { method: "GET", path: "/all", credential: "sdk", handle: stream(prepareServerChannels("all")) },
    { method: "GET", path: "/flags", credential: "sdk", handle: stream(prepareServerChannels("flags")) },
    {
      method: "GET",
      path: "/sdk/latest-all",
      credential: "sdk",
      handle: (request, context) => respondWithDocument(delivery, request, context, context.snapshot.all),
    },
  ];
}
