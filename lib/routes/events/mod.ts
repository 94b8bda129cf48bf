/**
 * Routes that accept analytics and diagnostic events.
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { eventRoutes } from "./event_routes.ts";

/** Where SDKs post events, and what else browsers ask of the events service. */
export const EVENTS: Surface = {
  name: "events",
  listener: "public",
  routes: ({ settings }) => eventRoutes(settings.maxInboundPayloadSize),
};
