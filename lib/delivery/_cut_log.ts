import type { Log } from "../observe/mod.ts";

/** How long further cuts of the same kind are counted before there is another line: ms. */
const COUNT_TIME = 60_000;

interface Cuts {
  message: string;
  environment: string;
  loggedAt: number;
  count: number;
}

/** Logs who is cut off: the first of a kind at once, those that follow as one number a minute. */
export class CutLog {
  readonly #log: Log;
  readonly #cuts = new Map<string, Cuts>();

  /**
   * Makes it; nobody has been cut off yet.
   *
   * @param log Takes the warnings.
   */
  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Notes that somebody has been cut off.
   *
   * @param cut Why, and the client-side ID of the environment.
   */
  note({ message, environment }: Pick<Cuts, "message" | "environment">): void {
    const id = `${message}\0${environment}`;
    const cuts = this.#cuts.get(id);
    if (cuts) {
      cuts.count++;
    } else {
      this.#cuts.set(id, { message, environment, loggedAt: performance.now(), count: 0 });
      this.#log.warn(message, { environment });
    }
  }

  /**
   * Logs what has been counted for a minute, and forgets what has not happened again.
   *
   * @param now The time: `performance.now`.
   */
  flush(now: number): void {
    for (const [id, cuts] of this.#cuts) {
      if (now - cuts.loggedAt < COUNT_TIME) continue;
      const { message, environment, count } = cuts;
      if (count === 0) {
        this.#cuts.delete(id);
      } else {
        this.#log.warn(message, { environment, count });
        Object.assign(cuts, { loggedAt: now, count: 0 });
      }
    }
  }
}
