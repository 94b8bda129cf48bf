import { dirname } from "node:path";
import type { Log } from "../observe/mod.ts";
import { isSame, type ReadOptions, readSettled, statFile } from "./_read_settled.ts";
import { type Clock, type FileSystem, MACHINE_CLOCK } from "./platform.ts";
import { SourceError } from "./source_error.ts";

/** A data file at one moment. */
export interface FileContent {
  /** All of the file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `bytes`: lower-case hex. */
  digest: string;
}

/** What a `FileSource` needs. */
export interface FileSourceOptions {
  /** Path of the file. Links are followed, anew each time. */
  path: string;
  /** Time between two looks at the file, in ms. Where its directory can be watched, changes are noticed sooner. */
  interval: number;
  /** Largest file that is read: bytes. */
  maxBytes: number;
  /** Is told what hinders reading. */
  log: Log;
  /** Takes each new content, good or bad, one after the other; called once per content. What it throws is logged. */
  onContent(content: FileContent): Promise<void> | void;
  /** The file system. @default {Deno} */
  fs?: FileSystem;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** How long events of the watched directory gather before the file is looked at, in ms: a busy neighbour costs 20 stats a second. */
const DEBOUNCE_MS = 50;

/**
 * How long a file can change without looking different, in ms: Deno gives `ctime` in whole seconds, FAT keeps `mtime` in
 * steps of two. A file is read once more after that time.
 */
const TIMESTAMP_STEP_MS = 2000;

/** Follows one file: notices when it has changed, waits until it is written in full, hands over its bytes. */
export class FileSource {
  readonly #options: FileSourceOptions;
  readonly #read: ReadOptions;
  readonly #closing = new AbortController();
  /** Aborted to look at the file before the interval is over. */
  #nap = new AbortController();
  #watcher: Deno.FsWatcher | undefined;
  /** What `close` has to wait for. */
  #tasks: Promise<void>[] = [];
  /** The last check that was asked for: they run one after the other. */
  #checked: Promise<void> = Promise.resolve();
  /** What the file looked like when it was last read. */
  #info: Deno.FileInfo | undefined;
  /** When a file that still looks like that is read again: ms since epoch. */
  #recheckAt = Infinity;
  #digest: string | undefined;
  #problem: { message: string; time: number } | undefined;

  /**
   * Makes a source that touches nothing yet.
   *
   * @param options Which file, and who takes its content.
   */
  constructor(options: FileSourceOptions) {
    const { path, maxBytes, fs = Deno, clock = MACHINE_CLOCK } = options;
    this.#options = options;
    this.#read = { path, maxBytes, fs, clock, signal: this.#closing.signal };
  }

  /** Why the file cannot be read at present and since when (ms since epoch), or `undefined` when it can. */
  get lastError(): { message: string; time: number } | undefined {
    return this.#problem;
  }

  /**
   * Reads the file for the first time. That content counts as handed over.
   *
   * @returns Its content.
   * @throws {SourceError} When it cannot be read.
   */
  async read(): Promise<FileContent> {
    const content = await this.#readContent();
    this.#digest = content.digest;
    return content;
  }

  /** Begins to follow the file. */
  start(): void {
    this.#watch();
    this.#tasks.push(this.#follow());
  }

  /**
   * Reads the file now, whether or not it looks changed.
   *
   * @returns When a new content, if there is one, has been taken.
   */
  refresh(): Promise<void> {
    return this.#check(true);
  }

  /** Stops following. Resolves when nothing runs any more, a running `onContent` included. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#nap.abort();
    this.#watcher?.close();
    await Promise.all([...this.#tasks, this.#checked]);
  }

  #watch(): void {
    const { path, interval, log } = this.#options;
    try {
      this.#watcher = this.#read.fs.watchFs(dirname(path), { recursive: false });
      this.#tasks.push(this.#listen(this.#watcher));
      log.info(
        `Monitoring data file "${path}" for changes: watching its directory, and every ${interval} ms`,
      );
    } catch (error) {
      log.info(`Monitoring data file "${path}" for changes: every ${interval} ms only (${messageOf(error)})`);
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    const { interval, log } = this.#options;
    try {
      // Any event counts: where Kubernetes swaps a directory link, none names the file.
      for await (const _ of watcher) this.#nap.abort();
    } catch (error) {
      log.info(`Watching ended, data file is looked at every ${interval} ms: ${messageOf(error)}`);
    }
  }

  async #follow(): Promise<void> {
    const { clock, signal } = this.#read;
    while (!signal.aborted) {
      await this.#check(false);
      await clock.sleep(this.#options.interval, this.#nap.signal);
      if (this.#nap.signal.aborted) await clock.sleep(DEBOUNCE_MS, signal);
      this.#nap = new AbortController();
    }
  }

  #check(force: boolean): Promise<void> {
    return this.#checked = this.#checked.then(() => this.#deliver(force));
  }

  async #deliver(force: boolean): Promise<void> {
    const { path, log, onContent } = this.#options;
    let content: FileContent | undefined;
    try {
      if (force || await this.#looksChanged()) content = await this.#readContent();
    } catch (error) {
      return this.#report(error);
    }
    if (this.#problem) log.info(`Data file "${path}" can be read again`);
    this.#problem = undefined;
    if (!content) return;
    if (content.digest === this.#digest) {
      return log[force ? "info" : "debug"](`Data file "${path}" has the same content as before`);
    }
    this.#digest = content.digest;
    try {
      await onContent(content);
    } catch (error) {
      log.error(`Cannot use data file "${path}": ${messageOf(error)}`);
    }
  }

  async #looksChanged(): Promise<boolean> {
    const info = await statFile(this.#read);
    return !this.#info || !isSame(this.#info, info) || this.#read.clock.now() >= this.#recheckAt;
  }

  async #readContent(): Promise<FileContent> {
    const { bytes, info } = await readSettled(this.#read);
    const isNew = !this.#info || !isSame(this.#info, info);
    this.#recheckAt = isNew ? this.#read.clock.now() + TIMESTAMP_STEP_MS : Infinity;
    this.#info = info;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    this.#read.signal.throwIfAborted();
    return { bytes, digest };
  }

  /** Logs a problem once, however often it is met in a row. */
  #report(error: unknown): void {
    const message = messageOf(error);
    if (this.#closing.signal.aborted || message === this.#problem?.message) return;
    this.#problem = { message, time: this.#read.clock.now() };
    const hint = error instanceof SourceError ? `; hint: ${error.hint}` : "";
    const level = error instanceof SourceError && error.reason === "changing" ? "info" : "warn";
    this.#options.log[level](`${message}; its previous content stays in use${hint}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
