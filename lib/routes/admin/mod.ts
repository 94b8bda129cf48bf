/**
 * Routes for operators: health, status, and a line for people at `/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rootRoute } from "./root_route.ts";
 *
 * const evaluationLimitsReached = new Map();
 * const dataFile = { path: "flags.tar.gz" };
 * const route = rootRoute({
 *   status: () => ({ version: "1.2.3", isClosing: false, dataFile, evaluationLimitsReached }),
 * });
 * const response = await route.handle(new Request("http://localhost/"), { params: {}, query: "" });
 * assertEquals((await response.text()).split(" ").slice(0, 2), ["Halyard", "1.2.3"]);
 * ```
 *
 * @module
 */
import type { Surface } from "../mod.ts";
import { healthRoutes } from "./health_routes.ts";
import { rootRoute } from "./root_route.ts";
import { statusRoute } from "./status_route.ts";

export { metricsRoute } from "./metrics_route.ts";

/** Health, status and `/`. */
export const ADMIN: Surface = {
  name: "admin",
  listener: "admin",
  routes: (services) => [...healthRoutes(services), statusRoute(services), rootRoute(services)],
};
