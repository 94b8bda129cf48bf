/**
 * Routes that accept analytics and diagnostic events.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { eventRoutes } from "./event_routes.ts";
 *
 * const [bulk] = eventRoutes(10_000_000);
 * assertEquals([bulk!.method, bulk!.path, bulk!.access[0]!.kind], ["POST", "/bulk", "sdk"]);
 * ```
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { eventRoutes } from "./event_routes.ts";

/** Routes for events, and for everything else that browsers request from the events service. */
export const EVENTS: Surface = {
  name: "events",
  routes: ({ settings }) => eventRoutes(settings.maxInboundPayloadSize),
};
