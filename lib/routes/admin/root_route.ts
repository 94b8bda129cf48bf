import type { Route } from "../../http/mod.ts";

/**
 * The route `/`: tells people what answers here, and load balancers, which probe it unless told otherwise, that it does.
 *
 * @param version Halyard's version.
 * @returns The route.
 */
export function rootRoute(version: string): Route {
  const text = `Halyard ${version} serves LaunchDarkly SDKs; see /status and /health/ready\n`;
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return { method: "GET", path: "/", handle: () => new Response(text, { headers }) };
}
