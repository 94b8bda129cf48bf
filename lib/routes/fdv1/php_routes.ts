import { eTag } from "@std/http";
import type { EnvironmentMetadata, Flag, Item, Segment } from "../../model/mod.ts";
import { compress, createPause } from "../../wire/mod.ts";
import type { Hub } from "../../delivery/mod.ts";
import { type Document, type EnvironmentRoute, respondWithDocument, SDK_KEY } from "../../http/mod.ts";

type AnyItem = Item<Flag> | Item<Segment>;

/**
 * Polling routes of the PHP SDK: `/sdk/flags`, `/sdk/flags/{key}`, `/sdk/segments/{key}`. Where the environment sets a
 * time to live, answers may be cached that long (`Expires`), as with the Relay Proxy.
 *
 * @param hub Sends large documents when there is room for them.
 * @returns The routes.
 */
export function phpRoutes(hub: Hub): EnvironmentRoute[] {
  // A single item is prepared when it is first asked for; an item that a reload replaces is forgotten with its document.
  const documents = new WeakMap<AnyItem, Promise<Document>>();

  function getDocument(item: AnyItem): Promise<Document> {
    let document = documents.get(item);
    if (!document) documents.set(item, document = prepareDocument(item.text));
    return document;
  }

  async function respondWithItem(
    request: Request,
    item: AnyItem | undefined,
    metadata: EnvironmentMetadata,
  ): Promise<Response> {
    if (!item || item.value.deleted === true) return new Response(null, { status: 404 });
    return respondWithDocument(hub, request, await getDocument(item), cacheHeaders(metadata));
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
        respondWithItem(request, snapshot.data.flags.get(params["key"]!), snapshot.metadata),
    },
    {
      method: "GET",
      path: "/sdk/segments/{key}",
      access: [SDK_KEY],
      handle: (request, { snapshot, params }) =>
        respondWithItem(request, snapshot.data.segments.get(params["key"]!), snapshot.metadata),
    },
  ];
}

async function prepareDocument(text: string): Promise<Document> {
  const body = new TextEncoder().encode(text);
  const gzip = await compress(body, createPause());
  return { body, gzip: () => Promise.resolve(gzip), etag: await eTag(body, { weak: true }) };
}

function cacheHeaders({ defaultTtl }: EnvironmentMetadata): Record<string, string> {
  if (defaultTtl === 0) return {};
  return { expires: new Date(Date.now() + defaultTtl * 60_000).toUTCString(), vary: "Authorization" };
}
