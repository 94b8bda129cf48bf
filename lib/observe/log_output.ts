import { setTimeout } from "node:timers/promises";

/** Most text of the log that waits for a reader; one line alone may be longer. Some thousands of lines, and little beside a relay's data. @limit UTF-16 code units: lines are dropped and counted */
const MAX_WAITING_LENGTH = 256 * 1024;

/** Time until a sink that would have to wait is asked again: ms. */
const RETRY_DELAY = 50;

/** Destination of bytes: standard output, for example. */
export type Sink = Pick<typeof Deno.stdout, "write">;

/** Options for {@linkcode LogOutput}. */
export interface LogOutputOptions {
  /** Destination of the lines. */
  sink: Sink;
  /** Formats the line with the number of dropped lines, newline included. */
  describeDropped(count: number): string;
  /** Most text that may wait: UTF-16 code units. @default {262_144} */
  maxWaitingLength?: number;
}

interface Entry {
  text: string;
  /** Number of lines that are lost when this one is. */
  lines: number;
}

/**
 * Writes log lines in order to a sink whose reader may be slow, stalled or gone, without anybody waiting for
 * it. Lines that find no room, or that cannot be written, are dropped; a line in their place says how many.
 */
export class LogOutput {
  readonly #sink: Sink;
  readonly #describeDropped: (count: number) => string;
  readonly #maxWaitingLength: number;
  #waiting: Entry[] = [];
  /** Length of what waits and of what is being written. */
  #length = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;

  /**
   * Creates an output to which nothing has been written.
   *
   * @param options The sink and the line for dropped ones.
   */
  constructor({ sink, describeDropped, maxWaitingLength = MAX_WAITING_LENGTH }: LogOutputOptions) {
    this.#sink = sink;
    this.#describeDropped = describeDropped;
    this.#maxWaitingLength = maxWaitingLength;
  }

  /**
   * Writes a line, or drops it.
   *
   * @param line The line, newline included.
   */
  write(line: string): void {
    // Nothing is being written: the sink has failed before and may take lines again.
    if (this.#dropped > 0 && !this.#writing) this.#waiting.push(this.#takeNotice());
    const hasRoom = this.#length === 0 || this.#length + line.length <= this.#maxWaitingLength;
    if (this.#dropped > 0 || !hasRoom) {
      this.#dropped++;
    } else {
      this.#waiting.push({ text: line, lines: 1 });
      this.#length += line.length;
    }
    this.#writing ??= this.#writeWaiting();
  }

  /**
   * Waits until all lines are written.
   *
   * @param deadline How long to wait at most: ms.
   */
  async flush(deadline: number): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([
      this.#writing,
      setTimeout(deadline, undefined, { signal: waiting.signal }).catch(() => {}),
    ]);
    waiting.abort();
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const entries = this.#waiting;
      this.#waiting = [];
      const text = entries.map(({ text }) => text).join("");
      const isWritten = await writeAll(this.#sink, new TextEncoder().encode(text));
      this.#length -= text.length;
      // The notice stands where lines are missing: before those that came later, behind those that came before.
      const lost = isWritten ? 0 : entries.reduce((sum, { lines }) => sum + lines, 0);
      if (isWritten && this.#dropped > 0) this.#waiting.push(this.#takeNotice());
      else if (lost > 0 && this.#waiting.length > 0) this.#waiting.unshift(this.#noticeOf(lost));
      else this.#dropped += lost;
    }
    this.#writing = undefined;
  }

  #takeNotice(): Entry {
    const lines = this.#dropped;
    this.#dropped = 0;
    return this.#noticeOf(lines);
  }

  #noticeOf(lines: number): Entry {
    const text = this.#describeDropped(lines);
    this.#length += text.length;
    return { text, lines };
  }
}

/** Writes all bytes and reports whether it could. A reader that has gone away or a full disk must not end what is being served. */
async function writeAll(sink: Sink, bytes: Uint8Array): Promise<boolean> {
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(await sink.write(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return false;
      await setTimeout(RETRY_DELAY);
    }
  }
  return true;
}
