import type { SnapshotItem } from "../../snapshot/mod.ts";
import type { EnvironmentMetadata } from "../../model/mod.ts";
import type { Hub } from "../../delivery/mod.ts";
import { type EnvironmentRoute, respondWithDocument, SDK_KEY } from "../../http/mod.ts";

/**
 * Polling routes of the PHP SDK: `/sdk/flags`, `/sdk/flags/{key}`, `/sdk/segments/{key}`. Where the environment sets a
 * time to live, answers may be cached that long (`Expires`), as with the Relay Proxy.
 *
 * @param hub Sends large documents when there is room for them.
 * @returns The routes.
 */
export function phpRoutes(hub: Hub): EnvironmentRoute[] {
  function respondWithItem(
    request: Request,
    item: SnapshotItem | undefined,
    metadata: EnvironmentMetadata,
  ): Response | Promise<Response> {
    if (!item?.document) return new Response(null, { status: 404 });
    return respondWithDocument(hub, request, item.document, cacheHeaders(metadata));
  }

  return [
    {
      method: "GET",
      path: "/sdk/flags",
      access: [SDK_KEY],
      handle: (request, { snapshot }) =>
        respondWithDocument(hub, request, snapshot.flags, cacheHeaders(snapshot.metadata)),
    },
    {
      method: "GET",
      path: "/sdk/flags/{key}",
      access: [SDK_KEY],
      handle: (request, { snapshot, params }) =>
        respondWithItem(request, snapshot.find("flags", params["key"]!), snapshot.metadata),
    },
    {
      method: "GET",
      path: "/sdk/segments/{key}",
      access: [SDK_KEY],
      handle: (request, { snapshot, params }) =>
        respondWithItem(request, snapshot.find("segments", params["key"]!), snapshot.metadata),
    },
  ];
}

function cacheHeaders({ defaultTtl }: EnvironmentMetadata): Record<string, string> {
  if (defaultTtl === 0) return {};
  return { expires: new Date(Date.now() + defaultTtl * 60_000).toUTCString(), vary: "Authorization" };
}
