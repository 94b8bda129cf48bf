import type {
  Counter,
  Gauge,
  Histogram,
  HistogramOptions,
  Meter,
  Metric,
  MetricOptions,
} from "../lib/observe/mod.ts";

type Labels = [name: string, value: string][];

/** A meter that records in memory and is strict: about names taken twice, numbers of labels, and counters that fall. */
export class RecordingMeter implements Meter {
  readonly #series = new Map<string, number>();
  readonly #names = new Set<string>();

  /** Every series as Prometheus writes it, and its value, in the order in which they were made. */
  get series(): Record<string, number> {
    return Object.fromEntries(this.#series);
  }

  /** The series that are not 0. */
  get counted(): Record<string, number> {
    return Object.fromEntries([...this.#series].filter(([, value]) => value !== 0));
  }

  counter(name: string, options: MetricOptions): Metric<Counter> {
    return this.#register(name, options, (labels) => {
      const add = this.#open(name, labels);
      return {
        add(amount = 1) {
          if (amount < 0) throw new RangeError(`Counter "${name}" cannot fall by ${-amount}`);
          add(amount);
        },
      };
    });
  }

  gauge(name: string, options: MetricOptions): Metric<Gauge> {
    return this.#register(name, options, (labels) => {
      const add = this.#open(name, labels);
      return { set: (value) => void this.#series.set(format(name, labels), value), add };
    });
  }

  histogram(name: string, { bounds, ...options }: HistogramOptions): Metric<Histogram> {
    return this.#register(name, options, (labels) => {
      const buckets = [...bounds, Infinity].map((bound) => {
        const le = bound === Infinity ? "+Inf" : `${bound}`;
        return { bound, add: this.#open(`${name}_bucket`, [...labels, ["le", le]]) };
      });
      const sum = this.#open(`${name}_sum`, labels);
      const count = this.#open(`${name}_count`, labels);
      return {
        record(value) {
          for (const { bound, add } of buckets) if (value <= bound) add(1);
          sum(value);
          count(1);
        },
      };
    });
  }

  /** Makes a series with 0, unless it is there, and returns what adds to it. */
  #open(name: string, labels: Labels): (amount: number) => void {
    const id = format(name, labels);
    const add = (amount: number): void => void this.#series.set(id, (this.#series.get(id) ?? 0) + amount);
    add(0);
    return add;
  }

  #register<Series>(
    name: string,
    { labels = [] }: MetricOptions,
    open: (labels: Labels) => Series,
  ): Metric<Series> {
    if (this.#names.has(name)) throw new TypeError(`Metric "${name}" is registered twice`);
    this.#names.add(name);
    return {
      with(...values) {
        if (values.length !== labels.length) {
          throw new TypeError(`"${name}" has the labels [${labels}], not [${values}]`);
        }
        return open(labels.map((label, i) => [label, values[i]!]));
      },
    };
  }
}

function format(name: string, labels: Labels): string {
  const list = labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",");
  return name + (list && `{${list}}`);
}
