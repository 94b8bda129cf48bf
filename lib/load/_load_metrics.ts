import type { Counter, Histogram, Meter } from "../observe/mod.ts";

/** Upper bounds of the durations of loads: s. A small archive takes some ms, one of 20,000 flags some seconds. */
const BOUNDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts loads, the first one included, and records how long they take. */
export class LoadMetrics {
  readonly #results: Record<"ok" | "failed", Counter>;
  readonly #seconds: Histogram;

  /**
   * Registers the metrics.
   *
   * @param meter Where.
   */
  constructor(meter: Meter) {
    const loads = meter.counter("halyard_reloads_total", {
      help: "Loads of an archive, the first one included, by result",
      labels: ["result"],
    });
    this.#results = { ok: loads.with("ok"), failed: loads.with("failed") };
    this.#seconds = meter.histogram("halyard_reload_duration_seconds", {
      help: "Time that a load takes, from the bytes of the file until all threads serve it: s",
      bounds: BOUNDS,
    }).with();
  }

  /**
   * Measures a load.
   *
   * @param load Loads an archive.
   */
  async measure(load: () => Promise<void>): Promise<void> {
    const start = performance.now();
    let result: "ok" | "failed" = "failed";
    try {
      await load();
      result = "ok";
    } finally {
      this.#results[result].add();
      this.#seconds.record((performance.now() - start) / 1000);
    }
  }
}
