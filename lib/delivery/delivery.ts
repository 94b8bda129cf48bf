import type { Snapshot } from "../snapshot/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import { createPause, joinEnds, lengthOf, type Parts } from "../wire/mod.ts";
import { Budgets, type Charged, type Making } from "./_budgets.ts";
import type { DeliveryOptions, DocumentOptions } from "./_options.ts";
import { Reader, type ReaderListener } from "./_reader.ts";
import { Readers } from "./_readers.ts";
import { Stream, type StreamListener, type StreamRequest, type Subscription } from "./_stream.ts";
import type { Charge } from "./budget.ts";
import { ChannelEndError } from "./channel.ts";

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** How long a stream whose update takes long (its context is costly to evaluate) holds up those that are told after it: ms. */
const SLOW_UPDATE = 50;

/** How long all such streams together hold up the others in one round: ms. Those that wait for memory may be many. */
const UPDATE_PATIENCE = 1000;

/** Time between two rounds of closing streams at the end: ms. */
const CLOSE_TICK = 50;

/** Longest and shortest time between two looks at deadlines: ms. */
const [SLOWEST_TICK, FASTEST_TICK] = [1000, 5];

/** Longest delay that a timer takes: ms. A longer one would fire at once. @limit as MAX_TIMER_MS in lib/config/_to_settings.ts */
const MAX_TIMER_DELAY = 2 ** 31 - 1;

/** A comment: keeps proxies and SDKs (which give up after five silent minutes) from closing an idle stream. */
const HEARTBEAT: Parts = [new TextEncoder().encode(":\n\n")];

type Timer = ReturnType<typeof setTimeout>;

/** What a stream begins with, and the version it is of. */
type Beginning = [Snapshot, Parts];

/**
 * Sends documents and streams at the pace of their readers, holds every open stream and brings each to what the store serves.
 *
 * A stream remembers the snapshot it was last brought to and is told of a newer one only when its reader has taken all before:
 * a newer reload supersedes an older one, none is skipped, and never more than one update waits for a reader, however slow.
 *
 * Call `update` after each `Store.replace`. It keeps timers until `close`.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #budgets: Budgets;
  readonly #readers: Readers;
  readonly #streams = new Set<Stream>();
  /** Shared events as readers take them. */
  readonly #joined = new WeakMap<Parts, Parts>();
  readonly #timers: Timer[] = [];
  readonly #documentListener: ReaderListener = {
    onReady: () => {},
    onGone: (reader) => this.#readers.delete(reader),
  };
  readonly #streamListener: StreamListener = {
    onReady: (stream) => this.#onReady(stream),
    onGone: (stream) => {
      this.#streams.delete(stream);
      this.#readers.delete(stream.reader);
    },
  };
  #expiryTimer: Timer | undefined;
  #closed = false;

  /**
   * Makes it without streams; its timers begin.
   *
   * @param options Store, log, limits and times.
   */
  constructor(options: DeliveryOptions) {
    this.#options = options;
    const { log, maxPayloadBytesInFlight: maxBytes, maxWaiting, maxWait } = options;
    this.#readers = new Readers(options, log);
    this.#budgets = new Budgets({
      maxBytes,
      ...maxWaiting !== undefined && { maxWaiting },
      ...maxWait !== undefined && { maxWait },
      onShort: (budget) => this.#readers.relieve(budget),
    });
    const { heartbeatInterval, maxClientConnectionTime, clientWriteSlack } = options;
    if (heartbeatInterval > 0) {
      this.#timers.push(setInterval(() => this.#sendHeartbeats(), heartbeatInterval));
    }
    const shortest = Math.min(clientWriteSlack, maxClientConnectionTime || Infinity) / 4;
    const tick = Math.max(FASTEST_TICK, Math.min(SLOWEST_TICK, shortest));
    this.#timers.push(setInterval(() => this.#tick(), tick));
    this.#closeInvalid();
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Sends a document.
   *
   * @param bytes The document. Not copied: do not change it.
   * @param options What it belongs to.
   * @returns The response's body.
   */
  send(
    bytes: Uint8Array<ArrayBuffer>,
    { environmentId, snapshot, charge }: DocumentOptions,
  ): ReadableStream<Uint8Array> {
    const reader = new Reader({ environmentId, listener: this.#documentListener, isOnce: true });
    reader.write([bytes], charge);
    this.#readers.add(reader, snapshot);
    return reader.body;
  }

  /**
   * Makes something for one client and charges it to the budget of its kind.
   *
   * @param kind Kind of the client's credential.
   * @param making How it is made.
   * @returns It and its charge, which must be released or handed to {@linkcode Delivery.send}; `undefined` when there was no room
   * for too long, and the client should come back later.
   */
  make<T, F>(kind: CredentialKind, making: Making<T, F>): Promise<Charged<F> | undefined> {
    return this.#budgets.make(kind, making);
  }

  /**
   * Charges a client's context for as long as it is in memory.
   *
   * @param kind Kind of the client's credential.
   * @param bytes Its length: bytes of UTF-8.
   * @returns The charge, which must be released; `undefined` when there is no room, and the client should come back later.
   */
  tryKeep(kind: CredentialKind, bytes: number): Charge | undefined {
    return this.#budgets.tryKeep(kind, bytes);
  }

  /**
   * Opens a stream: it begins as its channel says and gets every later change until it is closed.
   *
   * @param request What it carries and for whom.
   * @returns The response's body; `undefined` when there is no room at this moment, or no right any more, and the client
   * should come back later.
   */
  async open(request: StreamRequest): Promise<ReadableStream<Uint8Array> | undefined> {
    if (!this.#mayOpen(request)) return undefined;
    const kept = this.#budgets.tryKeep(request.credentialKind, request.channel.keptBytes ?? 0);
    if (!kept) return undefined;
    let stream: Stream | undefined;
    let first: Charged<Beginning | undefined> | undefined;
    try {
      first = await this.#begin(request);
      // There may have been a wait: what was true before it need not be true any more.
      const isOpen = first?.made && this.#mayOpen(request);
      if (isOpen) stream = this.#add(request, kept, first as Charged<Beginning>);
    } finally {
      // Also when there is nothing to begin with because something failed: the room is free again.
      if (!stream) {
        kept.release();
        first?.charge.release();
      }
    }
    return stream?.reader.body;
  }

  /**
   * Closes the streams whose credential is no longer good, at once, and brings all others to what the store serves.
   *
   * @returns When every stream whose reader keeps up has been brought there.
   */
  async update(): Promise<void> {
    this.#closeInvalid();
    this.#readers.closeSuperseded((id) => this.#options.store.get(id)?.snapshot);
    const updates: Promise<void>[] = [];
    let patience = UPDATE_PATIENCE;
    await this.#visitAll(async (stream) => {
      const updating = stream.subscription.channel.isSpread ? this.#bringLater(stream) : this.#bring(stream);
      if (!updating) return;
      updates.push(updating);
      patience -= await waitBriefly(updating, Math.min(patience, SLOW_UPDATE));
    });
    await Promise.all(updates);
  }

  /**
   * Closes every stream and stops all timers; documents on their way go on.
   *
   * @param spread Over how long streams are closed, so that their clients do not all come back at once: ms.
   * @returns When all are closed.
   */
  async close(spread = 0): Promise<void> {
    this.#closed = true;
    const end = performance.now() + spread;
    for (let left = spread; this.#streams.size > 0 && left > 0; left = end - performance.now()) {
      const share = Math.ceil(this.#streams.size * Math.min(1, CLOSE_TICK / left));
      for (const { reader } of [...this.#streams].slice(0, share)) reader.close();
      if (this.#streams.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_TICK));
    }
    for (const { reader } of this.#streams) reader.close();
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#expiryTimer);
  }

  /** Makes what a stream begins with: of what is served when it is made, which may be after a wait. */
  #begin(request: StreamRequest): Promise<Charged<Beginning | undefined> | undefined> {
    const make = async (): Promise<Beginning | undefined> => {
      const snapshot = this.#mayOpen(request);
      return snapshot && [snapshot, await request.channel.begin(snapshot)];
    };
    return this.#make(request, { make, measure: (made) => made ? lengthOf(made[1]) : 0 });
  }

  /** Makes something for a stream; only what is private is charged. */
  #make<T>(
    { channel, credentialKind }: Subscription,
    making: Omit<Making<T>, "finish">,
  ): Promise<Charged<T> | undefined> {
    const measure = channel.isPrivate ? making.measure : () => 0;
    return this.#budgets.make(credentialKind, { ...making, measure, finish: (made: T) => made });
  }

  #add(
    request: StreamRequest,
    kept: Charge,
    { made: [snapshot, first], charge }: Charged<Beginning>,
  ): Stream {
    const { maxClientConnectionTime, random = Math.random } = this.#options;
    const closeAt = maxClientConnectionTime > 0
      ? performance.now() + maxClientConnectionTime * (1 - CONNECTION_TIME_JITTER * random())
      : Infinity;
    // The snapshot of the request would keep that version in memory for as long as the stream is open.
    const { snapshot: _, ...subscription } = request;
    const stream = new Stream({ subscription, snapshot, closeAt, kept, listener: this.#streamListener });
    this.#write(stream, first, charge);
    this.#streams.add(stream);
    return stream;
  }

  #write({ reader, snapshot, subscription }: Stream, parts: Parts, charge?: Charge): void {
    this.#readers.add(reader, subscription.channel.isSpread ? undefined : snapshot);
    reader.write(this.#joined.getOrInsertComputed(parts, joinEnds), charge);
  }

  /** What a stream would begin with, if there is room for it and its client may read it. */
  #mayOpen(request: StreamRequest): Snapshot | undefined {
    if (this.#closed || this.#streams.size >= this.#options.maxStreams) return undefined;
    const snapshot = this.#find(request);
    const isChecked = snapshot === request.snapshot;
    return snapshot && (isChecked || request.mayRead?.(snapshot) !== false) ? snapshot : undefined;
  }

  /** What the store serves for a stream's credential, if that still opens its environment. */
  #find({ credentialKind, credential, environmentId }: Subscription): Snapshot | undefined {
    const environment = this.#options.store.find(credentialKind, credential);
    return environment?.id === environmentId ? environment.snapshot : undefined;
  }

  /** Does something with every stream, and lets requests have their turn in between. */
  async #visitAll(visit: (stream: Stream) => void | Promise<void>): Promise<void> {
    const pause = createPause();
    for (const stream of this.#streams) {
      await visit(stream);
      await pause();
    }
  }

  /** Moves a stream on at once, so that it does not keep the old version, and has its client told later, once. */
  async #bringLater(stream: Stream): Promise<void> {
    const next = this.#next(stream);
    if (!next) return;
    const before = stream.snapshot;
    stream.snapshot = next;
    const parts = await stream.subscription.channel.update(before, next);
    if (!parts || stream.timer !== undefined || !this.#streams.has(stream)) return;
    const { pingStreamJitterTime, random = Math.random } = this.#options;
    stream.timer = setTimeout(() => {
      stream.timer = undefined;
      stream.waiting = parts;
      if (stream.reader.isReady) this.#onReady(stream);
    }, pingStreamJitterTime / 2 * (1 + random()));
  }

  /** Brings one stream to what the store serves, one update after the other, if its reader is ready. */
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
        this.#readers.add(reader, before);
        const update = await this.#make(subscription, {
          make: () => channel.update(before, after),
          // The channel has noted what was dropped as sent; a `put` makes up for it.
          remake: () => channel.begin(after),
          measure: (parts) => lengthOf(parts ?? []),
        });
        if (!update) return this.#readers.closeUntold(reader);
        stream.snapshot = target;
        this.#readers.delete(reader);
        if (!this.#streams.has(stream)) update.charge.release();
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
      // In the same turn as the last look, so that no change falls in between.
      stream.updating = undefined;
      if (reader.isReady) this.#readers.delete(reader);
    }
  }

  /** What a stream is to be brought to now; nothing when it is there. */
  #next(stream: Stream): Snapshot | undefined {
    if (!this.#streams.has(stream)) return undefined;
    const current = this.#options.store.get(stream.subscription.environmentId)?.snapshot;
    if (!current || current === stream.snapshot) return undefined;
    if (stream.subscription.mayRead?.(current) !== false) return current;
    stream.reader.close();
    return undefined;
  }

  /** A reader has taken all there was; the store may have moved on meanwhile. */
  #onReady(stream: Stream): void {
    const { waiting } = stream;
    stream.waiting = undefined;
    if (stream.updating) return;
    this.#readers.delete(stream.reader);
    if (waiting) this.#write(stream, waiting);
    else if (stream.subscription.channel.isSpread) this.#bringLater(stream);
    else this.#bring(stream);
  }

  async #sendHeartbeats(): Promise<void> {
    await this.#visitAll((stream) => {
      if (stream.reader.isReady && !stream.updating) this.#write(stream, HEARTBEAT);
    });
  }

  /** Looks at all deadlines. */
  #tick(): void {
    this.#readers.closeStalled();
    for (const budget of this.#budgets.results) this.#readers.relieve(budget);
    if (this.#options.maxClientConnectionTime === 0) return;
    const now = performance.now();
    for (const { closeAt, reader } of this.#streams) if (closeAt <= now) reader.close();
  }

  /** Closes streams whose credential opens their environment no more, and looks again when the next key expires. */
  #closeInvalid(): void {
    const { store, expiredCredentialCleanupInterval } = this.#options;
    for (const { subscription, reader } of this.#streams) {
      if (!this.#find(subscription)) reader.close();
    }
    const delay = Math.min(store.timeToNextExpiry + 1, expiredCredentialCleanupInterval, MAX_TIMER_DELAY);
    clearTimeout(this.#expiryTimer);
    if (!this.#closed) this.#expiryTimer = setTimeout(() => this.#closeInvalid(), delay);
  }
}

/** Returns how long it has waited in vain: ms. */
async function waitBriefly(updating: Promise<void>, maxWait: number): Promise<number> {
  const { promise: isSlow, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(maxWait), maxWait);
  const waited = await Promise.race([updating.then(() => 0), isSlow]);
  clearTimeout(timer);
  return waited;
}
