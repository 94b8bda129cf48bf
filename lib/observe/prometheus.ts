/**
 * The text format of Prometheus, version 0.0.4, written by hand: it is these few lines, where `prom-client` brings OpenTelemetry's
 * interfaces, a global registry and a digest that nobody needs, and could not add up the metrics of several threads.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 *
 * @module
 */
import type { MetricState } from "./registry.ts";

/** Media type of the format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Adds up the metrics of several threads: each series is the sum of those with the same name and labels.
 *
 * @param states Metrics of each thread. They are not changed.
 * @returns All metrics.
 */
export function sumMetrics(states: Iterable<readonly MetricState[]>): MetricState[] {
  const sums = new Map<string, MetricState>();
  for (const metrics of states) {
    for (const metric of metrics) {
      const { series } = sums.getOrInsertComputed(metric.name, () => ({ ...metric, series: new Map() }));
      for (const [labels, numbers] of metric.series) {
        const sum = series.get(labels);
        series.set(labels, numbers.map((number, i) => number + (sum?.[i] ?? 0)));
      }
    }
  }
  return [...sums.values()];
}

/**
 * Formats metrics for Prometheus.
 *
 * @param metrics The metrics, each name once.
 * @returns The text.
 */
export function formatMetrics(metrics: readonly MetricState[]): string {
  return metrics.flatMap((metric) => {
    const { name, type, help } = metric;
    const lines = [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
    ];
    for (const [labels, numbers] of metric.series) lines.push(...formatSeries(metric, labels, numbers));
    return [...lines, ""];
  }).join("\n");
}

function formatSeries({ name, type, bounds }: MetricState, labels: string, numbers: number[]): string[] {
  const own = labels && `{${labels}}`;
  if (type !== "histogram") return [`${name}${own} ${formatNumber(numbers[0]!)}`];
  let count = 0;
  const buckets = [...bounds, Infinity].map((bound, i) => {
    count += numbers[i]!;
    return `${name}_bucket{${labels && `${labels},`}le="${formatNumber(bound)}"} ${count}`;
  });
  return [
    ...buckets,
    `${name}_sum${own} ${formatNumber(numbers.at(-1)!)}`,
    `${name}_count${own} ${count}`,
  ];
}

function formatNumber(number: number): string {
  return `${number}`.replace("Infinity", "Inf").replace(/^Inf/, "+Inf");
}
