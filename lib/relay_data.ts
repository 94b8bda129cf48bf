import { BUILD_INFO } from "./build_info.ts";
import type { Settings } from "./config/mod.ts";
import {
  findMemoryLimit,
  Loader,
  type LoadOptions,
  OverridesFile,
  type Publisher,
  StateDirectory,
  StateError,
  type StateFileSystem,
  TrustGate,
} from "./load/mod.ts";
import type { Log, Meter } from "./observe/mod.ts";
import type { RelayStatus } from "./routes/mod.ts";
import {
  type Clock,
  FileSource,
  type FileSystem,
  LoadError,
  MACHINE_CLOCK,
  MACHINE_FS,
  readAll,
  TransientError,
} from "./source/mod.ts";
import { ARCHIVE_NAMESPACE, OVERRIDES_NAMESPACE } from "./trust/mod.ts";

/** Options for {@linkcode RelayData}. */
export interface RelayDataOptions {
  /** All settings. */
  settings: Settings;
  /** Publisher of what is to be served. */
  publisher: Publisher;
  /** State directory, which is closed in the end. @default {a restart remembers nothing} */
  state?: StateDirectory | undefined;
  /** Log. */
  log: Log;
  /** Registry of metrics. @default {NO_METER} */
  meter?: Meter;
  /** Called when an archive does not fit into memory: releases what can be done without. @default {nothing happens} */
  onShort?: (() => void) | undefined;
  /** Called when the status has changed. @default {nothing happens} */
  onChange?: () => void;
  /** The clock; for simulations. @default the machine's */
  clock?: Clock;
  /** The file system; for simulations. @default the machine's */
  fs?: FileSystem;
  /** Options of the loading thread; for simulations. */
  worker?: LoadOptions;
}

/**
 * Opens the state directory, if one is configured.
 *
 * @param settings All settings.
 * @param log Log.
 * @param fs The file system; for simulations. @default {Deno}
 * @returns The directory; `undefined`: nothing is written.
 * @throws {StateError} When it cannot be used.
 */
export async function openState(
  { stateDirectory: path }: Settings,
  log: Log,
  fs: StateFileSystem = Deno,
): Promise<StateDirectory | undefined> {
  if (path === undefined) return undefined;
  return await StateDirectory.open({ path, onlyPath: BUILD_INFO.stateDirectory, log, fs });
}

/**
 * What a relay serves, on its way from the disk to the publisher: the archive's file and the overrides' file, the gates before
 * them, and what a restart remembers.
 */
export class RelayData {
  readonly #options: RelayDataOptions;
  readonly #gate: TrustGate;
  readonly #overrides: OverridesFile | undefined;
  readonly #loader: Loader;
  readonly #source: FileSource;

  /**
   * Creates it; no file but the state directory has been touched.
   *
   * @param options Settings, publisher and log.
   */
  constructor(options: RelayDataOptions) {
    const { settings, publisher, state, log, meter, onChange, onShort, worker } = options;
    const { clock = MACHINE_CLOCK, fs = MACHINE_FS } = options;
    const {
      fileDataSource: path,
      fileDataSourceMonitoringInterval: interval,
      maxArchiveSize: maxBytes,
      overridesFile,
      trust,
    } = settings;
    const buildTime = Date.parse(BUILD_INFO.date);
    this.#options = options;
    this.#gate = new TrustGate({
      ...trust,
      path,
      what: "data file",
      namespace: ARCHIVE_NAMESPACE,
      state,
      keepsFile: true,
      buildTime,
      log,
      clock,
    });
    if (overridesFile !== undefined) {
      const { maxAge: _, allowRollbackUntil: __, ...rules } = trust; // These are about archives.
      this.#overrides = new OverridesFile({
        path: overridesFile,
        interval,
        publisher,
        gate: new TrustGate({
          ...rules,
          path: overridesFile,
          what: "overrides file",
          namespace: OVERRIDES_NAMESPACE,
          state,
          buildTime,
          log,
          clock,
        }),
        log,
        fs,
        clock,
        ...onChange && { onChange },
      });
    }
    this.#loader = new Loader({
      path,
      maxBytes,
      publisher: this.#overrides?.publisher ?? publisher,
      gate: this.#gate,
      memoryLimit: findMemoryLimit(settings.memoryLimit),
      onShort,
      log,
      clock,
      ...meter && { meter },
      ...worker && { worker },
      readAgain: () => this.#source.refresh(),
    });
    this.#source = new FileSource({
      path,
      interval,
      maxBytes,
      companions: this.#gate.companions,
      log,
      fs,
      clock,
      onContent: (content) => this.#loader.reload(content).finally(onChange),
      onChange: (size) => this.#loader.expect(size),
    });
  }

  /** How it stands. */
  get status(): Pick<RelayStatus, "dataFile" | "trust" | "overrides"> {
    const { lastError } = this.#source;
    return {
      dataFile: { ...this.#loader.status, ...lastError && { lastError } },
      trust: this.#gate.status,
      ...this.#overrides && { overrides: this.#overrides.status },
    };
  }

  /**
   * Reads overrides and archive for the first time. Overrides come first, and have to be readable now: without them, flags
   * would be switched on again.
   *
   * @throws {SourceError} When a file cannot be read.
   * @throws {LoadError} When the archive or the overrides are invalid.
   * @throws {TransientError} When one of them cannot be read or loaded yet.
   */
  async read(): Promise<void> {
    await this.#overrides?.read();
    await this.#source.read((content) => this.#loader.load(content));
  }

  /**
   * Reads them as {@linkcode RelayData.read} does. Where the archive cannot be used, the last known good one is served; where it
   * cannot be used yet, none.
   *
   * @throws {SourceError} When a file cannot be read, and there is no last known good archive.
   * @throws {LoadError} When the overrides are invalid, or the archive, and there is no last known good one.
   * @throws {TransientError} When the overrides cannot be read yet.
   */
  async readOrRestore(): Promise<void> {
    await this.#overrides?.read();
    try {
      await this.#source.read((content) => this.#loader.load(content));
    } catch (error) {
      const isRestored = await this.#restore(error as Error);
      // A transient error has been logged and will be retried.
      if (!isRestored && !(error instanceof TransientError)) throw error;
    }
  }

  /** Begins to follow the files. */
  start(): void {
    this.#source.start();
    this.#overrides?.start();
  }

  /**
   * Reads the files now, whether or not they look changed. What is to be signed
   * and was refused is judged again: the clock may have been set.
   *
   * @returns When what is new has been loaded.
   */
  async refresh(): Promise<void> {
    const isRefused = this.#loader.status.lastError !== undefined;
    await Promise.all([
      this.#source.refresh(isRefused && this.#gate.isAsking),
      this.#overrides?.refresh(),
    ]);
  }

  /** Stops following without waiting for anything; see {@linkcode FileSource.stop}. */
  stop(): void {
    this.#source.stop();
    this.#overrides?.stop();
  }

  /**
   * Ends it, but for the watches on the files' directories, which a named pipe there can block.
   *
   * @returns When nothing is loaded or written any more.
   */
  async end(): Promise<void> {
    this.stop();
    this.#gate.close();
    await this.#loader.close();
    await this.#options.state?.close();
  }

  /** Closes the watches; see {@linkcode FileSource.close}. */
  async close(): Promise<void> {
    await Promise.all([this.#source.close(), this.#overrides?.close()]);
  }

  /** Serves the last known good archive, if there is one and it is still good. */
  async #restore(reason: Error): Promise<boolean> {
    const { settings: { maxArchiveSize }, fs = MACHINE_FS, log } = this.#options;
    try {
      const content = await this.#gate.recall(maxArchiveSize, (files) => readAll(files, fs));
      if (!content) return false;
      await this.#loader.restore(content, reason);
      return true;
    } catch (error) {
      const isExpected = [LoadError, TransientError, StateError].some((type) => error instanceof type);
      if (!isExpected) throw error;
      const { message, hint } = error as StateError;
      log.error("Cannot serve the last known good archive from the state directory", {
        error: message,
        hint,
      });
      return false;
    }
  }
}
