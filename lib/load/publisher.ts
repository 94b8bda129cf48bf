import { extendHistory, Snapshot } from "../snapshot/mod.ts";
import type { EnvironmentChange, NewEnvironment, Store, StoredEnvironment } from "../store/mod.ts";
import { createPause } from "../wire/mod.ts";
import type { LoadedEnvironment } from "./load_archive.ts";

/** Destination of loaded archives. */
export interface Publisher {
  /** Environments that are served; empty before the first archive. */
  readonly environments: readonly StoredEnvironment[];
  /**
   * Lists what clients use of each environment: the next version has it ready.
   *
   * @returns The uses by environment ID.
   */
  listUses(): Promise<ReadonlyMap<string, EnvironmentUse>>;
  /**
   * Publishes an archive in place of the one before, all environments together.
   *
   * @param loaded The archive's environments, prepared against what is served.
   * @returns The changes, in ascending order of ID.
   */
  publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]>;
}

/**
 * Returns an environment as an archive has it that changes nothing of it, its fault included.
 *
 * @param environment The environment as it is served.
 * @returns The same, to be published again.
 */
export function toCurrent({ id, metadata, fault }: StoredEnvironment): LoadedEnvironment {
  return fault === undefined
    ? { id, unchanged: metadata!, source: "" }
    : { id, fault, ...metadata && { metadata } };
}

/** Use that clients make of an environment. */
export interface EnvironmentUse {
  /** Documents that they have requested compressed. */
  compressed: Snapshot["compressed"];
  /** Number of threads in which it is evaluated, and so compiled. */
  evaluations: number;
}

/** Options for {@linkcode StorePublisher.stage}: ms since epoch. */
export interface StageTimes {
  /** The time. @default {that of the store} */
  now?: number;
  /** Times at which environments were first served, by ID. @default {known to the store, or now} */
  since?: ReadonlyMap<string, number>;
}

/** Publisher that writes to one store. */
export class StorePublisher implements Publisher {
  readonly #store: Store;
  readonly #onSwap: () => void;

  /**
   * Wraps a store.
   *
   * @param store The store; nothing else writes to it.
   * @param onSwap Called right after each swap. @default {nothing happens}
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
  listUses(): Promise<ReadonlyMap<string, EnvironmentUse>> {
    const uses = new Map<string, EnvironmentUse>();
    for (const { id, snapshot } of this.environments) {
      if (!snapshot) continue;
      const { compressed, isCompiled } = snapshot;
      uses.set(id, { compressed, evaluations: isCompiled ? 1 : 0 });
    }
    return Promise.resolve(uses);
  }

  /** See {@linkcode Publisher}. */
  async publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]> {
    const changes = await this.stage(loaded);
    this.#store.swap();
    this.#onSwap();
    return changes;
  }

  /**
   * Prepares the next swap of the store.
   *
   * @param loaded The archive's environments, prepared against what is served.
   * @param times Times that are not to be this store's own.
   * @returns The changes, in ascending order of ID.
   */
  async stage(
    loaded: readonly LoadedEnvironment[],
    { now, since }: StageTimes = {},
  ): Promise<EnvironmentChange[]> {
    const environments: NewEnvironment[] = [];
    for (const environment of loaded) {
      const assembled = await this.#assemble(environment);
      const time = since?.get(assembled.id);
      environments.push(time === undefined ? assembled : { ...assembled, since: time });
    }
    return this.#store.stage(environments, now);
  }

  /**
   * Creates the snapshot. It is compiled before it is served if the previous one is evaluated, so that nobody waits after the swap.
   */
  async #assemble(loaded: LoadedEnvironment): Promise<NewEnvironment> {
    const { id } = loaded;
    const previous = this.#store.get(id)?.snapshot;
    if ("unchanged" in loaded) return { id, snapshot: previous!.withMetadata(loaded.unchanged) };
    if (!("prepared" in loaded)) return loaded;
    const { prepared, keptFault } = loaded;
    const snapshot = Snapshot.from(prepared, previous);
    if (previous) snapshot.history = await extendHistory(previous, snapshot, createPause());
    if (previous?.isCompiled) await snapshot.compile(createPause());
    return { id, snapshot, ...keptFault !== undefined && { keptFault } };
  }
}
