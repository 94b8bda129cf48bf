import type { Log } from "../observe/mod.ts";
import type { CredentialKind, Snapshot, Store } from "../store/mod.ts";
import type { Admission } from "./admission.ts";
import type { Channel } from "./channel.ts";
import { Outbox } from "./outbox.ts";

/**
 * How long a reader may take for the next 64 KiB: ms. Slower readers are cut off, since what waits for them cannot be freed.
 * SDKs come back by themselves.
 */
const STALL_DEADLINE = 60_000;

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** How long streams are brought up to date in one go before requests get their turn: ms. */
const SLICE = 5;

/** Time between two rounds of closing streams at the end: ms. */
const CLOSE_TICK = 50;

/** Longest delay that a timer takes: ms. A longer one would fire at once. */
const MAX_TIMER_DELAY = 2 ** 31 - 1;

/** A comment: keeps proxies and SDKs (which give up after five silent minutes) from closing an idle stream. */
const HEARTBEAT = new TextEncoder().encode(":\n\n");

/** What `Hub.open` needs to know of a new stream. */
export interface StreamRequest {
  /** What it carries. */
  channel: Channel;
  /** Client-side ID of its environment. */
  environmentId: string;
  /** What its environment serves at this moment. */
  snapshot: Snapshot;
  /** Kind of the credential that opened it. */
  credentialKind: CredentialKind;
  /** The credential: when it opens this environment no more, the stream is closed. */
  credential: string;
  /** Whether its client may still read the environment as it now is; if not, it is closed. @default {always} */
  mayRead?: (snapshot: Snapshot) => boolean;
}

/** Settings of a hub. */
export interface HubOptions {
  /** Where environments and credentials are looked up. */
  store: Store;
  /** Takes what the person who looks for a fault wants to know. */
  log: Log;
  /** Bounds what is on its way to new streams. */
  admission: Admission;
  /** Largest number of open streams. */
  maxStreams: number;
  /** Time between comments that keep idle streams open: ms, 0 for none. */
  heartbeatInterval: number;
  /** After how long a stream is closed, so that load spreads: ms (up to a tenth less, by chance), 0 for never. */
  maxClientConnectionTime: number;
  /** Longest delay of an update that makes clients poll: ms; each is spread over the upper half of it. 0 for none. */
  pingStreamJitterTime: number;
  /** Longest time between two looks for revoked and expired credentials: ms. Expiries that are known are met exactly. */
  expiredCredentialCleanupInterval: number;
  /** How long a reader may take for the next 64 KiB: ms. @default {60_000} */
  stallDeadline?: number;
  /** A number from 0 up to 1. @default {Math.random} */
  random?: () => number;
}

type Timer = ReturnType<typeof setTimeout>;

interface Stream extends StreamRequest {
  outbox: Outbox;
  /** To be called when the first event has been taken. */
  leave: () => void;
  closeTimer?: Timer;
  /** Waits to update a stream that is spread; changes meanwhile are told with it. */
  updateTimer?: Timer | undefined;
}

/**
 * Holds every open stream and brings each to what the store serves. A stream remembers the snapshot it was last brought
 * to and is told of a newer one only when its reader has taken all before: a newer reload supersedes an older one, none
 * is skipped, and never more than one update waits for a reader, however slow.
 *
 * Call `update` after each `Store.replace`. The hub keeps timers until `close`.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  readonly #timers: Timer[] = [];
  #expiryTimer: Timer | undefined;
  #updating: Promise<void> | undefined;
  #updateAgain = false;
  #closed = false;

  /**
   * Makes a hub without streams; its timers begin.
   *
   * @param options Store, log and times.
   */
  constructor(options: HubOptions) {
    this.#options = options;
    const { heartbeatInterval, stallDeadline = STALL_DEADLINE } = options;
    if (heartbeatInterval > 0) {
      const interval = Math.min(heartbeatInterval, MAX_TIMER_DELAY);
      this.#timers.push(setInterval(() => this.#sendHeartbeats(), interval));
    }
    this.#timers.push(setInterval(() => this.#closeStalled(stallDeadline), stallDeadline / 4));
    this.#closeInvalid();
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream: it begins as its channel says and gets every later change until it is closed.
   *
   * @param request What it carries and for whom.
   * @returns The response's body; `undefined` when there is no room at this moment, and the client should come back later.
   */
  async open(request: StreamRequest): Promise<ReadableStream<Uint8Array> | undefined> {
    if (this.#streams.size >= this.#options.maxStreams || this.#closed) return undefined;
    const first = await request.channel.begin(request.snapshot);
    const leave = await this.#options.admission.enter(first.length);
    if (!leave) return undefined;
    if (this.#closed) return leave(), undefined;
    const outbox = new Outbox(() => this.#onDrain(stream), () => this.#forget(stream));
    const stream: Stream = { ...request, outbox, leave };
    outbox.write(first);
    this.#streams.add(stream);
    const { maxClientConnectionTime, random = Math.random } = this.#options;
    if (maxClientConnectionTime > 0) {
      const delay = maxClientConnectionTime * (1 - CONNECTION_TIME_JITTER * random());
      stream.closeTimer = setTimeout(() => this.#close(stream), Math.min(delay, MAX_TIMER_DELAY));
    }
    return outbox.body;
  }

  /**
   * Closes the streams whose credential is no longer good, at once, and brings all others to what the store serves.
   *
   * @returns When every stream whose reader keeps up has been brought there.
   */
  update(): Promise<void> {
    this.#closeInvalid();
    return this.#updateSoon();
  }

  /**
   * Closes every stream and stops all timers.
   *
   * @param spread Over how long streams are closed, so that their clients do not all come back at once: ms.
   * @returns When all are closed.
   */
  async close(spread = 0): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#expiryTimer);
    const end = performance.now() + spread;
    for (
      let left = end - performance.now();
      this.#streams.size > 0 && left > 0;
      left = end - performance.now()
    ) {
      const share = Math.ceil(this.#streams.size * Math.min(1, CLOSE_TICK / left));
      for (const stream of [...this.#streams].slice(0, share)) this.#close(stream);
      if (this.#streams.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_TICK));
    }
    for (const stream of this.#streams) this.#close(stream);
  }

  #updateSoon(): Promise<void> {
    this.#updateAgain = true;
    this.#updating ??= this.#updateAll().finally(() => this.#updating = undefined);
    return this.#updating;
  }

  async #updateAll(): Promise<void> {
    let sliceEnd = performance.now() + SLICE;
    while (this.#updateAgain) {
      this.#updateAgain = false;
      for (const stream of this.#streams) {
        if (stream.channel.isSpread) this.#updateLater(stream);
        else await this.#updateStream(stream);
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setTimeout(resolve));
        sliceEnd = performance.now() + SLICE;
      }
    }
  }

  #updateLater(stream: Stream): void {
    if (this.#current(stream) === stream.snapshot) return;
    const { pingStreamJitterTime, random = Math.random } = this.#options;
    stream.updateTimer ??= setTimeout(() => {
      stream.updateTimer = undefined;
      this.#updateStream(stream);
    }, pingStreamJitterTime / 2 * (1 + random()));
  }

  async #updateStream(stream: Stream): Promise<void> {
    const current = this.#current(stream);
    if (current === undefined || current === stream.snapshot || !stream.outbox.isDrained) return;
    const bytes = await stream.channel.update(stream.snapshot, current);
    stream.snapshot = current;
    if (bytes && this.#streams.has(stream)) stream.outbox.write(bytes);
  }

  /** A reader has taken all there was; the store may have moved on meanwhile. */
  #onDrain(stream: Stream): void {
    stream.leave();
    if (this.#streams.has(stream) && this.#current(stream) !== stream.snapshot) this.#updateSoon();
  }

  #current(stream: Stream): Snapshot | undefined {
    return this.#options.store.get(stream.environmentId)?.snapshot;
  }

  #sendHeartbeats(): void {
    for (const { outbox } of this.#streams) {
      if (outbox.isDrained) outbox.write(HEARTBEAT);
    }
  }

  #closeStalled(deadline: number): void {
    const since = performance.now() - deadline;
    for (const stream of this.#streams) {
      const { environmentId, outbox } = stream;
      if (outbox.isDrained || outbox.progressAt > since) continue;
      this.#options.log.warn(
        `Closed a stream of environment ${environmentId}: its reader takes nothing any more`,
      );
      this.#close(stream);
    }
  }

  /** Closes streams that may no longer read their environment, and looks again when the next key expires. */
  #closeInvalid(): void {
    const { store, expiredCredentialCleanupInterval } = this.#options;
    for (const stream of this.#streams) {
      const { credentialKind, credential, environmentId, mayRead } = stream;
      const environment = store.find(credentialKind, credential);
      const isGood = environment?.id === environmentId && environment.snapshot;
      if (!isGood || mayRead?.(isGood) === false) this.#close(stream);
    }
    const delay = Math.min(store.timeToNextExpiry + 1, expiredCredentialCleanupInterval, MAX_TIMER_DELAY);
    clearTimeout(this.#expiryTimer);
    if (!this.#closed) this.#expiryTimer = setTimeout(() => this.#closeInvalid(), delay);
  }

  #close(stream: Stream): void {
    this.#forget(stream);
    stream.outbox.close();
  }

  #forget(stream: Stream): void {
    stream.leave();
    this.#streams.delete(stream);
    clearTimeout(stream.closeTimer);
    clearTimeout(stream.updateTimer);
  }
}
