import type { Credential } from "../model/mod.ts";
import { type Log, type LogFields, obscureKey } from "../observe/mod.ts";
import type { Clock } from "../source/mod.ts";
import type { EnvironmentChange, StoredEnvironment } from "../store/mod.ts";
import { nameOf } from "./_load_log.ts";

/** Longest time between two looks for expired keys: ms. The system time may be set meanwhile. */
const LOOK_INTERVAL = 60_000;

/** Latest time that a `Date` can be: ms since epoch. */
const LATEST = 8.64e15;

/** Options for {@linkcode KeyAudit}. */
export interface KeyAuditOptions {
  /** Log. */
  log: Log;
  /** The clock. */
  clock: Clock;
  /** Lists the environments that are served. */
  list(): readonly StoredEnvironment[];
}

/**
 * Logs as audit events which SDK keys and mobile keys are accepted from now on, and which no longer. Environments that come or go
 * with all their keys have a line of their own elsewhere.
 */
export class KeyAudit {
  readonly #options: KeyAuditOptions;
  /** Time up to which expiries have been logged: ms since epoch. */
  #time: number;
  #waiting = new AbortController();
  #isClosed = false;

  /**
   * Creates it; nothing is looked for yet.
   *
   * @param options Log, clock and environments.
   */
  constructor(options: KeyAuditOptions) {
    this.#options = options;
    this.#time = options.clock.now();
  }

  /** Logs the keys that have expired since it was last called. To be called before a swap, since the keys may be gone after it. */
  noteExpired(): void {
    const { log, clock, list } = this.#options;
    const since = this.#time;
    this.#time = clock.now();
    for (const environment of list()) {
      for (const key of keysOf(environment)) {
        const { expiry = Infinity } = key.credential;
        if (since <= expiry && expiry < this.#time) log.info("A key has expired", describe(key));
      }
    }
  }

  /**
   * Logs what a swap has changed, and waits for the next key to expire.
   *
   * @param changes The changes of environments.
   * @param isFirst Whether it was the first one: it is an event of its own.
   */
  noteChanges(changes: readonly EnvironmentChange[], isFirst: boolean): void {
    for (const change of isFirst ? [] : changes) {
      const { before, after } = change;
      if (after && (before || after.fault !== undefined)) this.#compare(before, after);
    }
    this.#wait();
  }

  /** Ends it: a load that is under way is still logged, and nothing is waited for. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.abort();
  }

  #compare(before: StoredEnvironment | undefined, after: StoredEnvironment): void {
    const { log } = this.#options;
    const [old, now] = [this.#listAccepted(before), this.#listAccepted(after)];
    for (const [id, key] of old) if (!now.has(id)) log.info("Revoked a key", describe(key));
    for (const [id, key] of now) {
      const known = old.get(id);
      if (!known) log.info("Added a key", describe(key));
      else if (known.credential.expiry !== key.credential.expiry) {
        log.info("Changed the expiry of a key", describe(key));
      }
    }
  }

  #listAccepted(environment: StoredEnvironment | undefined): Map<string, Key> {
    const accepted = keysOf(environment).filter(({ credential }) =>
      (credential.expiry ?? Infinity) >= this.#time
    );
    return new Map(accepted.map((key) => [`${key.kind} ${key.credential.value}`, key]));
  }

  #wait(): void {
    if (this.#isClosed) return;
    const { clock, list } = this.#options;
    this.#waiting.abort();
    const { signal } = this.#waiting = new AbortController();
    const next = list().flatMap(keysOf).reduce(
      (next, { credential: { expiry = Infinity } }) => expiry >= this.#time && expiry < next ? expiry : next,
      Infinity,
    );
    if (next === Infinity) return;
    const pause = Math.min(Math.max(next + 1 - clock.now(), 0), LOOK_INTERVAL);
    clock.sleep(pause, signal).then(() => {
      if (signal.aborted) return;
      this.noteExpired();
      this.#wait();
    });
  }
}

/** A key and where it belongs. */
interface Key {
  environment: StoredEnvironment;
  kind: "sdk" | "mobile";
  credential: Credential;
}

function keysOf(environment: StoredEnvironment | undefined): Key[] {
  if (!environment?.metadata) return [];
  const { sdkKeys, mobileKeys } = environment.metadata;
  return [
    ...sdkKeys.map((credential) => ({ environment, kind: "sdk" as const, credential })),
    ...mobileKeys.map((credential) => ({ environment, kind: "mobile" as const, credential })),
  ];
}

function describe({ environment, kind, credential: { value, expiry } }: Key): LogFields {
  return {
    environment: environment.id,
    name: nameOf(environment.metadata),
    kind,
    key: obscureKey(value),
    expiry: expiry === undefined ? "none" : new Date(Math.min(expiry, LATEST)).toISOString(),
    audit: "key",
  };
}
