/** Time without a repetition after which a problem is over: ms. The next one is news again. */
const QUIET_TIME = 60_000;

/** Time after which a problem that goes on is logged again: ms. */
const REMINDER_TIME = 60 * 60_000;

/** Most problems that are known at a time. One line of a hostile client may be as long as a stack, so some MB at worst. @limit problems: the oldest one is forgotten, and logged again if it happens again */
const MAX_PROBLEMS = 1_000;

/** A problem that has been logged. */
interface Problem {
  /** Logs it again, with the number of times that it has happened since. */
  log(repeated: number): void;
  /** Number of times that it has happened since it was last logged. */
  count: number;
  /** Time at which it was last logged: ms. */
  loggedAt: number;
  /** Time at which it last happened: ms. */
  lastAt: number;
}

/** Problems that happen again and again: each is logged when it begins, once an hour while it goes on, and when it is over. */
export class Repetitions {
  readonly #problems = new Map<string, Problem>();
  readonly #uptime: () => number;

  /**
   * Creates it without problems.
   *
   * @param uptime Clock that does not jump: ms.
   */
  constructor(uptime: () => number) {
    this.#uptime = uptime;
  }

  /**
   * Counts a problem.
   *
   * @param id What makes it the same problem.
   * @param log Logs it again, with the number of times that it has happened since.
   * @returns Whether it is to be logged now: it is not known, or was over.
   */
  note(id: string, log: Problem["log"]): boolean {
    const now = this.#uptime();
    const known = this.#problems.get(id);
    if (known && now - known.lastAt < QUIET_TIME) {
      known.count++;
      known.lastAt = now;
      return false;
    }
    if (known) this.#end(id, known);
    if (this.#problems.size >= MAX_PROBLEMS) this.#end(...this.#problems.entries().next().value!);
    this.#problems.set(id, { log, count: 0, loggedAt: now, lastAt: now });
    return true;
  }

  /**
   * Logs the numbers of problems that are over, and of those that have gone on for long.
   *
   * @param isEnd Whether nothing more will happen, so that all are over.
   */
  report(isEnd: boolean): void {
    const now = this.#uptime();
    for (const [id, problem] of this.#problems) {
      if (isEnd || now - problem.lastAt >= QUIET_TIME) {
        this.#end(id, problem);
      } else if (now - problem.loggedAt >= REMINDER_TIME) {
        problem.log(problem.count);
        Object.assign(problem, { count: 0, loggedAt: now });
      }
    }
  }

  #end(id: string, { count, log }: Problem): void {
    this.#problems.delete(id);
    if (count > 0) log(count);
  }
}
