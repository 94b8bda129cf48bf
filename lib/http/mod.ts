/**
 * From request to response: the router, the handler that joins routes, documents and streams, and the servers that listen.
 *
 * @module
 */
export * from "./body.ts";
export * from "./cors.ts";
export * from "./handler.ts";
export * from "./payload.ts";
export type { EnvironmentContext, Route, RouteContext, RouteOf } from "./router.ts";
export * from "./server.ts";
export * from "./stream_response.ts";
