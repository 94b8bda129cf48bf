/**
 * From request to response: routes and who may use them, the handler that joins them, documents and streams, and the servers
 * that listen.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLog } from "../observe/mod.ts";
 * import { Store } from "../store/mod.ts";
 * import { createHandler, type EnvironmentRoute, type OpenRoute, SDK_KEY } from "./mod.ts";
 *
 * const hello: OpenRoute = {
 *   method: "GET",
 *   path: "/hello/{name}",
 *   handle: (_request, { params }) => new Response(params["name"]!),
 * };
 * const id: EnvironmentRoute = {
 *   method: "GET",
 *   path: "/id",
 *   access: [SDK_KEY],
 *   handle: (_request, { environment }) => new Response(environment.id),
 * };
 * const log = createLog({ level: "none", format: "text", write() {} });
 * const handler = createHandler([hello, id], {
 *   store: new Store(),
 *   log,
 *   cors: { envAllowedOrigin: [], envAllowedHeader: [] },
 * });
 * assertEquals(await (await handler(new Request("http://localhost/hello/Ada"))).text(), "Ada");
 * assertEquals((await handler(new Request("http://localhost/id"))).status, 401);
 * ```
 *
 * @module
 */
export { nameInMetrics, NO_USER_AGENT, REQUESTS_METRIC, STREAMS_METRIC } from "./_client_metrics.ts";
export * from "./access.ts";
export * from "./address_counter.ts";
export * from "./body.ts";
export * from "./certificate.ts";
export * from "./cors.ts";
export * from "./guard.ts";
export * from "./handler.ts";
export * from "./listen_error.ts";
export * from "./payload.ts";
export * from "./refusal.ts";
export * from "./route.ts";
export * from "./server.ts";
export * from "./stream_response.ts";
export * from "./transport.ts";
export * from "./unix_socket.ts";
