/**
 * From request to response: the routes, the handler that joins them, and the server that listens.
 *
 * @module
 */
export * from "./client_routes.ts";
export * from "./cors.ts";
export * from "./evaluations.ts";
export * from "./event_routes.ts";
export * from "./handler.ts";
export * from "./health_routes.ts";
export * from "./php_routes.ts";
export * from "./root_route.ts";
export type { EnvironmentContext, Route, RouteContext, RouteOf } from "./router.ts";
export * from "./server.ts";
export * from "./server_sdk_routes.ts";
export * from "./status_route.ts";
