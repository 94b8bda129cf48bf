import type { Log } from "../observe/mod.ts";
import type { CredentialKind, Snapshot, Store } from "../store/mod.ts";
import type { Channel } from "./channel.ts";

/**
 * How many bytes may wait in the process for one reader, in bytes. What the kernel's socket buffers hold (some MB) is not
 * counted, nor is the event being written, so only a reader that has fallen far behind gets here: 1 MiB.
 */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** How long streams are brought up to date in one go before requests get their turn: ms. */
const SLICE = 5;

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
  /** Time between comments that keep idle streams open: ms, 0 for none. */
  heartbeatInterval: number;
  /** After how long a stream is closed, so that load spreads: ms (up to a tenth less, by chance), 0 for never. */
  maxClientConnectionTime: number;
  /** Longest time between two looks for revoked and expired credentials: ms. Expiries that are known are met exactly. */
  expiredCredentialCleanupInterval: number;
  /** A number from 0 up to 1. @default {Math.random} */
  random?: () => number;
}

type Timer = ReturnType<typeof setTimeout>;

interface Stream extends StreamRequest {
  controller: ReadableStreamDefaultController<Uint8Array>;
  closeTimer?: Timer;
}

/**
 * Holds every open stream and brings each to what the store serves. A stream remembers the snapshot it was last brought
 * to, so a newer reload supersedes an older one and none is skipped.
 *
 * Call `update` after each `Store.replace`. The hub keeps timers until `close`.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  readonly #heartbeatTimer: Timer | undefined;
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
    const { heartbeatInterval } = options;
    if (heartbeatInterval > 0) {
      const interval = Math.min(heartbeatInterval, MAX_TIMER_DELAY);
      this.#heartbeatTimer = setInterval(() => this.#sendAll(HEARTBEAT), interval);
    }
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
   * @returns The response's body.
   */
  async open(request: StreamRequest): Promise<ReadableStream<Uint8Array>> {
    const first = await request.channel.begin(request.snapshot);
    let stream: Stream;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { ...request, controller };
        controller.enqueue(first);
        if (this.#closed) return controller.close();
        this.#streams.add(stream);
        const { maxClientConnectionTime, random = Math.random } = this.#options;
        if (maxClientConnectionTime > 0) {
          const delay = maxClientConnectionTime * (1 - CONNECTION_TIME_JITTER * random());
          stream.closeTimer = setTimeout(() => this.#close(stream), Math.min(delay, MAX_TIMER_DELAY));
        }
        // The store may have moved on while the first event was made.
        if (this.#current(stream) !== request.snapshot) this.update();
      },
      cancel: () => this.#forget(stream),
    }, { highWaterMark: 0, size: (chunk) => chunk.byteLength });
  }

  /**
   * Closes the streams whose credential is no longer good, at once, and brings all others to what the store serves.
   *
   * @returns When every stream has been brought there.
   */
  update(): Promise<void> {
    this.#closeInvalid();
    this.#updateAgain = true;
    this.#updating ??= this.#updateAll().finally(() => this.#updating = undefined);
    return this.#updating;
  }

  /** Closes every stream and stops all timers. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#expiryTimer);
    for (const stream of this.#streams) this.#close(stream);
  }

  async #updateAll(): Promise<void> {
    let sliceEnd = performance.now() + SLICE;
    while (this.#updateAgain) {
      this.#updateAgain = false;
      for (const stream of this.#streams) {
        await this.#updateStream(stream);
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setTimeout(resolve));
        sliceEnd = performance.now() + SLICE;
      }
    }
  }

  async #updateStream(stream: Stream): Promise<void> {
    const current = this.#current(stream);
    if (current === undefined || current === stream.snapshot) return;
    const bytes = await stream.channel.update(stream.snapshot, current);
    stream.snapshot = current;
    if (bytes && this.#streams.has(stream)) this.#send(stream, bytes);
  }

  #current(stream: Stream): Snapshot | undefined {
    return this.#options.store.get(stream.environmentId)?.snapshot;
  }

  #sendAll(bytes: Uint8Array): void {
    for (const stream of this.#streams) this.#send(stream, bytes);
  }

  #send(stream: Stream, bytes: Uint8Array): void {
    const queued = -(stream.controller.desiredSize ?? 0);
    if (queued > MAX_QUEUED_BYTES) {
      this.#options.log.warn(
        `Closed a stream of environment ${stream.environmentId}: its reader is too slow`,
      );
      this.#forget(stream);
      stream.controller.error(new SlowReaderError(queued));
    } else {
      stream.controller.enqueue(bytes);
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
    stream.controller.close();
  }

  #forget(stream: Stream): void {
    this.#streams.delete(stream);
    clearTimeout(stream.closeTimer);
  }
}

/** Ends the stream of a reader that does not keep up; its client sees the connection end and comes back. */
class SlowReaderError extends RangeError {
  override readonly name = "SlowReaderError";

  constructor(queued: number) {
    super(`Cannot send to a stream: ${queued} bytes are waiting for its reader already`);
  }
}
