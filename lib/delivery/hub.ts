import type { Log } from "../observe/mod.ts";
import { createPause, type Parts } from "../wire/mod.ts";
import { type CredentialKind, type Store } from "../store/mod.ts";
import { type Snapshot } from "../snapshot/mod.ts";
import type { Admission } from "./admission.ts";
import { type Channel, ChannelEndError } from "./channel.ts";
import { Deliveries } from "./deliveries.ts";
import { Outbox } from "./outbox.ts";

/**
 * Longest time that a client takes for the next 64 KiB. Slower ones are cut off, since what waits for them cannot be freed.
 * SDKs come back by themselves.
 *
 * @limit ms: the connection is closed, with a warning
 */
const STALL_DEADLINE = 60_000;

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** How long a stream whose update takes long (its context is costly to evaluate) holds up those that are told after it: ms. */
const SLOW_UPDATE = 50;

/** Time between two rounds of closing streams at the end: ms. */
const CLOSE_TICK = 50;

/** Longest delay that a timer takes: ms. A longer one would fire at once. @limit as MAX_TIMER_MS in lib/config/_to_settings.ts */
const MAX_TIMER_DELAY = 2 ** 31 - 1;

/** A comment: keeps proxies and SDKs (which give up after five silent minutes) from closing an idle stream. */
const HEARTBEAT: Parts = [new TextEncoder().encode(":\n\n")];

/** What `Hub.open` needs to know of a new stream. */
export interface StreamRequest {
  /** What it carries. */
  channel: Channel;
  /** Client-side ID of its environment. */
  environmentId: string;
  /** What its environment served when the request was checked. */
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
  /** What it was last brought to. */
  snapshot: Snapshot;
  /** To be called when the first event has been taken. */
  leave: () => void;
  closeTimer?: Timer;
  /** Waits to update a stream that is spread; changes meanwhile are told with it. */
  updateTimer?: Timer | undefined;
  /** The update that is under way. */
  updating?: Promise<void> | undefined;
}

/**
 * Holds every open stream and brings each to what the store serves. A stream remembers the snapshot it was last brought
 * to and is told of a newer one only when its reader has taken all before: a newer reload supersedes an older one, none
 * is skipped, and never more than one update waits for a reader, however slow.
 *
 * Call `update` after each `Store.replace`. The hub keeps timers until `close`.
 */
export class Hub {
  /** Sends documents to clients that poll, within the same bounds. */
  readonly deliveries: Deliveries;
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  readonly #timers: Timer[] = [];
  #expiryTimer: Timer | undefined;
  #closed = false;

  /**
   * Makes a hub without streams; its timers begin.
   *
   * @param options Store, log and times.
   */
  constructor(options: HubOptions) {
    this.#options = options;
    const { admission, heartbeatInterval, stallDeadline = STALL_DEADLINE } = options;
    this.deliveries = new Deliveries(admission, stallDeadline);
    if (heartbeatInterval > 0) {
      this.#timers.push(setInterval(() => this.#sendHeartbeats(), heartbeatInterval));
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
   * @returns The response's body; `undefined` when there is no room at this moment, or no right any more, and the client
   * should come back later.
   */
  async open(request: StreamRequest): Promise<ReadableStream<Uint8Array> | undefined> {
    const expected = this.#mayOpen(request);
    const leave = expected && await this.#options.admission.enter(request.channel.estimate(expected));
    if (!leave) return undefined;
    let stream: Stream | undefined;
    try {
      // There may have been a wait: what was true before it need not be true any more.
      const snapshot = this.#mayOpen(request);
      const first = snapshot && await request.channel.begin(snapshot);
      if (first && this.#mayOpen(request)) stream = this.#add({ ...request, snapshot, leave }, first);
    } finally {
      // Also when there is nothing to begin with because something failed: the room is free again.
      if (!stream) leave();
    }
    return stream?.outbox.body;
  }

  /**
   * Closes the streams whose credential is no longer good, at once, and brings all others to what the store serves.
   *
   * @returns When every stream whose reader keeps up has been brought there.
   */
  async update(): Promise<void> {
    this.#closeInvalid();
    const updates: Promise<void>[] = [];
    await this.#visitAll(async (stream) => {
      if (stream.channel.isSpread) return this.#bringLater(stream);
      const updating = this.#bring(stream);
      if (!updating) return;
      updates.push(updating);
      await waitBriefly(updating);
    });
    await Promise.all(updates);
  }

  /**
   * Closes every stream and stops all timers.
   *
   * @param spread Over how long streams are closed, so that their clients do not all come back at once: ms.
   * @returns When all are closed.
   */
  async close(spread = 0): Promise<void> {
    this.#closed = true;
    this.deliveries.close();
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#expiryTimer);
    const end = performance.now() + spread;
    for (let left = spread; this.#streams.size > 0 && left > 0; left = end - performance.now()) {
      const share = Math.ceil(this.#streams.size * Math.min(1, CLOSE_TICK / left));
      for (const stream of [...this.#streams].slice(0, share)) this.#close(stream);
      if (this.#streams.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_TICK));
    }
    for (const stream of this.#streams) this.#close(stream);
  }

  #add(parts: StreamRequest & Pick<Stream, "leave">, first: Parts): Stream {
    const outbox = new Outbox(() => this.#onDrain(stream), () => this.#forget(stream));
    const stream: Stream = { ...parts, outbox };
    outbox.write(first);
    this.#streams.add(stream);
    const { maxClientConnectionTime, random = Math.random } = this.#options;
    if (maxClientConnectionTime > 0) {
      const delay = maxClientConnectionTime * (1 - CONNECTION_TIME_JITTER * random());
      stream.closeTimer = setTimeout(() => this.#close(stream), delay);
    }
    return stream;
  }

  /** What a stream would begin with, if there is room for it and its client may read it. */
  #mayOpen(request: StreamRequest): Snapshot | undefined {
    if (this.#closed || this.#streams.size >= this.#options.maxStreams) return undefined;
    const snapshot = this.#find(request);
    const isChecked = snapshot === request.snapshot;
    return snapshot && (isChecked || request.mayRead?.(snapshot) !== false) ? snapshot : undefined;
  }

  /** What the store serves for a stream's credential, if that still opens its environment. */
  #find({ credentialKind, credential, environmentId }: StreamRequest): Snapshot | undefined {
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

  #bringLater(stream: Stream): void {
    if (!this.#next(stream)) return;
    const { pingStreamJitterTime, random = Math.random } = this.#options;
    const delay = pingStreamJitterTime / 2 * (1 + random());
    stream.updateTimer ??= setTimeout(() => {
      stream.updateTimer = undefined;
      this.#bring(stream);
    }, delay);
  }

  /** Brings one stream to what the store serves, one update after the other. */
  #bring(stream: Stream): Promise<void> | undefined {
    if (stream.updating) return stream.updating;
    const next = this.#next(stream);
    return next && (stream.updating = this.#bringFrom(stream, next));
  }

  async #bringFrom(stream: Stream, next: Snapshot): Promise<void> {
    try {
      for (let target: Snapshot | undefined = next; target; target = this.#next(stream)) {
        const bytes = await stream.channel.update(stream.snapshot, target);
        stream.snapshot = target;
        if (bytes && this.#streams.has(stream)) stream.outbox.write(bytes);
      }
    } catch (error) {
      if (!(error instanceof ChannelEndError)) {
        const message = error instanceof Error ? error.stack ?? error.message : String(error);
        this.#options.log.error(
          `Cannot update a stream of environment ${stream.environmentId}, closing it: ${message}`,
        );
      }
      if (this.#streams.has(stream)) this.#close(stream);
    } finally {
      // In the same turn as the last look, so that no change falls in between.
      stream.updating = undefined;
    }
  }

  /** What a stream is to be brought to now; nothing when it is there, or its reader has not taken all before. */
  #next(stream: Stream): Snapshot | undefined {
    if (!this.#streams.has(stream)) return undefined;
    const current = this.#options.store.get(stream.environmentId)?.snapshot;
    if (!current || current === stream.snapshot) return undefined;
    if (stream.mayRead?.(current) === false) {
      this.#close(stream);
      return undefined;
    }
    return stream.outbox.isDrained ? current : undefined;
  }

  /** A reader has taken all there was; the store may have moved on meanwhile. */
  #onDrain(stream: Stream): void {
    stream.leave();
    this.#bring(stream);
  }

  async #sendHeartbeats(): Promise<void> {
    await this.#visitAll(({ outbox }) => {
      if (outbox.isDrained) outbox.write(HEARTBEAT);
    });
  }

  #closeStalled(deadline: number): void {
    for (const stream of this.#streams) {
      const { environmentId, outbox } = stream;
      if (!outbox.isStalled(deadline)) continue;
      this.#options.log.warn(
        `Closed a stream of environment ${environmentId}: its reader takes nothing any more`,
      );
      this.#close(stream);
    }
  }

  /** Closes streams whose credential opens their environment no more, and looks again when the next key expires. */
  #closeInvalid(): void {
    const { store, expiredCredentialCleanupInterval } = this.#options;
    for (const stream of this.#streams) {
      if (!this.#find(stream)) this.#close(stream);
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

async function waitBriefly(updating: Promise<void>): Promise<void> {
  const { promise: isSlow, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, SLOW_UPDATE);
  await Promise.race([updating, isSlow]);
  clearTimeout(timer);
}
