import type { Log } from "../observe/mod.ts";
import type { Payload, Snapshot } from "../snapshot/mod.ts";
import type { Budget } from "./budget.ts";
import type { PaceLimits } from "./_pace.ts";
import type { Reader } from "./_reader.ts";

/**
 * Minimum memory that slow clients may keep of superseded versions of one environment. Cutting them off below it gains nothing.
 *
 * @limit bytes: above this and the size of the current version, clients with the oldest are cut off
 */
const MIN_SUPERSEDED_BYTES = 1024 ** 2;

/** Clients that still read one superseded version of an environment. */
interface Version {
  payload: Payload;
  bytes: number;
  readers: Reader[];
}

/**
 * Clients that have not read everything that was written to them, and those that keep a version in memory for another reason. Cuts
 * off those that others must not wait for. A client that is ready and idle is not among them, and costs nothing here.
 */
export class Readers {
  readonly #limits: PaceLimits;
  readonly #log: Log;
  readonly #active = new Set<Reader>();
  /** Order in which versions were first delivered, as a number that rises. */
  readonly #ages = new WeakMap<Payload, number>();
  #versions = 0;

  /**
   * Creates an empty collection.
   *
   * @param limits Limits on slow clients.
   * @param log Log of the clients that are cut off.
   */
  constructor(limits: PaceLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /**
   * Starts to watch a client.
   *
   * @param reader The reader: it is busy, or about to be.
   * @param held Version that it keeps in memory, if any.
   */
  add(reader: Reader, held?: Snapshot): void {
    reader.held = held;
    this.#active.add(reader);
    if (held && !this.#ages.has(held.all)) this.#ages.set(held.all, this.#versions++);
  }

  /**
   * Stops watching a client: it is ready, or has disconnected.
   *
   * @param reader The reader.
   */
  delete(reader: Reader): void {
    reader.held = undefined;
    this.#active.delete(reader);
  }

  /** Cuts off the clients that have fallen below the minimum rate. */
  closeStalled(): void {
    const now = performance.now();
    for (const reader of this.#active) {
      if (!reader.isReady && reader.pace.isBehind(this.#limits, now)) {
        this.#cut(reader, "Client stopped reading (stalled): closed its connection");
      }
    }
  }

  /**
   * Makes room in a budget for which others wait: cuts off clients that have used up their slack, slowest first.
   *
   * @param budget The budget.
   */
  relieve(budget: Budget): void {
    if (budget.shortage === 0) return;
    const now = performance.now();
    const slowestFirst = [...this.#active]
      .filter(({ charge, pace }) => charge?.budget === budget && pace.hasHadSlack(this.#limits, now))
      .sort((a, b) => a.pace.rateAt(now) - b.pace.rateAt(now));
    for (const reader of slowestFirst) {
      if (budget.shortage === 0) return;
      this.#cut(reader, "Closed the connection of a slow client: memory for results is short");
    }
  }

  /**
   * Cuts off clients with superseded versions, oldest first, until the rest takes no more than one current version.
   *
   * @param find Returns the current version of an environment.
   */
  closeSuperseded(find: (environmentId: string) => Snapshot | undefined): void {
    for (const [environmentId, versions] of this.#listSuperseded(find)) {
      const oldestFirst = [...versions.values()]
        .sort((a, b) => this.#ages.get(a.payload)! - this.#ages.get(b.payload)!);
      const current = find(environmentId);
      // The newest one always stays, so that nobody is cut off just because an environment has become smaller.
      const newest = oldestFirst.at(-1)!.bytes;
      const allowance = Math.max(MIN_SUPERSEDED_BYTES, newest, current ? current.byteLength : 0);
      let total = oldestFirst.reduce((sum, { bytes }) => sum + bytes, 0);
      for (const { bytes, readers } of oldestFirst) {
        if (total <= allowance) break;
        total -= bytes;
        for (const reader of readers) {
          this.#cut(
            reader,
            "Closed the connection of a slow client: it still read data that reloads have replaced",
          );
        }
      }
    }
  }

  /**
   * Cuts off a client for whose update no memory has become free.
   *
   * @param reader The reader.
   */
  closeUntold(reader: Reader): void {
    this.#cut(reader, "Closed a stream that had to be updated: memory for results is short");
  }

  #cut(reader: Reader, message: string): void {
    this.#log.warn(message, { environment: reader.environmentId });
    reader.close();
  }

  #listSuperseded(find: (environmentId: string) => Snapshot | undefined): Map<string, Map<Payload, Version>> {
    const environments = new Map<string, Map<Payload, Version>>();
    for (const reader of this.#active) {
      const { environmentId, held } = reader;
      if (!held || held.all === find(environmentId)?.all) continue;
      const versions = environments.getOrInsertComputed(environmentId, () => new Map());
      const version = versions.getOrInsertComputed(held.all, newVersion);
      version.bytes = held.byteLength;
      version.readers.push(reader);
    }
    return environments;
  }
}

function newVersion(payload: Payload): Version {
  return { payload, bytes: 0, readers: [] };
}
