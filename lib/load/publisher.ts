import { Snapshot } from "../snapshot/mod.ts";
import type { EnvironmentChange, NewEnvironment, Store, StoredEnvironment } from "../store/mod.ts";
import { createPause } from "../wire/mod.ts";
import type { LoadedEnvironment } from "./load_archive.ts";

/** Where loaded archives go. */
export interface Publisher {
  /** What is served; empty before the first archive. */
  readonly environments: readonly StoredEnvironment[];
  /**
   * Serves an archive in place of the one before, all environments together.
   *
   * @param loaded The archive's environments, prepared against what is served.
   * @returns What changed, in ascending order of ID.
   */
  publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]>;
}

/** Publishes to one store. */
export class StorePublisher implements Publisher {
  readonly #store: Store;
  readonly #onSwap: () => void;

  /**
   * Wraps a store.
   *
   * @param store The store, which nobody else replaces.
   * @param onSwap Is called right after each swap. @default {nothing happens}
   */
  constructor(store: Store, onSwap: () => void = () => {}) {
    this.#store = store;
    this.#onSwap = onSwap;
  }

  /** See {@linkcode Publisher}. */
  get environments(): readonly StoredEnvironment[] {
    return this.#store.environments;
  }

  /** See {@linkcode Publisher}. */
  async publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]> {
    const environments: NewEnvironment[] = [];
    for (const environment of loaded) environments.push(await this.#assemble(environment));
    const changes = this.#store.replace(environments);
    this.#onSwap();
    return changes;
  }

  /** What is evaluated is compiled before it is served, so that nobody waits for it after the swap. */
  async #assemble(loaded: LoadedEnvironment): Promise<NewEnvironment> {
    const { id } = loaded;
    const previous = this.#store.get(id)?.snapshot;
    if ("unchanged" in loaded) return { id, snapshot: previous!.withMetadata(loaded.unchanged) };
    if (!("prepared" in loaded)) return loaded;
    const snapshot = Snapshot.from(loaded.prepared, previous);
    if (previous?.isCompiled) await snapshot.compile(createPause());
    return { id, snapshot };
  }
}
