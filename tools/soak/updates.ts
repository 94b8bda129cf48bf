/** A version that streams are waited for to get. */
interface Pending<Stream> {
  at: number;
  /** When the last stream so far got it. */
  last: number;
  waiting: Set<Stream>;
}

/** Options for {@linkcode Updates}. */
export interface UpdatesOptions<Stream> {
  /** Time after which a version that a stream has not got is lost: ms. */
  maxLag: number;
  /** Called for each stream and version that is lost. */
  onLost(stream: Stream, version: number): void;
  /** Returns the time: ms. @default {performance.now} */
  now?: () => number;
}

/** Which streams have yet to get which version, and how long it took until the last one had it. */
export class Updates<Stream> {
  /** Versions that streams never got, each counted once for each stream. */
  lost = 0;
  /** Times from the announcement of a version until the last stream had it: ms. */
  readonly delays: number[] = [];
  readonly #options: UpdatesOptions<Stream>;
  readonly #now: () => number;
  readonly #pending = new Map<number, Pending<Stream>>();

  /** Waits for nothing yet. */
  constructor(options: UpdatesOptions<Stream>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Number of versions that streams are waited for to get. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Begins to wait for streams to get a version. */
  announce(version: number, streams: Iterable<Stream>): void {
    const at = this.#now();
    this.#pending.set(version, { at, last: at, waiting: new Set(streams) });
  }

  /** Notes that a stream has a version, and so all before. */
  arrive(stream: Stream, version: number): void {
    const now = this.#now();
    for (const [awaited, pending] of this.#pending) {
      if (awaited > version || !pending.waiting.delete(stream)) continue;
      pending.last = now;
      this.#settle(awaited, pending);
    }
  }

  /** Waits no longer for a stream, which has ended. */
  leave(stream: Stream): void {
    for (const [version, pending] of this.#pending) {
      if (pending.waiting.delete(stream)) this.#settle(version, pending);
    }
  }

  /** Gives up waiting for what is overdue. */
  giveUp(): void {
    const oldest = this.#now() - this.#options.maxLag;
    for (const [version, pending] of this.#pending) {
      if (pending.at > oldest) continue;
      for (const stream of pending.waiting) this.#options.onLost(stream, version);
      this.lost += pending.waiting.size;
      pending.waiting.clear();
      this.#settle(version, pending);
    }
  }

  #settle(version: number, { at, last, waiting }: Pending<Stream>): void {
    if (waiting.size > 0) return;
    this.#pending.delete(version);
    this.delays.push(last - at);
  }
}
