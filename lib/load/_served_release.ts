import type { Log, TrustStatus } from "../observe/mod.ts";
import type { Clock } from "../source/mod.ts";
import { findStaleTime, type Manifest, type Signer } from "../trust/mod.ts";

/** What is served, as it was judged. */
export interface Judged {
  /** Its manifest; absent where it is served although rules are broken. */
  manifest?: Manifest;
  /** Who has signed it. */
  signers: readonly Signer[];
  /** Rules that are broken. */
  problems: readonly string[];
}

/** Options for {@linkcode ServedRelease}. */
export interface ServedReleaseOptions {
  /** Path of the file, and what is in it, for messages. */
  path: string;
  what: string;
  /** Age at which it is stale: ms. @default {its `notAfter` alone counts} */
  maxAge: number | undefined;
  log: Log;
  clock: Clock;
}

/** Time between two looks whether what is served has become stale: ms. The clock may be set. */
const STALE_CHECK_INTERVAL = 60_000;

/** The release that is served: what is said of it, and the alarm once it is stale. */
export class ServedRelease {
  readonly #options: ServedReleaseOptions;
  #judged: Judged | undefined;
  /** Ends the wait for it to become stale. */
  #waiting = new AbortController();

  constructor(options: ServedReleaseOptions) {
    this.#options = options;
  }

  /** What is wrong with it. */
  get problems(): readonly string[] {
    return this.#judged?.problems ?? [];
  }

  /** Who vouches for it, and until when. */
  get status(): Omit<TrustStatus, "mode" | "problems"> {
    const { manifest, signers } = this.#judged ?? {};
    const { clock, maxAge } = this.#options;
    return {
      ...signers && {
        signers: signers.map(({ principals, fingerprint }) => ({
          ...principals && { principals },
          fingerprint,
        })),
      },
      ...manifest && {
        version: manifest.version,
        epoch: manifest.epoch,
        audience: manifest.audience,
        created: manifest.created,
        notAfter: manifest.notAfter,
        stale: clock.now() > findStaleTime(manifest, maxAge),
        ...manifest.sourceNote !== undefined && { sourceNote: manifest.sourceNote },
      },
    };
  }

  /** Another one takes its place; `undefined`: none that was judged. */
  replace(judged: Judged | undefined): void {
    this.#waiting.abort();
    this.#judged = judged;
    if (!judged) return;
    const { path, what, log } = this.#options;
    const { manifest, signers, problems } = judged;
    if (manifest) {
      const { version, epoch, audience, notAfter } = manifest;
      log.info(`Verified the ${what}`, {
        path,
        version,
        epoch,
        audience,
        signers: signers.map(({ principals = "cosign", fingerprint }) => `${principals} ${fingerprint}`)
          .join(", "),
        notAfter: new Date(notAfter).toISOString(),
      });
      this.#waiting = new AbortController();
      this.#awaitStale(manifest, this.#waiting.signal);
    }
    if (problems.length > 0) {
      log.warn(`TRUST_MODE=require would refuse the ${what}`, { path, problems: problems.join("; ") });
    }
  }

  /** Ends the wait for it to become stale. */
  close(): void {
    this.#waiting.abort();
  }

  async #awaitStale(manifest: Manifest, signal: AbortSignal): Promise<void> {
    const { path, what, maxAge, log, clock } = this.#options;
    const staleTime = findStaleTime(manifest, maxAge);
    for (let now = clock.now(); now <= staleTime; now = clock.now()) {
      await clock.sleep(Math.min(staleTime - now + 1, STALE_CHECK_INTERVAL), signal);
      if (signal.aborted) return;
    }
    log.error(`The ${what} is stale: it is served on, bring a newer release`, {
      path,
      version: manifest.version,
      epoch: manifest.epoch,
      goodUntil: new Date(staleTime).toISOString(),
    });
  }
}
