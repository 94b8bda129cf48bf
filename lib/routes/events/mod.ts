/**
 * Routes of the family `events`.
 *
 * @module
 */
export * from "./event_routes.ts";
