import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import { ifNoneMatch } from "@std/http";
import { computeEtag } from "../../wire/mod.ts";
import type { OpenRoute } from "../../http/mod.ts";
import api from "./page/api.js" with { type: "text" };
import app from "./page/app.js" with { type: "text" };
import connections from "./page/connections.js" with { type: "text" };
import context from "./page/context.js" with { type: "text" };
import diff from "./page/diff.js" with { type: "text" };
import early from "./page/early.js" with { type: "text" };
import environments from "./page/environments.js" with { type: "text" };
import evaluate from "./page/evaluate.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import html from "./page/index.html" with { type: "text" };
import item from "./page/item.js" with { type: "text" };
import items from "./page/items.js" with { type: "text" };
import list from "./page/list.js" with { type: "text" };
import overrides from "./page/overrides.js" with { type: "text" };
import parts from "./page/parts.js" with { type: "text" };
import provenance from "./page/provenance.js" with { type: "text" };
import route from "./page/route.js" with { type: "text" };
import sdk from "./page/sdk.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import views from "./page/views.js" with { type: "text" };
import words from "./page/words.js" with { type: "text" };

/** Scripts by their names. The packages' own files need neither a build step nor an import map: they import nothing. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "api.js": api,
  "app.js": app,
  "connections.js": connections,
  "context.js": context,
  "diff.js": diff,
  "early.js": early,
  "environments.js": environments,
  "evaluate.js": evaluate,
  "item.js": item,
  "items.js": items,
  "list.js": list,
  "overrides.js": overrides,
  "parts.js": parts,
  "provenance.js": provenance,
  "route.js": route,
  "sdk.js": sdk,
  "vendor/htm.js": htm,
  "vendor/preact.js": preact,
  "views.js": views,
  "words.js": words,
};

/**
 * Creates the routes of the explorer's page: `/explorer` and the files that it loads. They are the same for everybody and hold no
 * data; browsers keep them and ask each time whether they have changed.
 *
 * @returns The routes.
 */
export function pageRoutes(): OpenRoute[] {
  return [
    fileRoute("/explorer", "text/html", html),
    fileRoute("/explorer/icon.svg", "image/svg+xml", icon),
    fileRoute("/explorer/style.css", "text/css", style),
    ...Object.entries(SCRIPTS).map(([name, text]) => fileRoute(`/explorer/${name}`, "text/javascript", text)),
    {
      method: "GET",
      path: "/explorer/",
      handle: () => new Response(null, { status: 301, headers: { location: "../explorer" } }),
    },
  ];
}

function fileRoute(path: string, type: string, text: string): OpenRoute {
  // A strong tag: nothing here is compressed.
  const etag = computeEtag(text).replace("W/", "");
  const headers = { etag, "cache-control": "no-cache" };
  const length = new TextEncoder().encode(text).length;
  const ofContent = { ...headers, "content-type": `${type}; charset=utf-8`, "content-length": `${length}` };
  return {
    method: "GET",
    path,
    handle(request) {
      if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
        return new Response(null, { status: 304, headers });
      }
      return new Response(request.method === "HEAD" ? null : text, { headers: ofContent });
    },
  };
}
