import type { Pause } from "../wire/mod.ts";

/** Number in line from which it is judged how long each takes. The wait of the first few is due to something else. */
const SAMPLE = 32;

/** Options for {@linkcode Admission}. */
export interface AdmissionOptions {
  /** Maximum number of works that wait for their turn or are under way. */
  max: number;
  /** Longest time that a work may be expected to wait for its turn: ms. */
  maxExpectedWait: number;
  /** Longest time that it waits: ms. */
  maxWait: number;
  /** Returns the time: ms. @default {performance.now} */
  now?: () => number;
}

/**
 * Bound on works that take turns. Past a number of them, or once it takes long for a turn to come, no more are let in; those that are
 * in go on. What is turned away has cost next to nothing, so that as much work is finished as without the excess.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #now: () => number;
  /** Number of those that wait for their first turn, or are under way. */
  #count = 0;
  /** Number of those that wait for their first turn. */
  #waiting = 0;
  /** Time that each of them takes, with what is done in between: ms; 0 as long as that is not known. */
  #interval = 0;

  /**
   * Creates a bound that lets everybody in.
   *
   * @param options Limits.
   */
  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether no more works are let in. */
  get isFull(): boolean {
    const { max, maxExpectedWait } = this.#options;
    return this.#count >= max || this.#waiting * this.#interval > maxExpectedWait;
  }

  /**
   * Waits for the first turn of a work.
   *
   * @param turn Waits for it.
   * @returns Whether it has come in time; else the work is not to be done.
   */
  async wait(turn: Pause): Promise<boolean> {
    const position = ++this.#waiting;
    const start = this.#now();
    await this.count(async () => await turn());
    this.#waiting--;
    const waited = this.#now() - start;
    if (this.#waiting === 0) this.#interval = 0;
    else if (position >= SAMPLE) this.#interval = waited / position;
    return waited <= this.#options.maxWait;
  }

  /**
   * Counts a work while it is under way; whoever starts one asks {@linkcode Admission.isFull} before, if it may be turned away.
   *
   * @param work Does it.
   * @returns What it returns.
   */
  async count<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
    }
  }
}
