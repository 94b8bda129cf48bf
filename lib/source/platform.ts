import { setTimeout } from "node:timers/promises";

/** Clock of a source. */
export interface Clock {
  /** Returns the time: ms since epoch. */
  now(): number;
  /** Returns a monotonic time: ms since some moment. Unlike `now` it does not jump when the system time is set. */
  uptime(): number;
  /** Waits for that many ms, or until the signal aborts; resolves either way. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The calls a source makes to the file system: those of `Deno`. */
export type FileSystem = Pick<typeof Deno, "stat" | "open" | "watchFs">;

/** Longest delay of a timer, in ms (WHATWG HTML, timers: a signed 32-bit integer): a longer one would end at once. @limit as MAX_TIMER_MS in lib/config/_to_settings.ts */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const MACHINE_CLOCK: Clock = {
  now: Date.now,
  uptime: () => performance.now(),
  async sleep(ms, signal) {
    await setTimeout(Math.min(ms, MAX_TIMER_MS), undefined, { signal }).catch(() => {}); // rejects only when aborted
  },
};
