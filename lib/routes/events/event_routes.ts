import { drainBody, type Route } from "../../http/mod.ts";

/** Where each kind of client posts its analytics and diagnostic events. */
const PATHS = {
  sdk: ["/bulk", "/diagnostic"],
  mobile: ["/mobile", "/mobile/events", "/mobile/events/bulk", "/mobile/events/diagnostic"],
  environment: ["/events/bulk/{envId}", "/events/diagnostic/{envId}"],
} as const;

/** A transparent picture of one pixel. */
const PIXEL = Uint8Array.fromBase64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

/**
 * Routes that take events. Offline there is nobody to send them to: they are read, thrown away and answered with 202,
 * because any refusal makes SDKs stop sending or fill logs. Very old browsers send theirs as the address of a picture.
 *
 * @param maxBytes How much of a body is read: bytes. The rest is cut off; the answer is 202 all the same.
 * @returns The routes.
 */
export function eventRoutes(maxBytes: number): Route[] {
  async function take(request: Request): Promise<Response> {
    await drainBody(request, maxBytes);
    return new Response(null, { status: 202 });
  }
  return [
    ...PATHS.sdk.map((path): Route => ({ method: "POST", path, credential: "sdk", handle: take })),
    ...PATHS.mobile.map((path): Route => ({ method: "POST", path, credential: "mobile", handle: take })),
    ...PATHS.environment.map((path): Route => ({
      method: "POST",
      path,
      credential: "environment",
      handle: take,
    })),
    {
      method: "GET",
      path: "/a/{envId}.gif",
      credential: "environment",
      handle: () =>
        new Response(PIXEL, { headers: { "content-type": "image/gif", "cache-control": "no-store" } }),
    },
    // The goals of a browser's experiments are not in an archive; SDKs ask for them at start all the same.
    { method: "GET", path: "/sdk/goals/{envId}", credential: "environment", handle: () => Response.json([]) },
  ];
}
