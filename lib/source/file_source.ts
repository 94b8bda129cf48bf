import { dirname } from "node:path";
import type { Log } from "../observe/mod.ts";
import { type Companion, type CompanionContent, PATIENCE_MS, type Stats } from "./_read_settled.ts";
import { type FileContent, SettledReader } from "./_settled_reader.ts";
import { ARCHIVE_WORDS, type FileWords } from "./file_words.ts";
import { IncompleteError } from "./load_error.ts";
import { type Clock, type FileSystem, MACHINE_CLOCK, MACHINE_FS } from "./platform.ts";
import { SourceError } from "./source_error.ts";
import { TransientError } from "./transient_error.ts";

export type { Companion, CompanionContent, FileContent };

/**
 * Handler of a file's content. Its error decides about a retry: after a {@linkcode TransientError} the content is handed over
 * again when the file is touched or refreshed; after an {@linkcode IncompleteError}, once the file has settled; after any
 * other error, not again.
 */
export type TakeContent = (content: FileContent) => Promise<void> | void;

/** Options for {@linkcode FileSource}. */
export interface FileSourceOptions {
  /** Path of the file. Links are followed, anew each time. */
  path: string;
  /** Poll interval: ms. Where the file's directory can be watched, changes are noticed sooner. */
  interval: number;
  /** Largest file that is read: bytes. */
  maxBytes: number;
  /** Files that belong to it: they are read with it, and a change of one counts as a change of it. @default {none} */
  companions?: readonly Companion[];
  /** Log. */
  log: Log;
  /** Handler of each new content, valid or not, one at a time. It logs its own errors, unless they are unexpected. */
  onContent: TakeContent;
  /** Is called with the file's size, in bytes, when it looks changed, before it has come to rest and is read. */
  onChange?: (size: number) => void;
  /**
   * Handler of there being no file, where that is no error: called when there is none any more. A file that comes back is handed
   * over, whatever is in it. @default {it is an error, and the content before stays in use}
   */
  onMissing?: () => Promise<void> | void;
  /** Words for the file in messages. @default {those for the archive} */
  words?: FileWords;
  /** The file system. @default the machine's */
  fs?: FileSystem;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** Debounce time between events of the watched directory and a check of the file, in ms: a busy neighbour costs at most 20 stats a second. */
const DEBOUNCE_MS = 50;

/** Time that a file which may be missing must be gone until that counts, in ms: an editor may take its time to write the new one. */
const MISSING_REST_MS = 1_000;

/**
 * Time after which the first read is given up: ms. A copy that pauses is done with earlier. Without it, whoever changes a part of a
 * set at the right moments, again and again, keeps a relay from starting with the last known good archive.
 *
 * @limit ms: the file is read again when the relay has started
 */
const LONGEST_START_MS = 2 * PATIENCE_MS;

/** Follows one file: detects changes, waits until it has settled, hands over its bytes. */
export class FileSource {
  readonly #options: FileSourceOptions;
  readonly #fs: FileSystem;
  readonly #clock: Clock;
  readonly #reader: SettledReader;
  readonly #words: FileWords;
  readonly #closing = new AbortController();
  /** Aborted to check the file before the poll interval is over. */
  #nap = new AbortController();
  #watcher: Deno.FsWatcher | undefined;
  /** Tasks that `close` waits for. */
  #tasks: Promise<void>[] = [];
  /** The last check that was asked for: they run one after the other. */
  #checked: Promise<void> = Promise.resolve();
  /** The refresh that was asked for and has not begun: a hundred at once are one. */
  #refresh: Promise<void> | undefined;
  /** Whether that is to hand over the content even if it is the one of before. */
  #isAnew = false;
  /** Content that was handed over last, and whether it needs no retry. */
  #handedOver: { content: string; isDone: boolean } | undefined;
  /** Problem with the file's newest content; `isGrowing` while it is being written. */
  #problem: { message: string; time: number; isGrowing: boolean } | undefined;

  /**
   * Makes a source that touches nothing yet.
   *
   * @param options File, poll interval and handler.
   */
  constructor(options: FileSourceOptions) {
    const { path, maxBytes, companions = [], fs = MACHINE_FS, clock = MACHINE_CLOCK, words = ARCHIVE_WORDS } =
      options;
    this.#options = options;
    this.#words = words;
    this.#fs = fs;
    this.#clock = clock;
    const { signal } = this.#closing;
    this.#reader = new SettledReader({ path, maxBytes, companions, words, fs, clock, signal });
  }

  /** Reason why the file cannot be read now, and since when (ms since epoch); `undefined` when it can. */
  get lastError(): { message: string; time: number } | undefined {
    return this.#problem && { message: this.#problem.message, time: this.#problem.time };
  }

  /**
   * Reads the file for the first time and hands it over, unless there may be none, and is none. One that looks as if it were still
   * being copied is read once more when it has come to rest.
   *
   * @param take Handler of the content.
   * @throws {SourceError} When the file cannot be read.
   * @throws {TransientError} When it cannot be read yet. That is logged, and tried again after `start`.
   * @throws {unknown} Errors of `take`.
   */
  async read(take: TakeContent): Promise<void> {
    const start = this.#clock.uptime();
    while (true) {
      const content = await this.#readFirst();
      if (content === undefined || await this.#handOver(content, take)) return;
      if (this.#clock.uptime() - start < LONGEST_START_MS) continue;
      const error = this.#growingError();
      this.#report(error, true);
      throw error;
    }
  }

  /** Begins to follow the file. */
  start(): void {
    this.#watch();
    this.#tasks.push(this.#follow());
  }

  /**
   * Reads the file now, whether or not it looks changed.
   *
   * @param isAnew Whether its content is handed over even if it is the one of before: what was refused may be good now.
   * @returns When a new content, if there is one, has been taken.
   */
  refresh(isAnew = false): Promise<void> {
    this.#isAnew ||= isAnew;
    return this.#refresh ??= this.#check(true);
  }

  /**
   * Stops following without waiting for anything. The watch is left to the end of the process: a named pipe that was made in
   * its directory blocks the call that closes it for ever (Deno 2.9).
   */
  stop(): void {
    this.#closing.abort();
    this.#nap.abort();
  }

  /**
   * Stops following and closes the watch, which a named pipe can block: not for a process that has to end.
   *
   * @returns When nothing runs any more, a running `onContent` included.
   */
  async close(): Promise<void> {
    this.stop();
    this.#watcher?.close();
    await Promise.all([...this.#tasks, this.#checked]);
  }

  #watch(): void {
    const { path, interval, log } = this.#options;
    try {
      this.#watcher = this.#fs.watchFs(dirname(path), { recursive: false });
      this.#tasks.push(this.#listen(this.#watcher));
      log.info(`Watching and polling the ${this.#words.name} for changes`, { path, pollInterval: interval });
    } catch (error) {
      const fields = { path, pollInterval: interval, error: messageOf(error) };
      log.info(`Polling the ${this.#words.name} for changes, cannot watch its directory`, fields);
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    const { path, interval, log } = this.#options;
    try {
      // Any event counts: where Kubernetes swaps a directory link, none names the file.
      for await (const _ of watcher) this.#nap.abort();
    } catch (error) {
      const fields = { path, pollInterval: interval, error: messageOf(error) };
      log.info(`Stopped watching the ${this.#words.name}'s directory, polling goes on`, fields);
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#check(false);
      const untilRetry = Math.max(this.#reader.retryAt - this.#clock.uptime(), 0);
      await this.#clock.sleep(Math.min(this.#options.interval, untilRetry), this.#nap.signal);
      if (this.#nap.signal.aborted) await this.#clock.sleep(DEBOUNCE_MS, signal);
      this.#nap = new AbortController();
    }
  }

  #check(force: boolean): Promise<void> {
    return this.#checked = this.#checked.then(() => this.#deliver(force));
  }

  async #deliver(force: boolean): Promise<void> {
    const { path, log, onContent } = this.#options;
    const isAnew = force && this.#isAnew;
    if (force) {
      this.#refresh = undefined;
      this.#isAnew = false;
    }
    let content: FileContent | undefined;
    try {
      const info = await this.#reader.look();
      if (!force && !this.#reader.isDue(info)) return;
      content = await this.#read(info);
    } catch (error) {
      return this.#mayBeMissing(error) ? await this.#handOverNothing(force) : this.#report(error, false);
    }
    if (!content) return this.#report(this.#growingError(), true);
    if (this.#problem && !this.#problem.isGrowing) {
      log.info(`${this.#words.title} can be read again`, { path });
      this.#problem = undefined;
    }
    if (!isAnew && this.#handedOver?.isDone && this.#handedOver.content === summarize(content)) {
      this.#problem = undefined;
      return log[force ? "info" : "debug"](`${this.#words.title} has the same content as before`, { path });
    }
    try {
      if (!await this.#handOver(content, onContent)) return;
    } catch (error) {
      const isKnown = error instanceof IncompleteError || error instanceof TransientError;
      if (!isKnown) log.error(`Cannot use ${this.#words.name}`, { path, error: messageOf(error) });
    }
    this.#problem = undefined;
  }

  /** Whether there is no file, and that is no error. */
  #mayBeMissing(error: unknown): boolean {
    return this.#options.onMissing !== undefined && error instanceof SourceError &&
      error.reason === "missing";
  }

  async #handOverNothing(force: boolean): Promise<void> {
    const { path, log, onMissing } = this.#options;
    if (!this.#handedOver) {
      this.#problem = undefined;
      return force ? log.info(`${this.#words.title} is not there`, { path }) : undefined;
    }
    // Some editors move a file away before they write the new one.
    await this.#clock.sleep(MISSING_REST_MS, this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    const isMissing = await this.#reader.look().then(() => false, (error) => this.#mayBeMissing(error));
    if (!isMissing) return this.#nap.abort();
    try {
      await onMissing!();
      this.#handedOver = this.#problem = undefined;
    } catch (error) {
      this.#report(error, false);
    }
  }

  #read(info: Stats): Promise<FileContent | undefined> {
    const reading = this.#reader.read(info);
    // While it waits for the file to rest.
    this.#options.onChange?.(info.file.size);
    return reading;
  }

  /** Resolves to `undefined` where there is no file, and that is no error. */
  async #readFirst(): Promise<FileContent | undefined> {
    let isGrowing = false;
    try {
      const info = await this.#reader.look();
      const content = await this.#read(info);
      if (content) return content;
      isGrowing = true;
      throw this.#growingError();
    } catch (error) {
      if (this.#mayBeMissing(error)) return undefined;
      if (error instanceof TransientError) this.#report(error, isGrowing);
      throw error;
    }
  }

  /** Resolves to whether `take` is done with the content: not while it may be part of a copy that is still under way. */
  async #handOver(content: FileContent, take: TakeContent): Promise<boolean> {
    const { isAtRest } = content;
    this.#handedOver = { content: summarize(content), isDone: false };
    try {
      await take(content);
    } catch (error) {
      if (error instanceof IncompleteError) {
        this.#reader.lengthenRest(isAtRest);
        if (!isAtRest) return this.#awaitRest(error);
      }
      this.#handedOver.isDone = !(error instanceof TransientError);
      throw error;
    }
    this.#reader.resetRest();
    this.#handedOver.isDone = true;
    return true;
  }

  #awaitRest({ message }: IncompleteError): false {
    const { path, log } = this.#options;
    log.debug(`${this.#words.title} is incomplete, will be read again once it has settled`, {
      path,
      error: message,
    });
    if (!this.#problem?.isGrowing) this.#problem = { message, time: this.#clock.now(), isGrowing: true };
    return false;
  }

  /** Logs a problem once, however often it is met in a row. */
  #report(error: unknown, isGrowing: boolean): void {
    const message = messageOf(error);
    if (this.#closing.signal.aborted || message === this.#problem?.message) return;
    this.#problem = { message, time: this.#clock.now(), isGrowing };
    const hint = error instanceof SourceError || error instanceof TransientError
      ? `; hint: ${error.hint}`
      : "";
    this.#options.log.warn(`${message}; any previous content stays in use${hint}`);
  }

  #growingError(): TransientError {
    const hint =
      "it will be read once it has settled; to replace it at once, copy to another name beside it, then rename";
    return new TransientError(
      `Cannot read ${this.#words.name} "${this.#options.path}": still being written after ${
        PATIENCE_MS / 1000
      } s`,
      hint,
    );
  }
}

/** Text that is the same for the same content, companions included. */
function summarize({ digest, companions = new Map() }: FileContent): string {
  const parts = [...companions].map(([path, content]) => [
    path,
    content instanceof Uint8Array ? content.toBase64() : content?.message,
  ]);
  return JSON.stringify([digest, parts]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
