/**
 * Routes of the family `fdv1`.
 *
 * @module
 */
export * from "./client_routes.ts";
export * from "./php_routes.ts";
export * from "./server_sdk_routes.ts";
export * from "./evaluations.ts";
