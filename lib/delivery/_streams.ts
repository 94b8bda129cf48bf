import type { Snapshot } from "../snapshot/mod.ts";
import { createPause, joinEnds, lengthOf, type Parts } from "../wire/mod.ts";
import type { Budgets, Charged, Making } from "./_budgets.ts";
import type { DeliveryMetrics } from "./_delivery_metrics.ts";
import type { DeliveryOptions } from "./_options.ts";
import type { Readers } from "./_readers.ts";
import type { Stream, StreamListener, Subscription } from "./_stream.ts";
import type { Charge } from "./budget.ts";
import { ChannelEndError } from "./channel.ts";

/** Time for which a slow update (of a context that is costly to evaluate) holds up the streams after it: ms. */
const SLOW_UPDATE = 50;

/** Time for which all such streams together hold up the others in one round: ms. Many may be waiting for memory. */
const UPDATE_PATIENCE = 1000;

/** Comment that keeps proxies and SDKs (which give up after five silent minutes) from closing an idle stream. */
const HEARTBEAT: Parts = [new TextEncoder().encode(":\n\n")];

/** Options for {@linkcode Streams}. */
export interface StreamsOptions
  extends Pick<DeliveryOptions, "store" | "log" | "pingStreamJitterTime" | "random" | "streamCounter"> {
  /** Budgets for what is created for one stream alone. */
  budgets: Budgets;
  /** Collection that watches the streams that are not idle. */
  readers: Readers;
  /** Metrics of streams. */
  metrics: DeliveryMetrics;
}

/** The open streams: it writes to them, and brings each to the current version whenever its client has read everything. */
export class Streams implements StreamListener {
  readonly #options: StreamsOptions;
  readonly #open = new Set<Stream>();
  /** Shared events with their ends joined. */
  readonly #joined = new WeakMap<Parts, Parts>();

  /**
   * Creates an empty collection.
   *
   * @param options Store, log, budgets and the clients' collection.
   */
  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Number of open streams. */
  get size(): number {
    return this.#open.size;
  }

  /** Iterates over the open streams, oldest first. */
  [Symbol.iterator](): Iterator<Stream> {
    return this.#open.values();
  }

  /**
   * Adds a stream.
   *
   * @param stream The new stream.
   * @param first Events that it begins with.
   * @param charge Charge of these events.
   */
  add(stream: Stream, first: Parts, charge: Charge): void {
    stream.subscription.connections?.opened();
    this.#options.metrics.countStream(stream.subscription.credentialKind, 1);
    this.#write(stream, first, charge);
    this.#open.add(stream);
    this.#options.streamCounter?.set(this.#open.size);
  }

  /**
   * Finds the current version for a stream's credential.
   *
   * @param subscription Subscription of the stream.
   * @returns The snapshot, if the credential still opens the environment.
   */
  find({ credentialKind, credential, environmentId }: Subscription): Snapshot | undefined {
    const environment = this.#options.store.find(credentialKind, credential);
    return environment?.id === environmentId ? environment.snapshot : undefined;
  }

  /**
   * Creates a value for a stream; only a private one is charged.
   *
   * @param subscription Subscription of the stream.
   * @param making Steps that create it.
   * @returns The value and its charge; `undefined` when there was no room for too long.
   */
  make<T>(
    { channel, credentialKind }: Subscription,
    making: Omit<Making<T>, "finish">,
  ): Promise<Charged<T> | undefined> {
    const measure = channel.isPrivate ? making.measure : () => 0;
    return this.#options.budgets.make(credentialKind, { ...making, measure, finish: (made: T) => made });
  }

  /**
   * Brings all streams to the current version.
   *
   * @returns When every stream whose client keeps up is there.
   */
  async update(): Promise<void> {
    const updates: Promise<void>[] = [];
    let patience = UPDATE_PATIENCE;
    await this.#visitAll(async (stream) => {
      const { isPrivate, isSpread } = stream.subscription.channel;
      const updating = isSpread ? this.#bringLater(stream) : this.#bring(stream);
      // Shared events are created for the first stream, and need no memory of a budget: thousands of timers would cost more.
      if (!isPrivate || !updating) return updating;
      updates.push(updating);
      patience -= await waitBriefly(updating, Math.min(patience, SLOW_UPDATE));
    });
    await Promise.all(updates);
  }

  /** Sends a comment on each idle stream. */
  async sendHeartbeats(): Promise<void> {
    await this.#visitAll((stream) => {
      if (stream.reader.isReady && !stream.updating) this.#write(stream, HEARTBEAT);
    });
  }

  /** Called by a stream whose client has read everything; the store may have moved on meanwhile. */
  onReady(stream: Stream): void {
    const { waiting } = stream;
    stream.waiting = undefined;
    if (stream.updating) return;
    this.#options.readers.delete(stream.reader);
    if (waiting) this.#write(stream, waiting);
    else if (stream.subscription.channel.isSpread) this.#bringLater(stream);
    else this.#bring(stream);
  }

  /** Called by a stream that has been closed. */
  onGone(stream: Stream): void {
    this.#open.delete(stream);
    const { connections, credentialKind: kind, environmentId: environment } = stream.subscription;
    connections?.closed();
    this.#options.metrics.countStream(kind, -1);
    this.#options.streamCounter?.set(this.#open.size);
    this.#options.readers.delete(stream.reader);
    const durationMs = Math.round(performance.now() - stream.openedAt);
    this.#options.log.debug("Stream closed", { environment, kind, durationMs });
  }

  #write({ reader, snapshot, subscription }: Stream, parts: Parts, charge?: Charge): void {
    this.#options.readers.add(reader, subscription.channel.isSpread ? undefined : snapshot);
    this.#options.metrics.countSent(parts);
    reader.write(this.#joined.getOrInsertComputed(parts, joinEnds), charge);
  }

  /** Visits every stream, and serves requests in between. */
  async #visitAll(visit: (stream: Stream) => void | Promise<void>): Promise<void> {
    const pause = createPause();
    for (const stream of this.#open) {
      await visit(stream);
      await pause();
    }
  }

  /** Moves a stream on at once, so that it does not keep the old version, and updates its client later, once. */
  async #bringLater(stream: Stream): Promise<void> {
    const next = this.#next(stream);
    if (!next) return;
    const before = stream.snapshot;
    stream.snapshot = next;
    const parts = await stream.subscription.channel.update(before, next);
    if (!parts || stream.timer !== undefined || !this.#open.has(stream)) return;
    const { pingStreamJitterTime, random = Math.random } = this.#options;
    stream.timer = setTimeout(() => {
      stream.timer = undefined;
      stream.waiting = parts;
      if (stream.reader.isReady) this.onReady(stream);
    }, pingStreamJitterTime / 2 * (1 + random()));
  }

  /** Brings one stream to the current version, one update after the other, if its client has read everything. */
  #bring(stream: Stream): Promise<void> | undefined {
    if (stream.updating || !stream.reader.isReady) return stream.updating;
    const next = this.#next(stream);
    return next && (stream.updating = this.#bringFrom(stream, next));
  }

  async #bringFrom(stream: Stream, next: Snapshot): Promise<void> {
    const { reader, subscription } = stream;
    const { channel, environmentId: environment } = subscription;
    try {
      for (let target: Snapshot | undefined = next; target && reader.isReady; target = this.#next(stream)) {
        const [before, after] = [stream.snapshot, target];
        this.#options.readers.add(reader, before);
        const update = await this.make(subscription, {
          make: () => channel.update(before, after),
          // The channel has recorded what was dropped as sent; a `put` makes up for it.
          remake: () => channel.begin(after),
          measure: (parts) => lengthOf(parts ?? []),
        });
        if (!update) return this.#options.readers.closeUntold(reader);
        stream.snapshot = target;
        this.#options.readers.delete(reader);
        if (!this.#open.has(stream)) update.charge.release();
        else if (update.made) this.#write(stream, update.made, update.charge);
      }
    } catch (error) {
      if (!(error instanceof ChannelEndError)) {
        this.#options.log.error("Cannot update a stream, closing it", {
          environment,
          error: error instanceof Error ? error.stack ?? error.message : String(error),
        });
      }
      reader.close();
    } finally {
      // In the same turn as the last check, so that no change falls in between.
      stream.updating = undefined;
      if (reader.isReady) this.#options.readers.delete(reader);
    }
  }

  /**
   * Returns the version to bring a stream to; `undefined` when it is there. Closes it when its client may not read that version.
   */
  #next(stream: Stream): Snapshot | undefined {
    if (!this.#open.has(stream)) return undefined;
    const current = this.#options.store.get(stream.subscription.environmentId)?.snapshot;
    if (!current || current === stream.snapshot) return undefined;
    if (stream.subscription.mayRead?.(current) !== false) return current;
    stream.reader.close();
    return undefined;
  }
}

/** Waits for an update, but not for long. Returns the time that was waited in vain: ms. */
async function waitBriefly(updating: Promise<void>, maxWait: number): Promise<number> {
  const { promise: isSlow, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(maxWait), maxWait);
  const waited = await Promise.race([updating.then(() => 0), isSlow]);
  clearTimeout(timer);
  return waited;
}
