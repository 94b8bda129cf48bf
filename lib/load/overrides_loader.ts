import type { Log, LogFields, OverridesStatus } from "../observe/mod.ts";
import {
  type Clock,
  type FileContent,
  IncompleteError,
  LoadError,
  MACHINE_CLOCK,
  TransientError,
} from "../source/mod.ts";
import { createPause } from "../wire/mod.ts";
import { type EnvironmentOverrides, type Overrides, parseOverrides } from "./overrides.ts";
import type { Gate } from "./gate.ts";
import type { OverridingPublisher } from "./overriding_publisher.ts";

/** Longest time between two looks whether overrides have expired: ms. The system time may be set meanwhile. */
const LOOK_INTERVAL = 60_000;

/** Most keys that a line of the log lists of the flags, or of the segments, that are overridden. `/status` has all. @limit keys: the rest is counted */
const MAX_LISTED_KEYS = 100;

/** Options for {@linkcode OverridesLoader}. */
export interface OverridesLoaderOptions {
  /** Path of the file, for messages. */
  path: string;
  /** Publisher that puts overrides over archives. */
  publisher: OverridingPublisher;
  /** Decides which files may be loaded. @default {all may} */
  gate?: Gate;
  /** Log. */
  log: Log;
  /** Reads the file anew and hands its content to `reload`: called when a load that failed for a passing reason is to be retried. */
  readAgain?: () => void;
  /** Called when the status has changed. @default {nothing happens} */
  onChange?: () => void;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** Loads files of overrides, has them take effect, and ends them when their time is over. */
export class OverridesLoader {
  readonly #options: OverridesLoaderOptions;
  readonly #clock: Clock;
  #overrides: Overrides = new Map();
  /** Those that had not expired at the last look. */
  #current: Overrides = new Map();
  #status: Omit<OverridesStatus, "environments">;
  /** Whether the publisher could not take the overrides. */
  #isBehind = false;
  /** End of what is under way. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = new AbortController();
  /** Logs what has been read, once it is in effect. */
  #announce: (() => void) | undefined;
  /** Ends the wait before the file is read again that could not be loaded. */
  #retrying = new AbortController();
  readonly #closing = new AbortController();

  /**
   * Creates a loader without overrides.
   *
   * @param options Path, publisher and log.
   */
  constructor(options: OverridesLoaderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? MACHINE_CLOCK;
    this.#status = { path: options.path };
  }

  /** Status of the overrides. */
  get status(): OverridesStatus {
    const { publisher } = this.#options;
    const environments = [...this.#overrides].map(([id, { flags, segments, until }]) => [id, {
      flags: [...flags.keys()],
      segments: [...segments.keys()],
      ...until !== undefined && { until },
      isApplied: publisher.isOverridden(id),
    }]);
    return { ...this.#status, environments: Object.fromEntries(environments) };
  }

  /**
   * Loads a file, and has it take effect in place of the one before.
   *
   * @param content The file.
   * @throws {LoadError} When anything in it is not as it should be, or it is refused; an `IncompleteError` when parts of it may
   * still be on their way. The overrides before stay in effect.
   * @throws {TransientError} When its release cannot be remembered.
   */
  async load(content: FileContent): Promise<void> {
    const { path, gate } = this.#options;
    this.#retrying.abort();
    const admitted = await gate?.admit(content);
    const overrides = await parseOverrides(content.bytes, path, createPause());
    await admitted?.commit();
    await this.#replace(overrides, content.digest);
  }

  /**
   * Loads a replaced file like {@linkcode OverridesLoader.load}. An invalid one is logged and kept for the status.
   *
   * @param content The file.
   */
  async reload(content: FileContent): Promise<void> {
    try {
      await this.load(content);
    } catch (error) {
      const isUnderWay = error instanceof IncompleteError && !content.isAtRest;
      const isTransient = error instanceof TransientError;
      if (isUnderWay || !(isTransient || error instanceof LoadError)) throw error;
      const { message, hint } = error;
      // A passing failure is logged by what has failed, and once.
      if (!isTransient) {
        this.#options.log.error("Overrides file reload failed, the overrides before stay in effect", {
          error: message,
          hint,
          digest: content.digest,
          audit: "refuse",
        });
      }
      this.#setError(message);
      if (isTransient) {
        this.#retryLater();
        throw error;
      }
    }
  }

  /** Ends all overrides: there is no file any more. */
  clear(): Promise<void> {
    return this.#replace(new Map(), undefined);
  }

  /** Ends it: nothing more expires. */
  close(): void {
    this.#closing.abort();
    this.#waiting.abort();
    this.#retrying.abort();
  }

  #replace(overrides: Overrides, digest: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const { path, log } = this.#options;
      const [before, { digest: previousDigest }] = [this.#overrides, this.#status];
      this.#overrides = overrides;
      this.#status = { path, ...digest !== undefined && { digest, loadedAt: this.#clock.now() } };
      const isThere = digest !== undefined;
      const message = isThere
        ? `${previousDigest === undefined ? "Loaded" : "Reloaded"} overrides`
        : "Overrides have ended, there is no overrides file any more";
      if (isThere || previousDigest !== undefined) {
        const listed = list(isThere ? overrides : before);
        this.#announce = () =>
          log.info(message, { path, digest, previousDigest, ...listed, audit: "override" });
      }
      await this.#update();
      for (const [environment, { until }] of overrides) {
        if (this.#holds(until)) continue;
        log.warn("Overrides are not in effect: their time was over when they were read", {
          environment,
          until: formatTime(until!),
        });
      }
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #holds(until = Infinity): boolean {
    return this.#clock.now() < until;
  }

  /** Has the publisher take those that have not expired. What fails is tried again at the next look. */
  async #update(): Promise<void> {
    const { publisher, log, onChange } = this.#options;
    this.#current = new Map(
      [...this.#overrides].filter(([, { until, flags, segments }]) =>
        this.#holds(until) && flags.size + segments.size > 0
      ),
    );
    try {
      await publisher.setOverrides(this.#current);
      if (this.#isBehind) this.#status = omitError(this.#status);
      this.#isBehind = false;
      this.#announce?.();
      this.#announce = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (!this.#isBehind) {
        log.error("Cannot apply overrides; trying again once a minute", { error: message });
      }
      this.#isBehind = true;
      this.#setError(message);
    }
    this.#wait();
    onChange?.();
  }

  #retryLater(): void {
    const { readAgain } = this.#options;
    if (!readAgain || this.#closing.signal.aborted) return;
    const { signal } = this.#retrying = new AbortController();
    this.#clock.sleep(LOOK_INTERVAL, signal).then(() => signal.aborted ? undefined : readAgain());
  }

  #setError(message: string): void {
    this.#status = { ...this.#status, lastError: { message, time: this.#clock.now() } };
    this.#options.onChange?.();
  }

  /** Waits for the next ones to expire. Those that have expired are looked at too: the system time may be set back. */
  #wait(): void {
    this.#waiting.abort();
    if (this.#closing.signal.aborted) return;
    const times = [...this.#overrides.values()].flatMap(({ until }) => until ?? []);
    if (times.length === 0 && !this.#isBehind) return;
    const { signal } = this.#waiting = new AbortController();
    const now = this.#clock.now();
    const next = Math.min(...times.filter((until) => until > now));
    this.#clock.sleep(Math.min(next - now, LOOK_INTERVAL), signal).then(() => {
      if (!signal.aborted) return this.#inTurn(() => this.#look());
    });
  }

  async #look(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { log } = this.#options;
    const before = this.#current;
    await this.#update();
    for (const [environment, overrides] of this.#overrides) {
      const [was, is] = [before.has(environment), this.#current.has(environment)];
      if (was === is || overrides.until === undefined) continue;
      const fields = {
        environment,
        until: formatTime(overrides.until),
        ...list(new Map([[environment, overrides]])),
        audit: "override" as const,
      };
      if (was) log.info("Overrides have expired", fields);
      else log.info("Overrides are in effect again: the system time was set back", fields);
    }
  }
}

function omitError({ lastError: _, ...status }: Omit<OverridesStatus, "environments">): typeof status {
  return status;
}

/** Lists what is overridden, for the log: `e1/checkout,e1/search`. */
function list(overrides: ReadonlyMap<string, EnvironmentOverrides>): LogFields {
  function join(kind: "flags" | "segments"): string {
    const keys = [...overrides].flatMap(([id, { [kind]: items }]) =>
      [...items.keys()].map((key) => `${id}/${key}`)
    );
    const rest = keys.length - MAX_LISTED_KEYS;
    return [...keys.slice(0, MAX_LISTED_KEYS), ...rest > 0 ? [`${rest} more`] : []].join(",") || "none";
  }
  return { environments: overrides.size, flags: join("flags"), segments: join("segments") };
}

function formatTime(time: number): string {
  return new Date(time).toISOString();
}
