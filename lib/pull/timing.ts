import { setTimeout } from "node:timers/promises";

/** Time and chance of a download. */
export interface Timing {
  /** Returns the time: ms since epoch. */
  now(): number;
  /** Returns a monotonic time: ms since some moment. */
  uptime(): number;
  /** Waits for that many ms, or until the signal aborts; resolves either way. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Returns a number from 0 to 1, without 1. */
  random(): number;
  /** Longest time without a byte from the server: ms. */
  stallTimeout: number;
}

/** Longest time without a byte from the server. It makes an archive on request, which takes seconds. @limit ms: the try is over, and another is made */
const STALL_TIMEOUT_MS = 20_000;

/** Timing of this machine. */
export const MACHINE_TIMING: Timing = {
  now: Date.now,
  uptime: () => performance.now(),
  async sleep(ms, signal) {
    await setTimeout(ms, undefined, { signal }).catch(() => {}); // rejects only when aborted
  },
  random: Math.random,
  stallTimeout: STALL_TIMEOUT_MS,
};
