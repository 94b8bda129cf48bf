import { drainBody } from "./body.ts";
import type { Route } from "./router.ts";

/** How long a client may take to send its events: ms. SDKs send theirs at once; a minute is a very slow line. */
const BODY_DEADLINE = 60_000;

/**
 * Routes that take analytics and diagnostic events of server-side SDKs. Offline there is nobody to send them to: they are
 * read, thrown away and answered with 202, because any refusal makes SDKs stop sending or fill logs.
 *
 * @param maxBytes How much of a body is read: bytes. The rest is cut off; the answer is 202 all the same.
 * @returns The routes.
 */
export function eventRoutes(maxBytes: number): Route[] {
  async function handle(request: Request): Promise<Response> {
    await drainBody(request, maxBytes, BODY_DEADLINE);
    return new Response(null, { status: 202 });
  }
  return [
    { method: "POST", path: "/bulk", credential: "sdk", handle },
    { method: "POST", path: "/diagnostic", credential: "sdk", handle },
  ];
}
