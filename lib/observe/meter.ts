/** Description of a metric. */
export interface MetricOptions {
  /** Meaning of its value, in one sentence without a period. */
  help: string;
  /** Names of its labels. @default {none, so it has one series} */
  labels?: readonly string[];
}

/** A metric: one series for each combination of label values. */
export interface Metric<Series> {
  /**
   * Finds or makes a series, which from then on exists with 0. Call it once and keep what it returns: it costs a look-up.
   *
   * @param values One value for each label, in their order, out of a bounded set: never text that a client sends.
   * @returns The series.
   */
  with(...values: string[]): Series;
}

/** A number that only grows. */
export interface Counter {
  /** Adds an amount that is not negative, 1 if none is given. */
  add(amount?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the number. */
  set(value: number): void;
  /** Adds an amount, which may be negative. */
  add(amount: number): void;
}

/** A distribution: how many values were at most as large as each bound. */
export interface Histogram {
  /** Adds a value. */
  record(value: number): void;
}

/** Description of a histogram. */
export interface HistogramOptions extends MetricOptions {
  /** Upper bounds of its buckets, ascending, in the unit of the metric. */
  bounds: readonly number[];
}

/**
 * A registry of metrics. Handed in, never imported as a global. Names and units are Prometheus's: `halyard_reloads_total`,
 * `halyard_reload_duration_seconds`.
 */
export interface Meter {
  /** Registers a counter. */
  counter(name: string, options: MetricOptions): Metric<Counter>;
  /** Registers a gauge. */
  gauge(name: string, options: MetricOptions): Metric<Gauge>;
  /** Registers a histogram. */
  histogram(name: string, options: HistogramOptions): Metric<Histogram>;
}

/** A meter that records nothing. */
export const NO_METER: Meter = {
  counter: () => ({ with: () => ({ add() {} }) }),
  gauge: () => ({ with: () => ({ set() {}, add() {} }) }),
  histogram: () => ({ with: () => ({ record() {} }) }),
};
