import type { Snapshot } from "../snapshot/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import type { Parts } from "../wire/mod.ts";
import { Reader, type ReaderListener } from "./_reader.ts";
import type { Charge } from "./budget.ts";
import type { Channel } from "./channel.ts";

/** Counter of open streams. */
export interface ConnectionCounter {
  /** Called when a stream has been opened. */
  opened(): void;
  /** Called when it has been closed. */
  closed(): void;
}

/** Subscription of a stream: its channel, its environment and its credential. */
export interface Subscription {
  /** Channel that it carries. */
  channel: Channel;
  /** Client-side ID of its environment. */
  environmentId: string;
  /** Kind of the credential that opened it. */
  credentialKind: CredentialKind;
  /** The credential. Once it no longer opens this environment, the stream is closed. */
  credential: string;
  /** Reports whether the client may still read the environment as it now is; if not, the stream is closed. @default {always} */
  mayRead?: (snapshot: Snapshot) => boolean;
  /** Counter of the open streams like it. @default {none} */
  connections?: ConnectionCounter;
}

/** Options for {@linkcode Delivery.open}. */
export interface StreamRequest extends Subscription {
  /** Version that the environment had when the request was checked. */
  snapshot: Snapshot;
}

/** Listener for the events of streams. */
export interface StreamListener {
  /** Called when the stream's client has read everything and waits for more. */
  onReady(stream: Stream): void;
  /** Called when the stream has been closed, by either end. */
  onGone(stream: Stream): void;
}

/** Options for {@linkcode Stream}. */
export interface StreamOptions {
  /** Its channel and its client. */
  subscription: Subscription;
  /** Version that it begins with. */
  snapshot: Snapshot;
  /** Time at which it is closed: `performance.now`; `Infinity` for never. */
  closeAt: number;
  /** Charge of its client's context. */
  kept: Charge;
  /** Listener for its events. */
  listener: StreamListener;
}

/** An open stream. There are thousands, most of them idle, so it has no closure and no timer that could be shared. */
export class Stream implements ReaderListener {
  /** Its channel and its client. */
  readonly subscription: Subscription;
  /** Connection to its client. */
  readonly reader: Reader;
  /** Time at which it is closed: `performance.now`. */
  readonly closeAt: number;
  /** Time at which it was opened: `performance.now`. */
  readonly openedAt: number = performance.now();
  /** Version that it was last brought to. */
  snapshot: Snapshot;
  /** Timer of a delayed update, where clients are updated one after the other. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Events that are sent as soon as the client has read everything. */
  waiting: Parts | undefined;
  /** Update in progress. */
  updating: Promise<void> | undefined;
  readonly #kept: Charge;
  readonly #listener: StreamListener;

  /**
   * Creates a stream to which nothing has been written.
   *
   * @param options Its channel, its client and its listener.
   */
  constructor({ subscription, snapshot, closeAt, kept, listener }: StreamOptions) {
    this.subscription = subscription;
    this.snapshot = snapshot;
    this.closeAt = closeAt;
    this.#kept = kept;
    this.#listener = listener;
    this.reader = new Reader({ environmentId: subscription.environmentId, listener: this, isOnce: false });
  }

  /** Called by the reader. */
  onReady(): void {
    this.#listener.onReady(this);
  }

  /** Called by the reader. */
  onGone(): void {
    this.#kept.release();
    clearTimeout(this.timer);
    this.#listener.onGone(this);
  }
}
