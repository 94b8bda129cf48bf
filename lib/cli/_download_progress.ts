import type { Progress } from "../pull/mod.ts";
import type { Terminal } from "./terminal.ts";

/** Interval of the line that is redrawn on a terminal: ms. */
const REDRAW_INTERVAL = 100;

/** Interval of lines where there is no terminal: ms. Short downloads have none. */
const LINE_INTERVAL = 5_000;

/** Width of the bar: columns. */
const BAR_WIDTH = 20;

/** Goes to the beginning of the line and erases it (ECMA-48, "Erase in Line"). */
const CLEAR_LINE = "\r\x1b[K";

const ENCODER = new TextEncoder();

/** Progress of a download, on standard error: one line that is redrawn, or where there is no terminal a line now and then. */
export class DownloadProgress {
  readonly #terminal: Terminal;
  readonly #uptime: () => number;
  #start: number | undefined;
  #last = 0;
  #written: Promise<unknown> = Promise.resolve();

  /**
   * Creates it. Nothing is shown yet.
   *
   * @param terminal Where to.
   * @param uptime Returns a monotonic time: ms.
   */
  constructor(terminal: Terminal, uptime: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#uptime = uptime;
  }

  /**
   * Shows how far it is, if it has not been shown just now.
   *
   * @param progress How far it is.
   */
  show(progress: Progress): void {
    const { errorColumns } = this.#terminal;
    const now = this.#uptime();
    this.#start ??= this.#last = now;
    if (now - this.#last < (errorColumns === undefined ? LINE_INTERVAL : REDRAW_INTERVAL)) return;
    this.#last = now;
    const text = formatProgress(progress, now - this.#start);
    this.#write(errorColumns === undefined ? `${text}\n` : CLEAR_LINE + text.slice(0, errorColumns - 1));
  }

  /** Clears the line, for others to be printed and for another download. */
  async clear(): Promise<void> {
    this.#start = undefined;
    if (this.#terminal.errorColumns !== undefined) this.#write(CLEAR_LINE);
    await this.#written;
  }

  #write(text: string): void {
    const bytes = ENCODER.encode(text);
    this.#written = this.#written.then(() => this.#terminal.stderr.write(bytes)).catch(() => {});
  }
}

/**
 * Formats the progress of a download.
 *
 * @param progress How far it is.
 * @param elapsed Time since it began: ms.
 * @returns A line of at most 80 columns.
 */
export function formatProgress({ length, total }: Progress, elapsed: number): string {
  const rate = `${formatSize(length / Math.max(elapsed, 1) * 1_000)}/s`;
  if (!total) return `${formatSize(length)}  ${rate}`;
  const share = Math.min(length / total, 1);
  const bar = "#".repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".");
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `${percent} [${bar}] ${formatSize(length)} of ${formatSize(total)}  ${rate}`;
}

function formatSize(bytes: number): string {
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
