import type { Delivery } from "../../delivery/mod.ts";
import {
  type EnvironmentContext,
  type EnvironmentRoute,
  respondWithDocument,
  SDK_KEY,
} from "../../http/mod.ts";
import type { EnvironmentMetadata } from "../../model/mod.ts";

/**
 * Creates the polling routes of the PHP SDK: `/sdk/flags`, `/sdk/flags/{key}`, `/sdk/segments/{key}`. Where the environment sets a
 * time to live, answers may be cached that long (`Expires`), as with the Relay Proxy.
 *
 * @param delivery Delivery that sends large documents.
 * @returns The routes.
 */
export function phpRoutes(delivery: Delivery): EnvironmentRoute[] {
  function respondWithItem(
    request: Request,
    context: EnvironmentContext,
    kind: "flags" | "segments",
  ): Response | Promise<Response> {
    const { snapshot, params } = context;
    const document = snapshot.find(kind, params["key"]!)?.document;
    if (!document) return new Response(null, { status: 404 });
    return respondWithDocument(delivery, request, context, document, cacheHeaders(snapshot.metadata));
  }

  return [
    {
      method: "GET",
      path: "/sdk/flags",
      access: [SDK_KEY],
      handle: (request, context) => {
        const { flags, metadata } = context.snapshot;
        return respondWithDocument(delivery, request, context, flags, cacheHeaders(metadata));
      },
    },
    {
      method: "GET",
      path: "/sdk/flags/{key}",
      access: [SDK_KEY],
      handle: (request, context) => respondWithItem(request, context, "flags"),
    },
    {
      method: "GET",
      path: "/sdk/segments/{key}",
      access: [SDK_KEY],
      handle: (request, context) => respondWithItem(request, context, "segments"),
    },
  ];
}

function cacheHeaders({ defaultTtl }: EnvironmentMetadata): Record<string, string> {
  if (defaultTtl === 0) return {};
  return { expires: new Date(Date.now() + defaultTtl * 60_000).toUTCString(), vary: "Authorization" };
}
