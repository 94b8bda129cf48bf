import type { OpenRoute } from "../../http/mod.ts";
import { formatMetrics, METRICS_TYPE, type MetricState } from "../../observe/mod.ts";

/**
 * Creates the route of the metrics, for Prometheus.
 *
 * @param collect Returns all metrics at this moment, each name once.
 * @returns The route.
 */
export function metricsRoute(collect: () => Promise<readonly MetricState[]>): OpenRoute {
  return {
    method: "GET",
    path: "/metrics",
    handle: async () =>
      new Response(formatMetrics(await collect()), {
        headers: { "content-type": METRICS_TYPE, "cache-control": "no-store" },
      }),
  };
}
