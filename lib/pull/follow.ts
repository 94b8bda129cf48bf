import { pull, type Pulled } from "./pull.ts";
import type { PullOptions } from "./pull_options.ts";
import { MACHINE_TIMING } from "./timing.ts";

/** Longest interval after failures, in times of the usual one. A server that is back is seen soon enough, and is not overrun. @limit intervals: it grows no further */
const MAX_BACKOFF = 10;

/** How far an interval may be from the usual one: a fleet that starts together does not ask together. */
const JITTER = 0.1;

/** Options for {@linkcode follow}. */
export interface FollowOptions extends PullOptions {
  /** Interval of downloads: ms. */
  interval: number;
  /**
   * Called after each download.
   *
   * @param pulled What came of it.
   */
  onPulled(pulled: Pulled): void | Promise<void>;
  /**
   * Called when one failed.
   *
   * @param error Why.
   */
  onFailed(error: Error): void | Promise<void>;
}

/**
 * Downloads an archive whenever it has changed, until the signal aborts.
 *
 * @param options Where from, where to, and how often.
 */
export async function follow(options: FollowOptions): Promise<void> {
  const { signal, interval, timing = MACHINE_TIMING } = options;
  let backoff = 1;
  while (!signal.aborted) {
    try {
      await options.onPulled(await pull({ ...options, ifChanged: true }));
      backoff = 1;
    } catch (error) {
      if (signal.aborted) return;
      await options.onFailed(error as Error);
      backoff = Math.min(backoff * 2, MAX_BACKOFF);
    }
    await timing.sleep(interval * backoff * (1 - JITTER + 2 * JITTER * timing.random()), signal);
  }
}
