import { type DataFileStatus, type Log, type LogFields, type Meter, NO_METER } from "../observe/mod.ts";
import { readUnpackedLength } from "../archive/mod.ts";
import { createPause } from "../wire/mod.ts";
import {
  type Clock,
  type FileContent,
  IncompleteError,
  LoadError,
  MACHINE_CLOCK,
  TransientError,
} from "../source/mod.ts";
import { loadArchive, type LoadedEnvironment, type LoadRequest } from "./load_archive.ts";
import { describeFailure, toError, toTransient } from "./load_failure.ts";
import type { Gate } from "./gate.ts";
import { canStartThread, LoadingThread, type LoadOptions } from "./loading_thread.ts";
import { getMemoryUse, planMemory } from "./memory.ts";
import { KeyAudit } from "./_key_audit.ts";
import { logLoad } from "./_load_log.ts";
import { LoadMetrics } from "./_load_metrics.ts";
import type { Publisher } from "./publisher.ts";

/** Options for {@linkcode Loader}. */
export interface LoaderOptions {
  /** Path of the archive, for messages. */
  path: string;
  /** Largest archive that is read, compressed: bytes. */
  maxBytes: number;
  /** Publisher of loaded archives. */
  publisher: Publisher;
  /** Decides which archives may be loaded. @default {all may} */
  gate?: Gate;
  /** Log. */
  log: Log;
  /** Registry of metrics. @default {NO_METER} */
  meter?: Meter;
  /** Memory limit of the process: bytes. @default {Infinity} */
  memoryLimit?: number;
  /** Called when an archive does not fit into memory, before it is refused: releases what can be done without. @default {nothing happens} */
  onShort?: (() => void) | undefined;
  /**
   * Reads the file anew and hands its content to `reload`: called when a load that failed for a transient reason is to be retried.
   * The bytes are not kept until then. Without it, nothing is retried.
   */
  readAgain?: () => Promise<void> | void;
  /** Options of the thread; for tests and simulations. */
  worker?: LoadOptions;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** Initial retry delay after a load that failed for a transient reason: ms. It doubles each time. */
const FIRST_RETRY_MS = 1_000;

/** Maximum retry delay after a load that failed for a transient reason. A load that hangs uses a processor core for a minute each time, so at most a sixth of it. @limit ms: it does not grow further */
const MAX_RETRY_MS = 5 * 60_000;

/** Largest file of an archive that is loaded without the thread, which alone takes 25 MB: bytes. Some hundred flags. */
const SMALL_FILE_BYTES = 64 * 1024;

/** The same, unpacked: bytes. Loading it takes some 20 ms, in slices. */
const SMALL_TAR_BYTES = 1024 ** 2;

/** Loads archives and publishes them: all of an archive or, when it is invalid, nothing. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #clock: Clock;
  readonly #metrics: LoadMetrics;
  readonly #keys: KeyAudit;
  readonly #thread: LoadingThread | undefined;
  readonly #smallFile: number;
  /** Digests of the data files that are served, by environment ID. */
  readonly #sources = new Map<string, string>();
  /** Last warnings by environment ID: they are not repeated with each reload. */
  readonly #warnings = new Map<string, string[]>();
  #status: DataFileStatus;
  /** Content that failed for a transient reason and will be retried, and the messages logged about it. */
  #failed: { digest: string; pause: number; messages: Set<string> } | undefined;
  /** Ends the wait for the next retry. */
  #waiting = new AbortController();
  #isClosed = false;

  /**
   * Creates a loader that has loaded nothing yet; its thread starts when a load needs it.
   *
   * @param options Path, limits, publisher and log.
   */
  constructor(options: LoaderOptions) {
    const { log, path, publisher, worker, clock = MACHINE_CLOCK } = options;
    this.#options = options;
    this.#clock = clock;
    this.#keys = new KeyAudit({ log, clock, list: () => publisher.environments });
    this.#metrics = new LoadMetrics(options.meter ?? NO_METER);
    this.#status = { path };
    this.#smallFile = worker?.smallFile ?? SMALL_FILE_BYTES;
    if (worker?.startWorker || canStartThread(worker?.url)) {
      this.#thread = new LoadingThread(worker);
    } else {
      log.warn(
        "Requests will wait while an archive is loaded: --allow-read does not name Halyard's own code",
      );
    }
  }

  /** Whether an archive is served. */
  get #isServing(): boolean {
    return this.#status.digest !== undefined;
  }

  /**
   * Starts the thread if it is not running, for a load that is expected and needs it.
   *
   * @param size Size of the archive's file: bytes.
   */
  expect(size: number): void {
    if (this.#isClosed || size <= this.#smallFile) return;
    const { memoryLimit = Infinity } = this.#options;
    this.#thread?.start((memoryLimit - getMemoryUse()) / 2);
  }

  /** Status of the file. */
  get status(): DataFileStatus {
    return this.#status;
  }

  /**
   * Loads an archive. When that fails for a transient reason, it is logged and retried with growing pauses, until it is
   * loaded, turns out to be invalid, or another content is loaded; a call for the same content is a retry at once.
   *
   * @param content The file. Its bytes may be gone afterwards.
   * @throws {LoadError} When the archive is invalid; an `IncompleteError` when it may be part of one. Who called it logs why.
   * @throws {TransientError} When loading failed. In either case, the previous data stays in use.
   */
  async load(content: FileContent): Promise<void> {
    try {
      await this.#tryLoad(content);
    } catch (error) {
      const { path, log } = this.#options;
      if (isRefusal(error, content)) {
        log.info("Refused the archive", {
          path,
          digest: content.digest,
          error: error.message,
          audit: "refuse",
        });
      }
      throw error;
    }
  }

  async #tryLoad(content: FileContent): Promise<void> {
    if (this.#isClosed) return;
    this.#waiting.abort();
    if (this.#failed?.digest !== content.digest) this.#failed = undefined;
    try {
      await this.#metrics.measure(() => this.#load(content));
      this.#failed = undefined;
    } catch (error) {
      if (error instanceof LoadError) {
        this.#failed = undefined;
        throw error;
      }
      const transient = toTransient(error, this.#options.path);
      this.#retryLater(transient, content.digest);
      throw transient;
    }
  }

  /**
   * Loads a replaced archive. An invalid one is logged and kept for {@linkcode Loader.status}; the previous data stays in use.
   *
   * @param content The file.
   * @throws {IncompleteError} When it may be part of an archive; logged only if its file is at rest.
   * @throws {TransientError} When loading failed. It is retried.
   */
  async reload(content: FileContent): Promise<void> {
    try {
      await this.#tryLoad(content);
    } catch (error) {
      if (isRefusal(error, content)) this.#report(error, "", { digest: content.digest, audit: "refuse" });
      if (error instanceof IncompleteError || error instanceof TransientError) throw error;
    }
  }

  /**
   * Loads the last known good archive, where the file's own could not be.
   *
   * @param content The archive, from the state directory.
   * @param reason Why it is not the file's.
   * @throws {LoadError} When it is refused.
   * @throws {TransientError} When loading failed. It is not retried.
   */
  async restore(content: FileContent, reason: Error): Promise<void> {
    const { path, log } = this.#options;
    try {
      await this.#metrics.measure(() => this.#load(content));
    } catch (error) {
      throw error instanceof LoadError ? error : toTransient(error, path);
    }
    const { message } = reason;
    log.error("Serving the last known good archive from the state directory instead of the data file", {
      path,
      error: message,
      hint: (reason as Partial<LoadError>).hint,
      digest: content.digest,
      audit: "restore",
    });
    this.#status = {
      ...this.#status,
      lastError: { message, time: this.#clock.now() },
      isLastKnownGood: true,
    };
  }

  /** Ends the thread; nothing is loaded or retried. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.abort();
    this.#keys.close();
    await this.#thread?.close();
  }

  async #load(content: FileContent): Promise<void> {
    const { path, publisher, log } = this.#options;
    const { digest, age } = content;
    const start = this.#clock.uptime();
    const loaded = await this.#admit(content);
    this.#keys.noteExpired();
    const changes = await publisher.publish(loaded);
    const durationMs = this.#clock.uptime() - start;
    const { digest: previousDigest } = this.#status;
    this.#status = { path, digest, loadedAt: this.#clock.now() };
    for (const environment of loaded) this.#remember(environment);
    this.#keys.noteChanges(changes, previousDigest === undefined);
    const { environments } = publisher;
    await logLoad(log, { path, digest, previousDigest, environments, changes, durationMs, ageMs: age });
  }

  async #admit(content: FileContent): Promise<LoadedEnvironment[]> {
    const admitted = await this.#options.gate?.admit(content);
    try {
      const loaded = await this.#prepare(content.bytes);
      await admitted?.commit();
      return loaded;
    } catch (error) {
      await admitted?.discard();
      throw error;
    }
  }

  async #prepare(content: Uint8Array<ArrayBuffer>): Promise<LoadedEnvironment[]> {
    const { path, maxBytes, publisher, memoryLimit = Infinity } = this.#options;
    const known: LoadRequest["known"] = new Map();
    const uses = await publisher.listUses();
    let evaluatedBytes = 0;
    for (const { id, snapshot } of publisher.environments) {
      if (!snapshot) continue;
      const use = uses.get(id) ?? { compressed: snapshot.compressed, evaluations: 0 };
      evaluatedBytes += snapshot.byteLength * Math.max(0, use.evaluations - 1);
      known.set(id, {
        source: this.#sources.get(id) ?? "",
        digest: snapshot.digest,
        compressed: use.compressed,
      });
    }
    const heapBytes = planMemory(path, content, memoryLimit, {
      evaluatedBytes,
      release: this.#options.onShort,
    });
    const bytes = bufferOf(content);
    const request: LoadRequest = { bytes, path, maxBytes, known };
    if (this.#thread && !this.#isSmall(content)) return await this.#thread.load(request, heapBytes);
    try {
      return await Array.fromAsync(loadArchive(request, createPause()));
    } catch (error) {
      throw toError(describeFailure(error, path, new Uint8Array(bytes)));
    }
  }

  #isSmall(content: Uint8Array): boolean {
    return content.length <= this.#smallFile && readUnpackedLength(content) <= SMALL_TAR_BYTES;
  }

  #remember(environment: LoadedEnvironment): void {
    if (!("source" in environment)) return;
    this.#sources.set(environment.id, environment.source);
    if (environment.warnings) this.#warn(environment.id, environment.warnings);
  }

  #warn(id: string, warnings: string[]): void {
    const known = this.#warnings.get(id);
    for (const warning of warnings) {
      if (!known?.includes(warning)) this.#options.log.warn(warning);
    }
    this.#warnings.set(id, warnings);
  }

  #retryLater(error: TransientError, digest: string): void {
    const { readAgain, log } = this.#options;
    if (!readAgain || this.#isClosed) return;
    this.#failed ??= { digest, pause: FIRST_RETRY_MS, messages: new Set() };
    const { pause, messages } = this.#failed;
    const again = `retrying in ${pause / 1000} s`;
    if (messages.has(error.message)) {
      log.debug(`Data file load failed again, ${again}`, { error: error.message });
    } else this.#report(error, `; ${again}, then with growing pauses, and at once on SIGHUP`);
    messages.add(error.message);
    this.#failed.pause = Math.min(pause * 2, MAX_RETRY_MS);
    const waiting = this.#waiting = new AbortController();
    this.#clock.sleep(pause, waiting.signal).then(() => waiting.signal.aborted ? undefined : readAgain());
  }

  /** Logs why the newest file is not served, and keeps it for {@linkcode Loader.status}. */
  #report({ message, hint }: LoadError | TransientError, outlook: string, fields: LogFields = {}): void {
    const what = this.#isServing
      ? "Data file reload failed, serving the previous data"
      : "Data file load failed, answering 503";
    this.#options.log.error(`${what}${outlook}`, { error: message, hint, ...fields });
    this.#status = { ...this.#status, lastError: { message, time: this.#clock.now() } };
  }
}

/** Reports whether an archive is refused for good: not if its file may still be growing. */
function isRefusal(error: unknown, { isAtRest }: FileContent): error is LoadError {
  return error instanceof LoadError && (isAtRest || !(error instanceof IncompleteError));
}

/** Returns the bytes as a buffer that can be transferred. */
function bufferOf(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
