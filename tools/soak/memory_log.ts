import { readMemory } from "../../bench/_memory.ts";
import type { SoakRelay } from "./relays.ts";
import { fitLine } from "./statistics.ts";

/** Memory of the relays over time. */
export class MemoryLog {
  readonly #relays: SoakRelay[];
  readonly #begin = Date.now();
  readonly #points = new Map<string, [hours: number, megabytes: number][]>();
  readonly #peaks = new Map<string, number>();

  /** Looks at nothing yet. */
  constructor(relays: SoakRelay[]) {
    this.#relays = relays;
    for (const { name } of relays) this.#points.set(name, []);
  }

  /** Looks at the memory of each relay that runs. */
  async look(): Promise<void> {
    for (const { name, process: { pid } } of this.#relays) {
      try {
        const megabytes = await readMemory(pid, "VmRSS");
        this.#points.get(name)!.push([(Date.now() - this.#begin) / 3_600_000, megabytes]);
        this.#peaks.set(name, await readMemory(pid, "VmHWM"));
      } catch {
        // It has ended, which is noticed elsewhere.
      }
    }
  }

  /** A row of what each relay has now. */
  describeNow(): Record<string, string> {
    return Object.fromEntries(
      [...this.#points].map(([name, points]) => [`${name}, MB`, (points.at(-1)?.[1] ?? 0).toFixed(0)]),
    );
  }

  /** A row for each relay: its memory at the end and at most, and how it rose over the second half. */
  describe(): Record<string, string>[] {
    return [...this.#points].map(([relay, points]) => {
      const { slope, deviation } = fitLine(points.slice(points.length / 2));
      return {
        relay,
        "RSS at the end, MB": (points.at(-1)?.[1] ?? 0).toFixed(1),
        "at most, MB": (this.#peaks.get(relay) ?? 0).toFixed(1),
        "slope, MB/hour": format(slope),
        "deviation, MB": format(deviation),
      };
    });
  }
}

/** A line needs two points: without, there is no number. */
function format(number: number): string {
  return Number.isFinite(number) ? number.toFixed(1) : "–";
}
