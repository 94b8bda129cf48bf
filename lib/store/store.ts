import type { Credential, EnvironmentMetadata } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";

/** What a client identifies itself with. A key is looked up by kind: an SDK key is no mobile key. */
export type CredentialKind = "sdk" | "mobile" | "environment";

/** An environment as it is served. Never changed once made; a reload makes a new one. */
export interface StoredEnvironment {
  /** Client-side ID. */
  readonly id: string;
  /** What is served; absent while there is nothing good to serve (clients get 503). */
  readonly snapshot?: Snapshot;
  /** Who it is and who may read it: of the snapshot if there is one. Absent when it never could be read. */
  readonly metadata?: EnvironmentMetadata;
  /** What was wrong with it in the newest archive, if that is not what is served. */
  readonly fault?: string;
  /** When it was first served: ms since epoch. */
  readonly since: number;
}

/** An environment out of a newly read archive: either ready to serve, or with a fault. */
export type NewEnvironment =
  | { id: string; snapshot: Snapshot }
  | { id: string; metadata?: EnvironmentMetadata; fault: string };

/** One environment before and after a swap; without `before` it is new, without `after` it is gone. */
export interface EnvironmentChange {
  /** Client-side ID. */
  id: string;
  /** As it was. */
  before?: StoredEnvironment;
  /** As it is. */
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
 * Holds what is served now: environments, and which credential opens which. All of it is swapped in one assignment, so a
 * request that has looked up its environment sees one version from start to end.
 */
export class Store {
  #tables: Tables | undefined;
  readonly #now: () => number;

  /**
   * Makes a store that serves nothing yet.
   *
   * @param now The clock: ms since epoch.
   */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Whether any archive has been loaded. Before that every credential may be a good one. */
  get ready(): boolean {
    return this.#tables !== undefined;
  }

  /** The environments, in ascending order of ID. */
  get environments(): StoredEnvironment[] {
    return [...this.#tables?.environments.values() ?? []];
  }

  /** One environment by its client-side ID. */
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
    return access === undefined || this.#now() > access.expiry ? undefined : access.environment;
  }

  /** How long until the next key expires: ms, `Infinity` when none will. */
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
   * An environment with a fault keeps what it had, keys included; environments that are not in the archive are gone.
   *
   * @param loaded The archive's environments.
   * @returns What changed, in ascending order of ID; environments that stayed as they were are not in it.
   */
  replace(loaded: NewEnvironment[]): EnvironmentChange[] {
    const before = this.#tables?.environments ?? new Map<string, StoredEnvironment>();
    const after = new Map<string, StoredEnvironment>();
    for (const environment of loaded.toSorted((a, b) => a.id < b.id ? -1 : 1)) {
      after.set(environment.id, merge(environment, before.get(environment.id), this.#now()));
    }
    this.#tables = buildTables(after);
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
    const { snapshot } = loaded;
    if (old !== undefined && old.snapshot === snapshot && old.fault === undefined) return old;
    return { id, snapshot, metadata: snapshot.metadata, since: old?.snapshot ? old.since : now };
  }
  if (old?.snapshot) return { ...old, fault: loaded.fault };
  return { id, ...(loaded.metadata && { metadata: loaded.metadata }), fault: loaded.fault, since: now };
}

/** Environments with a fault go first: where a key has moved from one of them to a good one, the good one has it. */
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
