import type { EnvironmentChange, StoredEnvironment } from "../store/mod.ts";
import type { LoadedEnvironment } from "./load_archive.ts";
import type { EnvironmentUse, Publisher } from "./publisher.ts";

/** Options for {@linkcode KeepingPublisher}. */
export interface KeepingOptions {
  /** Called right after each time that something was published. @default {nothing happens} */
  onPublished?: () => void;
  /** Reports whether there is memory for what is kept, which is in it already. @default {always} */
  hasRoom?: () => boolean;
}

/** Publisher that keeps what was served before the last change, until its memory is needed. */
export class KeepingPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #options: KeepingOptions;
  #previous: ReadonlyMap<string, StoredEnvironment> | undefined;

  /**
   * Wraps a publisher.
   *
   * @param publisher Publisher of what is to be served.
   * @param options Who is told, and whether there is memory.
   */
  constructor(publisher: Publisher, options: KeepingOptions = {}) {
    this.#publisher = publisher;
    this.#options = options;
  }

  /** What was served before the last change, by environment ID; `undefined` where there was nothing, or it is not kept any more. */
  get previous(): ReadonlyMap<string, StoredEnvironment> | undefined {
    return this.#previous;
  }

  /** See {@linkcode Publisher}. */
  get environments(): readonly StoredEnvironment[] {
    return this.#publisher.environments;
  }

  /** See {@linkcode Publisher}. */
  listUses(): Promise<ReadonlyMap<string, EnvironmentUse>> {
    return this.#publisher.listUses();
  }

  /** See {@linkcode Publisher}. */
  async publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]> {
    const before = this.environments;
    const changes = await this.#publisher.publish(loaded);
    const { hasRoom, onPublished } = this.#options;
    if (before.length > 0 && changes.length > 0) {
      // First in place of what was kept until now, whose memory is then free.
      this.#previous = new Map(before.map((environment) => [environment.id, environment]));
      if (hasRoom && !hasRoom()) this.release();
    }
    onPublished?.();
    return changes;
  }

  /** Forgets what was served before: its memory is needed. */
  release(): void {
    this.#previous = undefined;
  }
}
