import { eTag } from "@std/http";
import type { EnvironmentMetadata, Flag, Item, Segment } from "../../model/mod.ts";
import { compress, createPause } from "../../wire/mod.ts";
import type { Delivery } from "../../delivery/mod.ts";
import { type Document, type EnvironmentContext, respondWithDocument, type Route } from "../../http/mod.ts";

type AnyItem = Item<Flag> | Item<Segment>;

/**
 * Polling routes of the PHP SDK: `/sdk/flags`, `/sdk/flags/{key}`, `/sdk/segments/{key}`. Where the environment sets a
 * time to live, answers may be cached that long (`Expires`), as with the Relay Proxy.
 *
 * @param delivery Sends large documents at the pace of their readers.
 * @returns The routes.
 */
export function phpRoutes(delivery: Delivery): Route[] {
  // A single item is prepared when it is first asked for; an item that a reload replaces is forgotten with its document.
  const documents = new WeakMap<AnyItem, Promise<Document>>();

  function getDocument(item: AnyItem): Promise<Document> {
    let document = documents.get(item);
    if (!document) documents.set(item, document = prepareDocument(item.text));
    return document;
  }

  async function respondWithItem(
    request: Request,
    context: EnvironmentContext,
    item: AnyItem | undefined,
  ): Promise<Response> {
    if (!item || item.value.deleted === true) return new Response(null, { status: 404 });
    const headers = cacheHeaders(context.snapshot.metadata);
    return respondWithDocument(delivery, request, context, await getDocument(item), headers);
  }

  return [
    {
      method: "GET",
      path: "/sdk/flags",
      credential: "sdk",
      handle: (request, context) => {
        const { flags, metadata } = context.snapshot;
        return respondWithDocument(delivery, request, context, flags, cacheHeaders(metadata));
      },
    },
    {
      method: "GET",
      path: "/sdk/flags/{key}",
      credential: "sdk",
      handle: (request, context) =>
        respondWithItem(request, context, context.snapshot.data.flags.get(context.params["key"]!)),
    },
    {
      method: "GET",
      path: "/sdk/segments/{key}",
      credential: "sdk",
      handle: (request, context) =>
        respondWithItem(request, context, context.snapshot.data.segments.get(context.params["key"]!)),
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
