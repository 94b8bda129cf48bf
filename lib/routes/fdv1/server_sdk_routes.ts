import { type Channel, type Delivery, prepareServerChannels } from "../../delivery/mod.ts";
import {
  type EnvironmentContext,
  type EnvironmentRoute,
  respondWithDocument,
  respondWithStream,
  SDK_KEY,
} from "../../http/mod.ts";

/**
 * Creates the routes of server-side SDKs: `/all` and `/flags` by stream, `/sdk/latest-all` by poll.
 *
 * @param delivery Delivery that holds the streams.
 * @returns The routes.
 */
export function serverSdkRoutes(delivery: Delivery): EnvironmentRoute[] {
  function stream(
    openChannel: () => Channel,
  ): (request: Request, context: EnvironmentContext) => Promise<Response> {
    return (request, context) => respondWithStream(delivery, request, context, { channel: openChannel() });
  }
  return [
    { method: "GET", path: "/all", access: [SDK_KEY], handle: stream(prepareServerChannels("all")) },
    { method: "GET", path: "/flags", access: [SDK_KEY], handle: stream(prepareServerChannels("flags")) },
    {
      method: "GET",
      path: "/sdk/latest-all",
      access: [SDK_KEY],
      handle: (request, context) => respondWithDocument(delivery, request, context, context.snapshot.all),
    },
  ];
}
