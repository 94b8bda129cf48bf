import { MAX_FINDINGS } from "./_finding_list.ts";

/** A mistake: its first finding, and how many others it has. */
interface Repeat {
  path: string;
  problem: string;
  others: number;
}

/** Findings about elements of lists. The same mistake in several elements of one list becomes one finding. */
export class Repeats {
  readonly #repeats = new Map<string, Repeat>();

  /**
   * Adds a finding.
   *
   * @param path JSON path; what differs in the last index alone is in one list.
   * @param problem What is wrong.
   * @param mistake What is the same for findings that are one mistake. @default {the problem}
   */
  add(path: string, problem: string, mistake: string = problem): void {
    const list = `${path.slice(0, path.lastIndexOf("["))}${path.slice(path.lastIndexOf("]"))}`;
    const id = `${list} ${mistake}`;
    const repeat = this.#repeats.get(id);
    if (repeat) repeat.others++;
    else if (this.#repeats.size <= MAX_FINDINGS) this.#repeats.set(id, { path, problem, others: 0 });
  }

  /**
   * Reports the findings, each mistake once.
   *
   * @param onFinding Receiver of the path of the first and the problem.
   */
  report(onFinding: (path: string, problem: string) => void): void {
    for (const { path, problem, others } of this.#repeats.values()) {
      onFinding(path, others === 0 ? problem : `${problem}; likewise ${others} more in the list`);
    }
  }
}
