import {
  type Access,
  drainBody,
  ENVIRONMENT_ID,
  type EnvironmentRoute,
  MOBILE_KEY,
  SDK_KEY,
} from "../../http/mod.ts";

/** Paths to which each kind of client posts its analytics and diagnostic events. */
const PATHS: [access: Access, paths: string[]][] = [
  [SDK_KEY, ["/bulk", "/diagnostic"]],
  [MOBILE_KEY, ["/mobile", "/mobile/events", "/mobile/events/bulk", "/mobile/events/diagnostic"]],
  [ENVIRONMENT_ID, ["/events/bulk/{envId}", "/events/diagnostic/{envId}"]],
];

/** Access of browsers, which identify themselves by the environment's ID. */
const BROWSERS = { access: [ENVIRONMENT_ID], cors: true };

/** A transparent image of one pixel. */
const PIXEL = Uint8Array.fromBase64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

/**
 * Creates the routes for events. Offline there is nowhere to send them: they are read, discarded and answered with 202, because any
 * refusal makes SDKs stop sending or fill logs. Very old browsers send theirs as the address of an image.
 *
 * @param maxBytes Maximum length of a body that is read: bytes. The rest is cut off; the answer is 202 all the same.
 * @returns The routes.
 */
export function eventRoutes(maxBytes: number): EnvironmentRoute[] {
  async function take(request: Request): Promise<Response> {
    await drainBody(request, maxBytes);
    return new Response(null, { status: 202 });
  }
  return [
    ...PATHS.flatMap(([access, paths]) =>
      paths.map((path): EnvironmentRoute => ({
        method: "POST",
        path,
        access: [access],
        cors: access === ENVIRONMENT_ID,
        handle: take,
      }))
    ),
    {
      method: "GET",
      path: "/a/{envId}.gif",
      ...BROWSERS,
      handle: () =>
        new Response(PIXEL, { headers: { "content-type": "image/gif", "cache-control": "no-store" } }),
    },
    // The goals of a browser's experiments are not in an archive; SDKs request them at start all the same.
    { method: "GET", path: "/sdk/goals/{envId}", ...BROWSERS, handle: () => Response.json([]) },
  ];
}
