import type { Snapshot } from "../snapshot/mod.ts";
import type { CredentialKind } from "../store/mod.ts";
import type { Parts } from "../wire/mod.ts";
import { Reader, type ReaderListener } from "./_reader.ts";
import type { Charge } from "./budget.ts";
import type { Channel } from "./channel.ts";

/** What a stream carries, and who opened it. */
export interface Subscription {
  /** What it carries. */
  channel: Channel;
  /** Client-side ID of its environment. */
  environmentId: string;
  /** Kind of the credential that opened it. */
  credentialKind: CredentialKind;
  /** The credential: when it opens this environment no more, the stream is closed. */
  credential: string;
  /** Whether its client may still read the environment as it now is; if not, it is closed. @default {always} */
  mayRead?: (snapshot: Snapshot) => boolean;
}

/** Options for opening a stream. */
export interface StreamRequest extends Subscription {
  /** What its environment served when the request was checked. */
  snapshot: Snapshot;
}

/** Follows what becomes of streams. */
export interface StreamListener {
  /** The stream's reader has taken all there was and waits for more. */
  onReady(stream: Stream): void;
  /** The stream has been closed, by either end. */
  onGone(stream: Stream): void;
}

/** Options for {@linkcode Stream}. */
export interface StreamOptions {
  /** What it carries and for whom. */
  subscription: Subscription;
  /** What it begins with. */
  snapshot: Snapshot;
  /** When it is to be closed: `performance.now`; `Infinity` for never. */
  closeAt: number;
  /** What its client's context is charged to. */
  kept: Charge;
  /** Follows what becomes of it. */
  listener: StreamListener;
}

/** One open stream. There are thousands, most of them idle, so it has no closure and no timer that could be shared. */
export class Stream implements ReaderListener {
  /** What it carries and for whom. */
  readonly subscription: Subscription;
  /** The way to its client. */
  readonly reader: Reader;
  /** When it is to be closed: `performance.now`. */
  readonly closeAt: number;
  /** What it was last brought to. */
  snapshot: Snapshot;
  /** Waits until its client is told, where clients are told one after the other. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** What its client is told as soon as its reader is ready. */
  waiting: Parts | undefined;
  /** The update that is under way. */
  updating: Promise<void> | undefined;
  readonly #kept: Charge;
  readonly #listener: StreamListener;

  /**
   * Makes it; nothing has been written yet.
   *
   * @param options What it carries, for whom, and who follows it.
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
