/**
 * Routes that accept analytics and diagnostic events.
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { eventRoutes } from "./event_routes.ts";

/** Routes for events, and for what else browsers request from the events service. */
export const EVENTS: Surface = {
  name: "events",
  listener: "public",
  routes: ({ settings }) => eventRoutes(settings.maxInboundPayloadSize),
};
