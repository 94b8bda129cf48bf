/**
 * Routes for operators: health, status, metrics, and a line for people at `/`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rootRoute } from "./root_route.ts";
 *
 * const evaluationLimitsReached = new Map();
 * const dataFile = { path: "flags.tar.gz" };
 * const trust = { mode: "off" } as const;
 * const route = rootRoute({
 *   status: () => ({ version: "1.2.3", isClosing: false, dataFile, trust, evaluationLimitsReached }),
 * });
 * const response = await route.handle(new Request("http://localhost/"), { params: {}, query: "" });
 * assertEquals((await response.text()).split(" ").slice(0, 2), ["Halyard", "1.2.3"]);
 * ```
 *
 * @module
 */
import type { OpenRoute } from "../../http/mod.ts";
import type { MetricState } from "../../observe/mod.ts";
import type { Services, Surface } from "../mod.ts";
import { healthRoutes } from "./health_routes.ts";
import { metricsRoute } from "./metrics_route.ts";
import { rootRoute } from "./root_route.ts";
import { briefStatusRoute, statusRoutes } from "./status_routes.ts";

export { metricsRoute } from "./metrics_route.ts";
export { describeRelay } from "./status.ts";

/** Health, status and `/` for whoever reaches the relay. The status is in detail only where operators have no listener of their own. */
export const ADMIN: Surface = {
  name: "admin",
  routes: (services) => [
    ...healthRoutes(services),
    ...services.settings.admin ? [briefStatusRoute(services)] : statusRoutes(services),
    rootRoute(services),
  ],
};

/** Services that the routes of the admin listener use. */
export interface AdminServices extends Pick<Services, "store" | "status"> {
  /** Returns all metrics at this moment, each name once. */
  collectMetrics(): Promise<readonly MetricState[]>;
}

/**
 * Creates the routes of the listener that only operators reach: health, the status in detail, and metrics.
 *
 * @param services The store, the relay's status, and its metrics.
 * @returns The routes.
 */
export function adminRoutes(services: AdminServices): OpenRoute[] {
  return [
    ...healthRoutes(services),
    ...statusRoutes(services),
    metricsRoute(services.collectMetrics),
    rootRoute(services),
  ];
}
