import type { Log, OverridesStatus } from "../observe/mod.ts";
import { type Clock, FileSource, type FileSystem, OVERRIDES_WORDS } from "../source/mod.ts";
import { MAX_OVERRIDES_BYTES } from "./overrides.ts";
import { OverridesLoader } from "./overrides_loader.ts";
import { OverridingPublisher } from "./overriding_publisher.ts";
import type { Publisher } from "./publisher.ts";
import type { TrustGate } from "./trust_gate.ts";

/** Options for {@linkcode OverridesFile}. */
export interface OverridesFileOptions {
  /** Path of the file, which need not be there. */
  path: string;
  /** Poll interval: ms. */
  interval: number;
  /** Publisher of what is to be served. */
  publisher: Publisher;
  /** Decides which files may be loaded. */
  gate: TrustGate;
  /** Log. */
  log: Log;
  /** Called when the status has changed. @default {nothing happens} */
  onChange?: () => void;
  /** The file system. @default the machine's */
  fs?: FileSystem;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** File of overrides that is followed: what it says takes effect, until it is changed or removed. */
export class OverridesFile {
  /** Publisher for archives, over which the overrides are put. */
  readonly publisher: OverridingPublisher;
  readonly #loader: OverridesLoader;
  readonly #source: FileSource;
  readonly #gate: TrustGate;

  /**
   * Creates it; the file has not been touched yet.
   *
   * @param options Path, publisher and log.
   */
  constructor({ publisher, onChange, ...options }: OverridesFileOptions) {
    const { log, gate } = options;
    this.#gate = gate;
    this.publisher = new OverridingPublisher(publisher, log);
    this.#loader = new OverridesLoader({
      ...options,
      publisher: this.publisher,
      readAgain: () => this.#source.refresh(),
      ...onChange && { onChange },
    });
    this.#source = new FileSource({
      ...options,
      maxBytes: MAX_OVERRIDES_BYTES,
      companions: gate.companions,
      words: OVERRIDES_WORDS,
      onContent: (content) => this.#loader.reload(content),
      onMissing: () => {
        gate.forget();
        return this.#loader.clear();
      },
    });
  }

  /** Status of the overrides. */
  get status(): OverridesStatus {
    const { lastError } = this.#source;
    const { mode, ...trust } = this.#gate.status;
    return {
      ...this.#loader.status,
      ...lastError && { lastError },
      ...mode !== "off" && { trust: { mode, ...trust } },
    };
  }

  /**
   * Reads the file for the first time, if it is there.
   *
   * @throws {SourceError} When it cannot be read.
   * @throws {LoadError} When anything in it is not as it should be.
   * @throws {TransientError} When it cannot be read yet.
   */
  read(): Promise<void> {
    return this.#source.read((content) => this.#loader.load(content));
  }

  /** Begins to follow the file. */
  start(): void {
    this.#source.start();
  }

  /**
   * Reads the file now, whether or not it looks changed.
   *
   * @returns When what it says is in effect.
   */
  refresh(): Promise<void> {
    const isRefused = this.#loader.status.lastError !== undefined;
    return this.#source.refresh(isRefused && this.#gate.isAsking);
  }

  /** Stops following without waiting for anything; see {@linkcode FileSource.stop}. */
  stop(): void {
    this.#source.stop();
    this.#end();
  }

  /** Stops following and closes the watch; see {@linkcode FileSource.close}. */
  close(): Promise<void> {
    this.#end();
    return this.#source.close();
  }

  #end(): void {
    this.#gate.close();
    this.#loader.close();
  }
}
