import type { Credential, EnvironmentMetadata } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";

/** Kind of a credential. Keys are looked up by kind: an SDK key is not a mobile key. */
export type CredentialKind = "sdk" | "mobile" | "environment";

/** An environment as it is served. Immutable; a reload creates a new one. */
export interface StoredEnvironment {
  /** Client-side ID. */
  readonly id: string;
  /** Snapshot that is served; absent while there is no valid data (clients get 503). */
  readonly snapshot?: Snapshot;
  /** Metadata, that of the snapshot if there is one. Absent if it never could be read. */
  readonly metadata?: EnvironmentMetadata;
  /** Fault of the environment in the newest archive; absent if that one is served. */
  readonly fault?: string;
  /** Time at which it was first served: ms since epoch. */
  readonly since: number;
}

/**
 * An environment of a newly read archive: either ready to serve, since a time that may be known, or with a fault. One that is ready may
 * keep the fault that it has in the newest archive, if what is served of it changes for another reason.
 */
export type NewEnvironment =
  | { id: string; snapshot: Snapshot; since?: number; keptFault?: string }
  | { id: string; metadata?: EnvironmentMetadata; fault: string; since?: number };

/** One environment before and after a swap; without `before` it is new, without `after` it is gone. */
export interface EnvironmentChange {
  /** Client-side ID. */
  id: string;
  /** State before. */
  before?: StoredEnvironment;
  /** State after. */
  after?: StoredEnvironment;
}

interface Access {
  environment: StoredEnvironment;
  expiry: number;
}

interface Tables {
  environments: Map<string, StoredEnvironment>;
  sdk: Map<string, Access>;
  mobile: Map<string, Access>;
}

/**
 * Environments that are served now, and the credentials that open them. All of it is swapped in one step, so a request that
 * has looked up its environment sees one version from start to end. Stores of several threads that share a counter are swapped by
 * one step too, all at the same time.
 */
export class Store {
  #served: Tables | undefined;
  #staged: { tables: Tables; swap: number } | undefined;
  readonly #now: () => number;
  readonly #swaps: Int32Array;

  /**
   * Creates a store that serves nothing yet.
   *
   * @param now The clock: ms since epoch.
   * @param swaps Number of swaps so far: one integer, in shared memory where it is that of several stores.
   */
  constructor(now: () => number = Date.now, swaps: Int32Array = new Int32Array(1)) {
    this.#now = now;
    this.#swaps = swaps;
  }

  /** What is served: what was staged, once the swap that it waits for has happened. */
  get #tables(): Tables | undefined {
    if (this.#staged && Atomics.load(this.#swaps, 0) >= this.#staged.swap) {
      this.#served = this.#staged.tables;
      this.#staged = undefined;
    }
    return this.#served;
  }

  /** Whether any archive has been loaded. Before that, any credential may turn out to be valid. */
  get ready(): boolean {
    return this.#tables !== undefined;
  }

  /** The environments, in ascending order of ID. */
  get environments(): StoredEnvironment[] {
    return [...this.#tables?.environments.values() ?? []];
  }

  /** Returns an environment by its client-side ID. */
  get(id: string): StoredEnvironment | undefined {
    return this.#tables?.environments.get(id);
  }

  /**
   * Finds the environment that a credential opens at this moment; an expired key opens none.
   *
   * @param kind What kind of credential it is.
   * @param value The credential as the client sent it.
   * @returns The environment, or `undefined` when the credential is not (or no longer) known.
   */
  find(kind: CredentialKind, value: string): StoredEnvironment | undefined {
    if (kind === "environment") return this.get(value);
    const access = this.#tables?.[kind].get(value);
    if (access === undefined) return undefined;
    return access.expiry === Infinity || this.#now() <= access.expiry ? access.environment : undefined;
  }

  /** Time until the next key expires: ms, `Infinity` if none will. */
  get timeToNextExpiry(): number {
    const now = this.#now();
    let next = Infinity;
    for (const { expiry } of [...this.#tables?.sdk.values() ?? [], ...this.#tables?.mobile.values() ?? []]) {
      if (expiry >= now && expiry < next) next = expiry;
    }
    return next - now;
  }

  /**
   * Swaps in a newly read archive: all environments and credentials together.
   *
   * @param loaded The archive's environments.
   * @returns The changes, in ascending order of ID; unchanged environments are not listed.
   */
  replace(loaded: NewEnvironment[]): EnvironmentChange[] {
    const changes = this.stage(loaded);
    this.swap();
    return changes;
  }

  /** Swaps in what was staged, in every store with this one's counter. */
  swap(): void {
    Atomics.add(this.#swaps, 0, 1);
  }

  /** Serves what was staged in this store alone: those that share its counter do so already. */
  catchUp(): void {
    this.#served = this.#staged?.tables ?? this.#served;
    this.#staged = undefined;
  }

  /**
   * Prepares the next swap; nothing that is served changes.
   *
   * An environment with a fault keeps what it had, keys included; environments that are not in the archive are gone.
   *
   * @param loaded The archive's environments.
   * @param now The time: ms since epoch. @default {that of the clock}
   * @returns The changes, in ascending order of ID; unchanged environments are not listed.
   */
  stage(loaded: readonly NewEnvironment[], now = this.#now()): EnvironmentChange[] {
    const before = this.#tables?.environments ?? new Map<string, StoredEnvironment>();
    const after = new Map<string, StoredEnvironment>();
    for (const environment of loaded.toSorted((a, b) => a.id < b.id ? -1 : 1)) {
      after.set(environment.id, merge(environment, before.get(environment.id), now));
    }
    this.#staged = { tables: buildTables(after), swap: Atomics.load(this.#swaps, 0) + 1 };
    const ids = new Set([...before.keys(), ...after.keys()]);
    return [...ids].sort().flatMap((id) => {
      const [old, now] = [before.get(id), after.get(id)];
      return old === now ? [] : [{ id, ...(old && { before: old }), ...(now && { after: now }) }];
    });
  }
}

function merge(
  loaded: NewEnvironment,
  old: StoredEnvironment | undefined,
  now: number,
): StoredEnvironment {
  const { id } = loaded;
  if ("snapshot" in loaded) {
    const { snapshot, keptFault: fault } = loaded;
    if (old !== undefined && old.snapshot === snapshot && old.fault === fault) return old;
    return {
      id,
      snapshot,
      metadata: snapshot.metadata,
      ...fault !== undefined && { fault },
      since: old?.snapshot ? old.since : loaded.since ?? now,
    };
  }
  if (old?.snapshot) return { ...old, fault: loaded.fault };
  return {
    id,
    ...(loaded.metadata && { metadata: loaded.metadata }),
    fault: loaded.fault,
    since: loaded.since ?? now,
  };
}

/** Builds the tables, environments with a fault first: where a key has moved from one of them to a valid one, the valid one has it. */
function buildTables(environments: Map<string, StoredEnvironment>): Tables {
  const tables: Tables = { environments, sdk: new Map(), mobile: new Map() };
  const faultyFirst = [...environments.values()].toSorted((a, b) => Number(!a.fault) - Number(!b.fault));
  for (const environment of faultyFirst) {
    addKeys(tables.sdk, environment, environment.metadata?.sdkKeys);
    addKeys(tables.mobile, environment, environment.metadata?.mobileKeys);
  }
  return tables;
}

function addKeys(table: Map<string, Access>, environment: StoredEnvironment, keys: Credential[] = []): void {
  for (const { value, expiry } of keys) table.set(value, { environment, expiry: expiry ?? Infinity });
}
