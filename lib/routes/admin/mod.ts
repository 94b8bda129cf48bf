/**
 * Routes of the family `admin`.
 *
 * @module
 */
export * from "./health_routes.ts";
export * from "./root_route.ts";
export * from "./status_route.ts";
