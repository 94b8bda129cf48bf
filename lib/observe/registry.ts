import type { Counter, Gauge, Histogram, HistogramOptions, Meter, Metric, MetricOptions } from "./meter.ts";

/**
 * Most series of one metric. OpenTelemetry's default: labels that clients have a say in, such as the user agent, must not fill the
 * memory here and in Prometheus.
 *
 * @limit series: further ones are counted as one, with `other` in every label
 */
const MAX_SERIES = 2_000;

/** Label value of the series beyond the limit. */
export const OVERFLOW = "other";

/** A metric and its series: plain data, which threads hand over and {@linkcode formatMetrics} writes. */
export interface MetricState {
  /** Name. */
  readonly name: string;
  /** Type, in the words of Prometheus. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Meaning. */
  readonly help: string;
  /** Upper bounds of the buckets of a histogram, ascending; empty for other types. */
  readonly bounds: readonly number[];
  /**
   * Numbers of each series by its labels as Prometheus writes them: the value or, for a histogram, the number of values in each
   * bucket, that of those above all bounds, and their sum.
   */
  readonly series: Map<string, number[]>;
}

/** The metrics of one thread, in memory. */
export class Registry implements Meter {
  readonly #metrics: MetricState[] = [];

  /** Registers a counter. See {@linkcode Meter}. */
  counter(name: string, options: MetricOptions): Metric<Counter> {
    return this.#register({ name, type: "counter", bounds: [], ...options }, (numbers) => ({
      add: (amount = 1) => void (numbers[0]! += amount),
    }));
  }

  /** Registers a gauge. See {@linkcode Meter}. */
  gauge(name: string, options: MetricOptions): Metric<Gauge> {
    return this.#register({ name, type: "gauge", bounds: [], ...options }, (numbers) => ({
      set: (value) => void (numbers[0] = value),
      add: (amount) => void (numbers[0]! += amount),
    }));
  }

  /** Registers a histogram. See {@linkcode Meter}. */
  histogram(name: string, options: HistogramOptions): Metric<Histogram> {
    const { bounds } = options;
    return this.#register({ name, type: "histogram", ...options }, (numbers) => ({
      record(value) {
        let bucket = 0;
        while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
        numbers[bucket]!++;
        numbers[bounds.length + 1]! += value;
      },
    }));
  }

  /**
   * Lists the metrics.
   *
   * @returns Their state: not a copy, so it goes on changing.
   */
  list(): readonly MetricState[] {
    return this.#metrics;
  }

  #register<Series>(
    { labels = [], ...metric }: Omit<MetricState, "series"> & MetricOptions,
    open: (numbers: number[]) => Series,
  ): Metric<Series> {
    const series: MetricState["series"] = new Map();
    this.#metrics.push({ ...metric, series });
    const length = metric.type === "histogram" ? metric.bounds.length + 2 : 1;
    function find(values: readonly string[]): number[] {
      const text = labels.map((label, i) => formatLabel(label, values[i]!)).join(",");
      const known = series.get(text);
      if (known) return known;
      if (series.size >= MAX_SERIES && values.some((value) => value !== OVERFLOW)) {
        return find(labels.map(() => OVERFLOW));
      }
      const numbers = new Array<number>(length).fill(0);
      series.set(text, numbers);
      return numbers;
    }
    return { with: (...values) => open(find(values)) };
  }
}

/**
 * Formats a label as Prometheus writes it.
 *
 * @param name Its name.
 * @param value Its value.
 * @returns The label.
 */
export function formatLabel(name: string, value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `${name}="${escaped}"`;
}

/** One label as Prometheus writes it. */
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What stands for a character in the value of a label. */
const ESCAPES: Readonly<Record<string, string>> = { n: "\n" };

/**
 * Reads the labels of a series: the inverse of {@linkcode formatLabel}.
 *
 * @param text Labels, joined by commas.
 * @returns Values by name.
 */
export function readLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.matchAll(LABEL).map(([, name, value]) => [
      name!,
      value!.replace(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character),
    ]),
  );
}
