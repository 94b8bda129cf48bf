/**
 * Routes for whoever runs the relay: health, status, and a line for people at `/`.
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { healthRoutes } from "./health_routes.ts";
import { rootRoute } from "./root_route.ts";
import { statusRoute } from "./status_route.ts";

/** Health, status and `/`. */
export const ADMIN: Surface = {
  name: "admin",
  listener: "admin",
  routes: (services) => [...healthRoutes(services), statusRoute(services), rootRoute(services)],
};
