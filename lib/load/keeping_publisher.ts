import type { EnvironmentChange, StoredEnvironment } from "../store/mod.ts";
import type { LoadedEnvironment } from "./load_archive.ts";
import type { EnvironmentUse, Publisher } from "./publisher.ts";

/** Publisher that keeps what was served before the last change, until {@linkcode KeepingPublisher.release}. */
export class KeepingPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #onPublished: () => void;
  #previous: ReadonlyMap<string, StoredEnvironment> | undefined;

  /**
   * Wraps a publisher.
   *
   * @param publisher Publisher of what is to be served.
   * @param onPublished Called right after each time. @default {nothing happens}
   */
  constructor(publisher: Publisher, onPublished: () => void = () => {}) {
    this.#publisher = publisher;
    this.#onPublished = onPublished;
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
    if (before.length > 0 && changes.length > 0) {
      this.#previous = new Map(before.map((environment) => [environment.id, environment]));
    }
    this.#onPublished();
    return changes;
  }

  /** Forgets what was served before: its memory is needed. */
  release(): void {
    this.#previous = undefined;
  }
}
