/**
 * From request to response: routes and who may use them, the handler that joins them, documents and streams, and the servers
 * that listen.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLog } from "../observe/mod.ts";
 * import { Store } from "../store/mod.ts";
 * import { createHandler, type Route, SDK_KEY } from "./mod.ts";
 *
 * const routes: Route[] = [
 *   { method: "GET", path: "/hello/{name}", handle: (_, { params }) => new Response(params["name"]!) },
 *   { method: "GET", path: "/name", access: [SDK_KEY], handle: (_, { environment }) => new Response(environment.id) },
 * ];
 * const log = createLog({ level: "none", format: "text", write() {} });
 * const handler = createHandler(routes, {
 *   store: new Store(),
 *   log,
 *   cors: { envAllowedOrigin: [], envAllowedHeader: [] },
 * });
 * assertEquals(await (await handler(new Request("http://localhost/hello/Ada"))).text(), "Ada");
 * assertEquals((await handler(new Request("http://localhost/name"))).status, 401);
 * ```
 *
 * @module
 */
export * from "./access.ts";
export * from "./body.ts";
export * from "./cors.ts";
export * from "./handler.ts";
export * from "./payload.ts";
export * from "./refusal.ts";
export * from "./route.ts";
export * from "./server.ts";
export * from "./stream_response.ts";
export * from "./transport.ts";
