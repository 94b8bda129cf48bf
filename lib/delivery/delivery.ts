import type { Snapshot } from "../snapshot/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import { lengthOf, type Parts } from "../wire/mod.ts";
import { NO_METER } from "../observe/mod.ts";
import { Budgets, type Charged, type Making } from "./_budgets.ts";
import { DeliveryMetrics } from "./_delivery_metrics.ts";
import type { DeliveryOptions, DocumentOptions } from "./_options.ts";
import { type PacedBody, Reader, type ReaderListener } from "./_reader.ts";
import { Readers } from "./_readers.ts";
import { Stream, type StreamRequest } from "./_stream.ts";
import { Streams } from "./_streams.ts";
import type { Charge } from "./budget.ts";

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** Time between two rounds of closing streams at the end: ms. */
const CLOSE_TICK = 50;

/** Maximum and minimum time between two checks of deadlines: ms. */
const [SLOWEST_TICK, FASTEST_TICK] = [1000, 5];

/** Largest delay of a timer: ms. A longer one would fire at once. @limit as MAX_TIMER_MS in lib/config/_to_settings.ts */
const MAX_TIMER_DELAY = 2 ** 31 - 1;

type Timer = ReturnType<typeof setTimeout>;

/** Options that may change while it runs. */
export type LiveDeliveryOptions = Pick<DeliveryOptions, "heartbeatInterval" | "maxStreams">;

/** First event of a stream, and its version. */
type Beginning = [Snapshot, Parts];

/**
 * Sender of documents and streams at the pace of their clients. It holds every open stream and brings each to the current version.
 *
 * A stream remembers the version it was last brought to and is updated only when its client has read everything before: a newer
 * reload supersedes an older one, none is skipped, and never more than one update waits for a client, however slow.
 *
 * Call `update` after each swap of the store. It keeps timers until `close`.
 */
export class Delivery {
  #options: DeliveryOptions;
  readonly #metrics: DeliveryMetrics;
  readonly #budgets: Budgets;
  readonly #readers: Readers;
  readonly #streams: Streams;
  readonly #timers: Timer[] = [];
  readonly #documentListener: ReaderListener = {
    onReady: () => {},
    onGone: (reader) => this.#readers.delete(reader),
  };
  #heartbeatTimer: Timer | undefined;
  #expiryTimer: Timer | undefined;
  #closed = false;

  /**
   * Creates a delivery without streams and starts its timers.
   *
   * @param options Store, log, limits and times.
   */
  constructor(options: DeliveryOptions) {
    this.#options = options;
    const metrics = this.#metrics = new DeliveryMetrics(options.meter ?? NO_METER);
    const { log, maxPayloadBytesInFlight: maxBytes, maxWaiting, maxWait } = options;
    this.#readers = new Readers(options, log);
    this.#budgets = new Budgets({
      maxBytes,
      ...maxWaiting !== undefined && { maxWaiting },
      ...maxWait !== undefined && { maxWait },
      onShort: (budget) => this.#readers.relieve(budget),
    });
    this.#streams = new Streams({ ...options, budgets: this.#budgets, readers: this.#readers, metrics });
    const { maxClientConnectionTime, clientWriteSlack } = options;
    this.#startHeartbeats();
    const shortest = Math.min(clientWriteSlack, maxClientConnectionTime || Infinity) / 4;
    const tick = Math.max(FASTEST_TICK, Math.min(SLOWEST_TICK, shortest));
    this.#timers.push(setInterval(() => this.#tick(), tick));
    this.#closeInvalid();
  }

  /** Number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Applies other settings. Streams that are open stay so.
   *
   * @param settings The settings.
   */
  reconfigure({ heartbeatInterval, maxStreams }: LiveDeliveryOptions): void {
    const isOther = heartbeatInterval !== this.#options.heartbeatInterval;
    this.#options = { ...this.#options, heartbeatInterval, maxStreams };
    if (isOther && !this.#closed) this.#startHeartbeats();
  }

  /**
   * Sends a document.
   *
   * @param parts The document. Not copied: do not change it.
   * @param options Its environment, and its version or charge.
   * @returns The response's body.
   */
  send(
    parts: Parts,
    { environmentId, snapshot, charge }: DocumentOptions,
  ): PacedBody {
    const reader = new Reader({ environmentId, listener: this.#documentListener, isOnce: true });
    reader.write(parts, charge);
    this.#readers.add(reader, snapshot);
    return reader;
  }

  /**
   * Creates a value for one client and charges it to the budget of its kind.
   *
   * @param kind Kind of the client's credential.
   * @param making Steps that create it.
   * @returns The value and its charge, which must be released or handed to {@linkcode Delivery.send}; `undefined` when there was no
   * room for too long, and the client should come back later.
   */
  async make<T, F>(kind: CredentialKind, making: Making<T, F>): Promise<Charged<F> | undefined> {
    const made = await this.#budgets.make(kind, making);
    if (!made) this.#metrics.countShed("memory");
    return made;
  }

  /**
   * Charges a client's context for as long as it is in memory.
   *
   * @param kind Kind of the client's credential.
   * @param bytes Its length: bytes of UTF-8.
   * @returns The charge, which must be released; `undefined` when there is no room, and the client should come back later.
   */
  tryKeep(kind: CredentialKind, bytes: number): Charge | undefined {
    const charge = this.#budgets.tryKeep(kind, bytes);
    if (!charge) this.#metrics.countShed("memory");
    return charge;
  }

  /**
   * Counts a client that is turned away for another reason than those of delivery itself.
   *
   * @param reason What was short.
   */
  countShed(reason: "requests" | "evaluations"): void {
    this.#metrics.countShed(reason);
  }

  /**
   * Opens a stream: it begins as its channel defines and gets every later change until it is closed.
   *
   * @param request Its channel, its client and the version that was checked.
   * @returns The response's body; `undefined` when there is no room at this moment, or the credential is no longer valid, and the
   * client should come back later.
   */
  async open(request: StreamRequest): Promise<PacedBody | undefined> {
    if (!this.#mayOpen(request)) return undefined;
    const kept = this.tryKeep(request.credentialKind, request.channel.keptBytes ?? 0);
    if (!kept) return undefined;
    let stream: Stream | undefined;
    let first: Charged<Beginning | undefined> | undefined;
    try {
      first = await this.#begin(request);
      if (!first) this.#metrics.countShed("memory");
      // There may have been a wait, during which things may have changed.
      const isOpen = first?.made && this.#mayOpen(request);
      if (isOpen) stream = this.#add(request, kept, first as Charged<Beginning>);
    } finally {
      // Also when there is nothing to begin with because something failed: the room is free again.
      if (!stream) {
        kept.release();
        first?.charge.release();
      }
    }
    return stream?.reader;
  }

  /**
   * Closes the streams whose credential is no longer valid, at once, and brings all others to the current version.
   *
   * @returns When every stream whose client keeps up has been brought there.
   */
  async update(): Promise<void> {
    this.#closeInvalid();
    this.#readers.closeSuperseded((id) => this.#options.store.get(id)?.snapshot);
    await this.#streams.update();
  }

  /**
   * Closes every stream and stops all timers; documents on their way go on.
   *
   * @param spread Time over which streams are closed, so that their clients do not all come back at once: ms.
   * @returns When all are closed.
   */
  async close(spread = 0): Promise<void> {
    this.#closed = true;
    const end = performance.now() + spread;
    for (let left = spread; this.#streams.size > 0 && left > 0; left = end - performance.now()) {
      const share = Math.ceil(this.#streams.size * Math.min(1, CLOSE_TICK / left));
      for (const stream of [...this.#streams].slice(0, share)) endStream(stream);
      if (this.#streams.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_TICK));
    }
    for (const stream of this.#streams) endStream(stream);
    for (const timer of [...this.#timers, this.#heartbeatTimer]) clearInterval(timer);
    clearTimeout(this.#expiryTimer);
  }

  #startHeartbeats(): void {
    const { heartbeatInterval } = this.#options;
    clearInterval(this.#heartbeatTimer);
    this.#heartbeatTimer = heartbeatInterval > 0
      ? setInterval(() => this.#streams.sendHeartbeats(), heartbeatInterval)
      : undefined;
  }

  /** Creates the first event of a stream, of the version that is current after any wait. */
  #begin(request: StreamRequest): Promise<Charged<Beginning | undefined> | undefined> {
    const make = async (): Promise<Beginning | undefined> => {
      const snapshot = this.#mayOpen(request);
      return snapshot && [snapshot, await request.channel.begin(snapshot)];
    };
    return this.#streams.make(request, { make, measure: (made) => made ? lengthOf(made[1]) : 0 });
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
    const stream = new Stream({ subscription, snapshot, closeAt, kept, listener: this.#streams });
    this.#streams.add(stream, first, charge);
    return stream;
  }

  /** Returns the version that a stream would begin with, if there is room for it and its client may read it. */
  #mayOpen(request: StreamRequest): Snapshot | undefined {
    const { maxStreams, streamCounter } = this.#options;
    if (this.#closed) return undefined;
    if ((streamCounter?.total ?? this.#streams.size) >= maxStreams) {
      this.#metrics.countShed("streams");
      return undefined;
    }
    const snapshot = this.#streams.find(request);
    const isChecked = snapshot === request.snapshot;
    return snapshot && (isChecked || request.mayRead?.(snapshot) !== false) ? snapshot : undefined;
  }

  /** Checks all deadlines. */
  #tick(): void {
    this.#readers.closeStalled();
    for (const budget of this.#budgets.results) this.#readers.relieve(budget);
    this.#budgets.forEachUsed((kind, bytes) => this.#metrics.setUsed(kind, bytes));
    if (this.#options.maxClientConnectionTime === 0) return;
    const now = performance.now();
    for (const { closeAt, reader } of this.#streams) if (closeAt <= now) reader.close();
  }

  /** Closes streams whose credential no longer opens their environment, and checks again when the next key expires. */
  #closeInvalid(): void {
    const { store, expiredCredentialCleanupInterval } = this.#options;
    for (const { subscription, reader } of this.#streams) {
      if (!this.#streams.find(subscription)) reader.close();
    }
    const delay = Math.min(store.timeToNextExpiry + 1, expiredCredentialCleanupInterval, MAX_TIMER_DELAY);
    clearTimeout(this.#expiryTimer);
    if (!this.#closed) this.#expiryTimer = setTimeout(() => this.#closeInvalid(), delay);
  }
}

function endStream({ reader, subscription: { channel } }: Stream): void {
  if (channel.farewell) reader.finish(channel.farewell);
  else reader.close();
}
