import type { Meter } from "./meter.ts";

/** Time between two measurements: ms. */
const INTERVAL = 250;

/** Upper bounds of the delays: s. Nothing here keeps the loop busy for more than 20 ms in one go. */
const BOUNDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Records how late timers fire in this thread: the delay of whatever waits for its turn.
 *
 * @param meter Where.
 * @returns Stops it.
 */
export function recordLoopDelay(meter: Meter): () => void {
  const delays = meter.histogram("halyard_loop_delay_seconds", {
    help: "Delay of a timer, and so of whatever waits for its turn in a thread: s",
    bounds: BOUNDS,
  }).with();
  let due = performance.now() + INTERVAL;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.record(Math.max(0, now - due) / 1000);
    due = now + INTERVAL;
  }, INTERVAL);
  return () => clearInterval(timer);
}
