import type { OpenRoute } from "../../http/mod.ts";
import type { Services } from "../mod.ts";

const HEADERS = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };

/**
 * Creates the route `/`: one line for people, and 200 for load balancers, which probe it by default.
 *
 * @param services The relay's status.
 * @returns The route.
 */
export function rootRoute({ status }: Pick<Services, "status">): OpenRoute {
  return {
    method: "GET",
    path: "/",
    handle: () =>
      new Response(`Halyard ${status().version} serves LaunchDarkly SDKs; see /status and /health/ready\n`, {
        headers: HEADERS,
      }),
  };
}
