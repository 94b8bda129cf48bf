import type { Log } from "../observe/mod.ts";
import type { CredentialKind, EnvironmentChange, Payload, Snapshot, Store } from "../store/mod.ts";

/**
 * How many bytes may wait in the process for one reader, in bytes. What the kernel's socket buffers hold (some MB) is not
 * counted, nor is the event being written, so only a reader that has fallen far behind gets here: 1 MiB.
 */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Share of the maximum connection time by which a stream may be closed early, so that not all reconnect at once. */
const CONNECTION_TIME_JITTER = 0.1;

/** What a stream carries: `all` flags and segments, or the `flags` alone (old SDKs). */
export type Channel = "all" | "flags";

/** What `Hub.open` needs to know of a new stream. */
export interface StreamRequest {
  /** What it carries. */
  channel: Channel;
  /** Client-side ID of its environment. */
  environmentId: string;
  /** Kind of the credential that opened it. */
  credentialKind: CredentialKind;
  /** The credential: when it opens this environment no more, the stream is closed. */
  credential: string;
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

/** Longest delay that a timer takes: ms. A longer one would fire at once. */
const MAX_TIMER_DELAY = 2 ** 31 - 1;

/** A comment: keeps proxies and SDKs (which give up after five silent minutes) from closing an idle stream. */
const HEARTBEAT = new TextEncoder().encode(":\n\n");

/**
 * Holds every open stream and fans events out to them. An event is encoded once and its bytes are shared.
 *
 * Call `publish` with what each `Store.replace` has changed. The hub keeps timers until `close`.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  readonly #heartbeatTimer: Timer | undefined;
  #expiryTimer: Timer | undefined;
  #closed = false;

  /** @param options Store, log and times. */
  constructor(options: HubOptions) {
    this.#options = options;
    const { heartbeatInterval } = options;
    if (heartbeatInterval > 0) {
      this.#heartbeatTimer = setInterval(
        () => this.#sendAll(HEARTBEAT),
        Math.min(heartbeatInterval, MAX_TIMER_DELAY),
      );
    }
    this.#closeInvalid();
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream: it starts with a `put` of the snapshot and gets every later change until it is closed.
   *
   * @param request What it carries and for whom.
   * @param snapshot What the environment serves at this moment.
   * @returns The response's body.
   */
  open(request: StreamRequest, snapshot: Snapshot): ReadableStream<Uint8Array> {
    let stream: Stream;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { ...request, controller };
        controller.enqueue(payloadOf(snapshot, request.channel).put);
        if (this.#closed) return controller.close();
        this.#streams.add(stream);
        const { maxClientConnectionTime, random = Math.random } = this.#options;
        if (maxClientConnectionTime > 0) {
          const delay = maxClientConnectionTime * (1 - CONNECTION_TIME_JITTER * random());
          stream.closeTimer = setTimeout(() => this.#close(stream), Math.min(delay, MAX_TIMER_DELAY));
        }
      },
      cancel: () => this.#forget(stream),
    }, { highWaterMark: 0, size: (chunk) => chunk.byteLength });
  }

  /**
   * Closes the streams whose credential is no longer good, and brings all others to the new state of their environment.
   *
   * @param changes What `Store.replace` gave.
   */
  publish(changes: EnvironmentChange[]): void {
    this.#closeInvalid();
    const byId = new Map(changes.map((change) => [change.id, change]));
    for (const stream of this.#streams) {
      const change = byId.get(stream.environmentId);
      if (!change?.before?.snapshot || !change.after?.snapshot) continue;
      const before = payloadOf(change.before.snapshot, stream.channel);
      const after = payloadOf(change.after.snapshot, stream.channel);
      if (before !== after) this.#send(stream, after.put);
    }
  }

  /** Closes every stream and stops all timers. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#expiryTimer);
    for (const stream of this.#streams) this.#close(stream);
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

  /** Closes streams whose credential is revoked or expired, and looks again when the next one expires. */
  #closeInvalid(): void {
    const { store, expiredCredentialCleanupInterval } = this.#options;
    for (const stream of this.#streams) {
      if (store.find(stream.credentialKind, stream.credential)?.id !== stream.environmentId) {
        this.#close(stream);
      }
    }
    const delay = Math.min(store.timeToNextExpiry + 1, expiredCredentialCleanupInterval, MAX_TIMER_DELAY);
    clearTimeout(this.#expiryTimer);
    this.#expiryTimer = setTimeout(() => this.#closeInvalid(), delay);
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

function payloadOf(snapshot: Snapshot, channel: Channel): Payload {
  return channel === "all" ? snapshot.all : snapshot.flags;
}
