import type { Log } from "../observe/mod.ts";

/** Time during which further cuts of the same kind are counted before the next log line: ms. */
const COUNT_TIME = 60_000;

interface Cuts {
  message: string;
  environment: string;
  loggedAt: number;
  count: number;
}

/** Log of the clients that are cut off: the first of a kind at once, the following ones as one number a minute. */
export class CutLog {
  readonly #log: Log;
  readonly #cuts = new Map<string, Cuts>();

  /**
   * Creates a log without cuts.
   *
   * @param log Log for the warnings.
   */
  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Records that a client has been cut off.
   *
   * @param cut The reason, and the client-side ID of the environment.
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
   * Logs the counts of the last minute, and forgets the kinds that have not happened again.
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
