import { setImmediate } from "node:timers";
import { hash } from "node:crypto";
import type { Clock } from "../../lib/source/mod.ts";
import type { Random } from "./random.ts";

/** Time at which every simulation begins: ms since epoch. */
const EPOCH = Date.UTC(2026, 0, 1);

/** Rounds of the real event loop without any activity after which the relay is taken to wait for time to pass. */
const QUIET_ROUNDS = 2;

/** Microtasks within which a timer that repeats shows that it does something. */
const QUIET_TURNS = 5;

/** Work on a machine: the share of looks at the clock between which it has taken time, and the most that it takes then: ms. */
const SPEEDS = [
  ...Array(3).fill({ busyShare: 0.02, maxWork: 10 }),
  // So slow that files change while clients are brought up to date.
  { busyShare: 0.5, maxWork: 30 },
];

interface Timer {
  at: number;
  /** Order among those due at one moment: random, as with real timers of several origins. */
  order: number;
  run: () => void;
  every?: number;
}

/**
 * Time, timers, chance and digests of a simulated machine.
 *
 * The relay runs on the real event loop, whose order is fixed but for what threads do: `setImmediate`, microtasks and Deno's zlib
 * take the same turns each time. Time moves only between such turns, when none of them has done anything for a while, and when work
 * looks how long it takes. SHA-256, which comes from a pool of threads, is computed at once.
 */
export class Machine implements Clock {
  /** Counted up by whatever the relay does to the outside; while it rises, no timer is waited for. */
  activity = 0;
  /** Called in each turn of the event loop. */
  onTurn: () => void = () => {};
  /** Its chance. */
  readonly random: Random;
  readonly #timers = new Map<number, Timer>();
  #uptime = 0;
  #jumps = 0;
  #lastTimer = 0;
  readonly #speed: { busyShare: number; maxWork: number };
  #isFrozen = false;

  /**
   * Creates a machine that has just started.
   *
   * @param random Its chance.
   */
  constructor(random: Random) {
    this.random = random;
    this.#speed = random.pick(SPEEDS);
  }

  /** See {@linkcode Clock}. */
  now(): number {
    return EPOCH + this.#uptime + this.#jumps;
  }

  /** See {@linkcode Clock}. */
  uptime(): number {
    return this.#uptime;
  }

  /** Returns the same to work that measures how long it takes: now and then it has taken time. */
  measure(): number {
    if (this.#isFrozen) return this.#uptime;
    // Whoever looks may wait for its turn next.
    this.activity++;
    const { busyShare, maxWork } = this.#speed;
    if (this.random.chance(busyShare)) this.#uptime += this.random.integer(1, maxWork);
    return this.#uptime;
  }

  /** Calls a function while the time stands still. */
  freeze<T>(call: () => T): T {
    this.#isFrozen = true;
    try {
      return call();
    } finally {
      this.#isFrozen = false;
    }
  }

  /** See {@linkcode Clock}. */
  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const id = this.setTimer(resolve, ms);
    signal.addEventListener("abort", () => {
      this.clearTimer(id);
      resolve();
    }, { once: true });
    return promise;
  }

  /** Sets the system time forward or back. */
  jump(ms: number): void {
    this.#jumps += ms;
  }

  /** Number of timers that wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Sets a timer, which may repeat. Returns its ID. Without a delay it does not wait: it lets others run before. */
  setTimer(run: () => void, ms = 0, repeats = false): number {
    this.activity++;
    const delay = Math.max(Math.trunc(ms), repeats ? 1 : 0);
    const timer = { at: this.#uptime + delay, order: this.random.next(), run };
    this.#timers.set(++this.#lastTimer, repeats ? { ...timer, every: delay } : timer);
    return this.#lastTimer;
  }

  /** Clears a timer, if there is one. */
  clearTimer(id: number | undefined): void {
    if (id !== undefined) this.#timers.delete(id);
  }

  /** Forgets all that wait: their process is gone. */
  clearTimers(): void {
    this.#timers.clear();
  }

  /** Lets the relay do all that it can without waiting. Timers that become due because work takes time run in between. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_ROUNDS; quiet++) {
      const before = this.activity;
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.onTurn();
      const due = this.#next(this.#uptime);
      if (due) this.#run(due);
      if (due || this.activity !== before) quiet = -1;
    }
  }

  /** Lets time pass: ms. Timers run one by one, and the relay does what each of them starts. */
  async advance(ms: number, onPause: () => Promise<void>): Promise<void> {
    await onPause();
    const end = this.#uptime + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const before = this.activity;
      this.#run(next);
      if (next[1].every !== undefined && await this.#isIdle(before)) continue;
      await onPause();
    }
    this.#uptime = Math.max(this.#uptime, end);
    await onPause();
  }

  #run([id, timer]: [number, Timer]): void {
    this.#uptime = Math.max(this.#uptime, timer.at);
    if (timer.every === undefined) {
      this.#timers.delete(id);
      timer.run();
    } else {
      timer.at += timer.every;
      // Most of them look around and find nothing to do.
      this.freeze(timer.run);
    }
  }

  /** Reports whether nothing has come of a timer that repeats. */
  async #isIdle(before: number): Promise<boolean> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await undefined;
    return this.activity === before;
  }

  #next(end: number): [number, Timer] | undefined {
    let next: [number, Timer] | undefined;
    for (const entry of this.#timers) {
      const [, { at, order }] = entry;
      if (at > end) continue;
      if (!next || at < next[1].at || (at === next[1].at && order < next[1].order)) next = entry;
    }
    return next;
  }
}

/**
 * Puts the machine in the place of this process's own time and chance, for good: only for a process that does nothing else.
 *
 * @param current Returns the machine of the simulation that runs.
 */
export function replaceGlobals(current: () => Machine): void {
  const set = (repeats: boolean) => (run: () => void, ms?: number): number =>
    current().setTimer(run, ms, repeats);
  const clear = (id?: number): void => current().clearTimer(id);
  Object.assign(globalThis, {
    setTimeout: set(false),
    setInterval: set(true),
    clearTimeout: clear,
    clearInterval: clear,
  });
  Date.now = () => current().now();
  performance.now = () => current().measure();
  Math.random = () => current().random.next();
  crypto.subtle.digest = (_algorithm, data) =>
    Promise.resolve(new Uint8Array(hash("sha256", data as Uint8Array, "buffer")).buffer);
}
