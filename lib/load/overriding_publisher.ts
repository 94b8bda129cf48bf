import type { Log } from "../observe/mod.ts";
import { type PreparedSnapshot, Snapshot } from "../snapshot/mod.ts";
import type { EnvironmentChange, StoredEnvironment } from "../store/mod.ts";
import { createPause } from "../wire/mod.ts";
import type { LoadedEnvironment } from "./load_archive.ts";
import { buildOverlay } from "./overlay.ts";
import type { EnvironmentOverrides, Overrides } from "./overrides.ts";
import { type EnvironmentUse, type Publisher, toCurrent } from "./publisher.ts";

/** What the archive has of an environment, and what of it is overridden. */
interface State {
  /** Data of the archive; absent where there never was any. */
  base?: PreparedSnapshot;
  /** The same as a snapshot, where it is not what is served. */
  snapshot?: Snapshot;
  /** Overrides that are in effect. */
  overrides?: EnvironmentOverrides;
}

/** An environment on its way to the publisher, and its state when it is there. */
interface Step {
  outgoing: LoadedEnvironment;
  state: State;
}

/**
 * Publisher that puts overrides over each archive. Whoever compares archives sees them without. Environments without overrides are
 * passed on as they come.
 */
export class OverridingPublisher implements Publisher {
  readonly #publisher: Publisher;
  readonly #log: Log;
  /** By environment ID; `undefined` before the first archive. */
  #states: ReadonlyMap<string, State> | undefined;
  #overrides: Overrides = new Map();
  /** End of what is under way: archives and overrides are published one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Wraps a publisher.
   *
   * @param publisher Publisher of what is to be served.
   * @param log Log.
   */
  constructor(publisher: Publisher, log: Log) {
    this.#publisher = publisher;
    this.#log = log;
  }

  /** See {@linkcode Publisher}. Their snapshots are those of the archive. */
  get environments(): readonly StoredEnvironment[] {
    return this.#publisher.environments.map((environment) => {
      const snapshot = this.#states?.get(environment.id)?.snapshot;
      return snapshot ? { ...environment, snapshot } : environment;
    });
  }

  /** See {@linkcode Publisher}. */
  listUses(): Promise<ReadonlyMap<string, EnvironmentUse>> {
    return this.#publisher.listUses();
  }

  /**
   * Reports whether overrides of an environment are in effect.
   *
   * @param id ID of the environment.
   * @returns Whether they are served: not before there is data of the environment.
   */
  isOverridden(id: string): boolean {
    return this.#states?.get(id)?.overrides !== undefined;
  }

  /** See {@linkcode Publisher}. */
  publish(loaded: readonly LoadedEnvironment[]): Promise<EnvironmentChange[]> {
    return this.#inTurn(async () => {
      const changes = await this.#pass(await this.#prepare(loaded, this.#overrides));
      this.#warnOfUnknown();
      return changes;
    });
  }

  /**
   * Has overrides take effect in place of those before: at once, and over archives to come.
   *
   * @param overrides All overrides that hold.
   * @returns When they are served.
   */
  setOverrides(overrides: Overrides): Promise<void> {
    return this.#inTurn(async () => {
      const current = this.#publisher.environments.map(toCurrent);
      const steps = await this.#prepare(current, overrides);
      if (steps.values().some(({ outgoing }) => "prepared" in outgoing)) await this.#pass(steps);
      this.#overrides = overrides;
      this.#warnOfUnknown();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #prepare(loaded: readonly LoadedEnvironment[], overrides: Overrides): Promise<Map<string, Step>> {
    const steps = new Map<string, Step>();
    for (const environment of loaded) {
      const { id } = environment;
      steps.set(id, await this.#prepareOne(environment, this.#states?.get(id), overrides.get(id)));
    }
    return steps;
  }

  async #prepareOne(
    loaded: LoadedEnvironment,
    before: State | undefined,
    overrides: EnvironmentOverrides | undefined,
  ): Promise<Step> {
    const { id } = loaded;
    const fault = "fault" in loaded ? loaded.fault : undefined;
    const isNew = "prepared" in loaded;
    const base = isNew ? loaded.prepared : before?.base && withMetadata(before.base, loaded);
    const state: State = { ...base && { base } };
    if (!base) return { outgoing: loaded, state };
    const isSame = !isNew && before?.overrides?.digest === overrides?.digest;
    const rebuilt = { id, source: "", warnings: [], ...fault !== undefined && { keptFault: fault } };
    if (!overrides) return { outgoing: isNew || isSame ? loaded : { ...rebuilt, prepared: base }, state };
    const snapshot = isNew || !before?.snapshot
      ? Snapshot.from(base)
      : before.snapshot.withMetadata(base.metadata);
    const overridden = { ...state, snapshot, overrides };
    if (isSame) return { outgoing: loaded, state: overridden };
    const prepared = await buildOverlay(snapshot, overrides, createPause());
    for (const error of prepared.faults.filter((fault) => !base.faults.includes(fault))) {
      this.#log.warnOnce("Flags or segments are malformed with the overrides", { environment: id, error });
    }
    return { outgoing: { ...rebuilt, prepared }, state: overridden };
  }

  async #pass(steps: ReadonlyMap<string, Step>): Promise<EnvironmentChange[]> {
    const changes = await this.#publisher.publish([...steps.values().map(({ outgoing }) => outgoing)]);
    this.#states = new Map(
      steps.entries().map(([id, { outgoing, state }]) => {
        // What serves several threads has put the buffers into shared memory: no second copy is kept.
        const isBase = "prepared" in outgoing && !state.overrides;
        return [id, isBase ? { ...state, base: outgoing.prepared } : state];
      }),
    );
    return changes;
  }

  #warnOfUnknown(): void {
    if (!this.#states) return;
    for (const environment of this.#overrides.keys()) {
      if (this.#states.has(environment)) continue;
      this.#log.warnOnce(
        "Overrides are for an environment that the archive does not have; they take effect when one has it",
        { environment },
      );
    }
  }
}

function withMetadata(base: PreparedSnapshot, loaded: LoadedEnvironment): PreparedSnapshot {
  return "unchanged" in loaded ? { ...base, metadata: loaded.unchanged } : base;
}
