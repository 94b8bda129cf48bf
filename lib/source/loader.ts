import type { EnvironmentMetadata } from "../model/mod.ts";
import { type Log, obscureKey } from "../observe/mod.ts";
import {
  assembleSnapshot,
  createPause,
  type EnvironmentChange,
  knownOf,
  type NewEnvironment,
  type Pause,
  renewMetadata,
  type Store,
} from "../store/mod.ts";
import type { FileContent } from "./file_source.ts";
import { loadArchive, type LoadedEnvironment, type LoadRequest } from "./load_archive.ts";
import { canStartThread, LoadingThread, type LoadOptions } from "./loading_thread.ts";

/** How the archive's file stands: what is served and whether something newer could not be. */
export interface LoadStatus {
  /** Path as configured. */
  path: string;
  /** SHA-256 of the content that is served: lower-case hex. */
  digest: string;
  /** When that content was loaded: ms since epoch. */
  loadedAt: number;
  /** Why a newer content is not served. Absent when the newest is. */
  lastError?: { message: string; time: number };
}

/** What a `Loader` needs. */
export interface LoaderOptions {
  /** Path of the archive, for messages. */
  path: string;
  /** Largest archive that is read, compressed: bytes. */
  maxBytes: number;
  /** Takes what was loaded. */
  store: Store;
  /** Is told what was loaded and what was wrong. */
  log: Log;
  /** Is called right after each swap. */
  onSwap?: () => void;
  /** How loads are run; for tests. */
  worker?: LoadOptions;
}

/** Turns the bytes of an archive into what the store serves: all of it or, when the archive is bad, nothing. */
export class Loader {
  readonly #options: LoaderOptions;
  readonly #thread: LoadingThread | undefined;
  /** Digests of the data files that are served, by environment ID. */
  readonly #sources = new Map<string, string>();
  /** What was last warned about, by environment ID: it is not said again with each reload. */
  readonly #warnings = new Map<string, string[]>();
  #status: LoadStatus | undefined;

  /**
   * Makes a loader that has loaded nothing yet. Its thread runs until `close`.
   *
   * @param options Where archives come from and go to.
   */
  constructor(options: LoaderOptions) {
    this.#options = options;
    const { log, worker } = options;
    if (canStartThread(worker?.url)) this.#thread = new LoadingThread(worker);
    else {log.warn(
        "Requests will wait while an archive is loaded: --allow-read does not name Halyard's own code",
      );}
  }

  /** How the file stands; `undefined` before the first good load. */
  get status(): LoadStatus | undefined {
    return this.#status;
  }

  /**
   * Loads an archive.
   *
   * @param content The file.
   * @throws {LoadError} When it is no good archive, or loading it failed; what was served before is served on.
   */
  async load(content: FileContent): Promise<void> {
    const { path, maxBytes, store, log, onSwap } = this.#options;
    const known: LoadRequest["known"] = new Map();
    for (const { id, snapshot } of store.environments) {
      if (snapshot) known.set(id, { ...knownOf(snapshot), source: this.#sources.get(id) ?? "" });
    }
    const request: LoadRequest = { bytes: content.bytes, path, maxBytes, known };
    const loaded = await (this.#thread ? this.#thread.load(request) : loadArchive(request));
    const pause = createPause();
    const environments = [];
    for (const environment of loaded) environments.push(await assemble(environment, store, pause));
    const first = !store.ready;
    const changes = store.replace(environments);
    for (const environment of loaded) {
      if (!("source" in environment)) continue;
      this.#sources.set(environment.id, environment.source);
      this.#warn(environment.id, environment.warnings ?? []);
    }
    this.#status = { path, digest: content.digest, loadedAt: Date.now() };
    onSwap?.();
    for (const change of changes) logChange(log, change);
    if (loaded.length === 0) {
      log.warn("The data file does not contain any environments; check your configuration");
    }
    const count = `${loaded.length} environment${loaded.length === 1 ? "" : "s"}, ${changes.length} changed`;
    log.info(`${first ? "Loaded" : "Reloaded"} data from ${path} (${count}, sha256 ${content.digest})`);
  }

  #warn(id: string, warnings: string[]): void {
    const known = this.#warnings.get(id);
    for (const warning of warnings) {
      if (!known?.includes(warning)) this.#options.log.warn(warning);
    }
    this.#warnings.set(id, warnings);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }

  /**
   * Loads a replaced archive. A bad one is logged and remembered for `status`; service goes on.
   *
   * @param content The file.
   */
  async reload(content: FileContent): Promise<void> {
    try {
      await this.load(content);
    } catch (error) {
      this.reportFailure(error);
    }
  }

  /**
   * Logs why the newest file is not served, and remembers it for `status`.
   *
   * @param error What was wrong; a `hint` it carries is logged too.
   */
  reportFailure(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof Error && "hint" in error ? `; hint: ${error.hint}` : "";
    this.#options.log.error(`Data file reload failed, serving the previous data: ${message}${hint}`);
    if (this.#status) this.#status = { ...this.#status, lastError: { message, time: Date.now() } };
  }
}

async function assemble(loaded: LoadedEnvironment, store: Store, pause: Pause): Promise<NewEnvironment> {
  const { id } = loaded;
  const previous = store.get(id)?.snapshot;
  if ("unchanged" in loaded) return { id, snapshot: renewMetadata(previous!, loaded.unchanged) };
  if ("prepared" in loaded) return { id, snapshot: await assembleSnapshot(loaded.prepared, previous, pause) };
  return loaded;
}

function logChange(log: Log, { id, before, after }: EnvironmentChange): void {
  if (!after) {
    log.info(`Removed environment ${id}${nameOf(before?.metadata)}`);
  } else if (after.fault !== undefined) {
    const serving = after.snapshot ? "it keeps the data it had" : "it answers 503 until there is good data";
    log.error(
      `Found invalid data for environment ${id}${nameOf(after.metadata)}, ${serving}: ${after.fault}`,
    );
  } else {
    const keys = [...after.metadata?.sdkKeys ?? [], ...after.metadata?.mobileKeys ?? []];
    const verb = before?.snapshot ? "Updated" : "Added";
    const list = keys.map((key) => obscureKey(key.value)).join(", ");
    log.info(`${verb} environment ${id}${nameOf(after.metadata)}, keys: ${list || "none"}`);
  }
}

function nameOf(metadata: EnvironmentMetadata | undefined): string {
  return metadata ? ` (${metadata.projectName} ${metadata.name})` : "";
}
