import {
  type CompanionContent,
  isSame,
  MAX_REST_MS,
  type ReadOptions,
  readSettled,
  REST_MS,
  type SettledFile,
  statAll,
  type Stats,
} from "./_read_settled.ts";
import { SourceError } from "./source_error.ts";
import { TransientError } from "./transient_error.ts";

/** A data file at one moment. */
export interface FileContent {
  /** The whole content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `bytes`: lower-case hex. */
  digest: string;
  /** Whether the file has rested for so long that no copy is in progress: a fault of it is final now. */
  isAtRest: boolean;
  /** Time since it was written, by its modification time, when it was read: ms. Absent where it has no such time. */
  age?: number;
  /** What is in its companions, by path. Absent where it has none. */
  companions?: ReadonlyMap<string, CompanionContent>;
}

/**
 * Time within which a change may not show in a file's timestamps, in ms: Deno gives `ctime` in whole seconds, FAT keeps `mtime` in
 * steps of two. A file is read once more after that time.
 */
const TIMESTAMP_STEP_MS = 2000;

/** Time that a file overwritten in place must rest, in ms: its writer may pause. */
const IN_PLACE_REST_MS = 800;

/** Time that a file must have rested, in ms, until a fault of it cannot be due to a copy in progress. */
const SURE_REST_MS = 5_000;

/** The same where it has companions: that they do not fit together is certain, whoever is still copying. */
const SURE_REST_OF_SET_MS = 2_000;

/** Step of the `ctime` that Deno gives: ms. */
const CTIME_STEP_MS = 1_000;

/**
 * Longest time that a file must rest which was read too soon before. It doubles each time, since a writer may pause for longer than
 * any other rest.
 *
 * @limit ms: it does not grow further
 */
const LONGEST_REST_MS = 30_000;

/** First pause before a file is read again that could not be read, in ms; the pause doubles each time. */
const FIRST_RETRY_MS = 1_000;

/**
 * Longest pause before a file is read again that could not be read. It bounds how late a disk that works again is noticed.
 *
 * @limit ms: it does not grow further
 */
const MAX_RETRY_MS = 60_000;

/** Reader of one file: it reads each time the file has settled after a change, and schedules the next read. */
export class SettledReader {
  readonly #options: ReadOptions;
  readonly #sureRest: number;
  /** Stats of the files at the last read, successful or not. */
  #info: Stats | undefined;
  /** Time from which a file with the same stat is read again when checked: ms of `uptime`. */
  #recheckAt = Infinity;
  #retryAt = Infinity;
  /** Pause before a file that cannot be read is read again: ms. */
  #retryPause = FIRST_RETRY_MS;
  /** Time that the file must rest before it is read: ms. */
  #rest = REST_MS;

  /**
   * Creates a reader that has not touched the file yet.
   *
   * @param options Its file, and its clock and signal.
   */
  constructor(options: ReadOptions) {
    this.#options = options;
    this.#sureRest = options.companions.length > 0 ? SURE_REST_OF_SET_MS : SURE_REST_MS;
  }

  /** Time at which a file that could not be read or handed over is due again, changed or not: ms of `uptime`, else `Infinity`. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /**
   * Checks the file. One that is missing counts as new when it is back.
   *
   * @returns Its stat, and those of its companions.
   * @throws {SourceError} When there is none.
   * @throws {TransientError} When the disk or the network failed.
   */
  async look(): Promise<Stats> {
    try {
      return await statAll(this.#options);
    } catch (error) {
      this.#forget(error);
      throw error;
    }
  }

  /**
   * Reports whether the file is to be read: it or a companion looks changed, or the time for another read has come.
   *
   * @param info Their stats.
   * @returns Whether to `read` it.
   */
  isDue(info: Stats): boolean {
    if (!this.#info || !isSame(this.#info, info)) return true;
    return this.#options.clock.uptime() >= Math.min(this.#recheckAt, this.#retryAt);
  }

  /**
   * Reads the file and its companions when they have come to rest.
   *
   * @param info Their stats.
   * @returns Its content, or `undefined` when it does not come to rest within about 6 s. It is due at once then.
   * @throws {SourceError} When it cannot be read.
   * @throws {TransientError} When the disk or the network failed. It is due after a pause that grows then.
   */
  async read(info: Stats): Promise<FileContent | undefined> {
    const { clock, signal, companions: { length: companionCount } } = this.#options;
    const last = this.#info;
    const hasChanged = !last || !isSame(last, info);
    const isInPlace = hasChanged && last?.file.ino === info.file.ino && last?.file.dev === info.file.dev;
    // A fault of the former file is no reason to delay another one, nor one of a set to delay its next part.
    if (hasChanged && (!isInPlace || companionCount > 0)) this.#rest = REST_MS;
    let settled: SettledFile | undefined;
    try {
      settled = await readSettled(
        this.#options,
        info,
        Math.max(this.#rest, isInPlace ? IN_PLACE_REST_MS : 0),
      );
    } catch (error) {
      this.#forget(error, info);
      throw error;
    }
    this.#retryPause = FIRST_RETRY_MS;
    if (!settled) {
      this.#info = info;
      this.#retryAt = clock.uptime();
      this.#rest = Math.max(this.#rest, MAX_REST_MS);
      return undefined;
    }
    const isNew = !last || !isSame(last, settled.info);
    this.#recheckAt = isNew ? clock.uptime() + TIMESTAMP_STEP_MS : Infinity;
    this.#retryAt = Infinity;
    this.#info = settled.info;
    const { bytes, companions, rested, info: { file: { mtime } } } = settled;
    const age = mtime ? Math.max(clock.now() - mtime.getTime(), 0) : undefined;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    signal.throwIfAborted();
    const unchanged = companionCount > 0 ? timeSinceChange(settled.info, clock.now()) : age ?? 0;
    return {
      bytes,
      digest,
      isAtRest: Math.max(rested, unchanged) >= this.#sureRest,
      ...age !== undefined && { age },
      ...companionCount > 0 && { companions },
    };
  }

  /**
   * Makes the file rest longer before it is read again, because the content was incomplete.
   *
   * @param isDone Whether it need not be read again before it changes; else it is due at once.
   */
  lengthenRest(isDone: boolean): void {
    this.#rest = Math.min(Math.max(this.#rest * 2, this.#sureRest), LONGEST_REST_MS);
    if (!isDone) this.#retryAt = this.#options.clock.uptime();
  }

  /** Shortens the next rest again: the content was complete. */
  resetRest(): void {
    this.#rest = REST_MS;
  }

  /** Records a failure: after one of the disk the file is left alone for a while, after any other it counts as changed. */
  #forget(error: unknown, info?: Stats): void {
    const isTransient = error instanceof TransientError;
    this.#info = isTransient ? info : undefined;
    this.#recheckAt = Infinity;
    this.#retryAt = isTransient ? this.#options.clock.uptime() + this.#retryPause : Infinity;
    if (isTransient) this.#retryPause = Math.min(this.#retryPause * 2, MAX_RETRY_MS);
  }
}

/** Time since the last change of a set that is certain: ms. By `ctime`, as a file that is renamed brings its `mtime` along. */
function timeSinceChange({ file, companions }: Stats, now: number): number {
  const times = [file, ...companions].map((info) =>
    info === undefined || info instanceof SourceError ? 0 : info.ctime?.getTime() ?? Infinity
  );
  return now - Math.max(...times) - CTIME_STEP_MS;
}
