import type { Snapshot } from "../snapshot/mod.ts";
import { type Parts, Pieces } from "../wire/mod.ts";
import type { Charge } from "./budget.ts";
import { Pace } from "./_pace.ts";

/** Listener for the events of a {@linkcode Reader}. */
export interface ReaderListener {
  /** Called when the client has read everything and waits for more. */
  onReady(reader: Reader): void;
  /** Called once, when the client has disconnected or the connection has been closed. */
  onGone(reader: Reader): void;
}

/**
 * Way to one client, provided by the transport: a `ReadableStreamDefaultController` is one. It pulls again when the client has
 * taken a piece.
 */
export interface Sink {
  /** Sends a piece. */
  enqueue(piece: Uint8Array<ArrayBuffer>): void;
  /** Ends the response once what was sent has been read. */
  close(): void;
  /** Ends it at once, where the transport can: its client does not read. @default {close} */
  destroy?(): void;
}

/**
 * Body of a response that is sent at the client's pace. The transport starts it once, with a sink, then pulls a piece at a time; it
 * is what `new ReadableStream` takes.
 */
export interface PacedBody {
  /** Starts it. Nothing is sent before the first pull. */
  start(sink: Sink): void;
  /** Sends the next piece, now or when there is one. */
  pull(): void;
  /** Ends it: the client has disconnected. */
  cancel(): void;
}

/** Options for {@linkcode Reader}. */
export interface ReaderOptions {
  /** Client-side ID of the environment that is sent. */
  environmentId: string;
  /** Listener for its events. */
  listener: ReaderListener;
  /** Whether it is closed after the first write, as a document is and a stream is not. */
  isOnce: boolean;
}

/**
 * Connection to one client: it hands over bytes piece by piece, as the client reads them. Waiting bytes are references to shared
 * memory, so that a client that reads nothing costs one piece.
 */
export class Reader implements PacedBody {
  /** Client-side ID of the environment that is sent. */
  readonly environmentId: string;
  /** Progress of the client with the last write. */
  readonly pace = new Pace();
  /** Superseded version that is kept in memory for the client, if any. */
  held: Snapshot | undefined;
  readonly #listener: ReaderListener;
  #isOnce: boolean;
  #sink: Sink | undefined;
  #isClosed = false;
  #pieces: Pieces | undefined;
  #charge: Charge | undefined;
  #given = 0;
  #isHungry = false;

  /**
   * Creates a connection to which nothing has been written.
   *
   * @param options Its environment and its listener.
   */
  constructor({ environmentId, listener, isOnce }: ReaderOptions) {
    this.environmentId = environmentId;
    this.#listener = listener;
    this.#isOnce = isOnce;
  }

  /** Whether the client has read everything and waits for more. */
  get isReady(): boolean {
    return this.#isHungry && this.#pieces === undefined;
  }

  /** Charge of the waiting bytes; `undefined` when they are shared, and when the client has read everything. */
  get charge(): Charge | undefined {
    return this.#charge;
  }

  /**
   * Writes bytes. Only to a new reader, or one that is ready.
   *
   * @param parts One or more whole events, or a document. Not copied: do not change them.
   * @param charge Charge that is released when the client has read them or has disconnected.
   */
  write(parts: Parts, charge?: Charge): void {
    this.#charge = charge;
    this.#pieces = new Pieces(parts);
    this.#given = 0;
    this.pace.start(performance.now());
    if (this.#isHungry) this.#feed();
  }

  /**
   * Closes the connection after some last bytes.
   *
   * @param parts The bytes; they are left out if the client has not read what came before.
   */
  finish(parts: Parts): void {
    if (!this.isReady) return this.close();
    this.#isOnce = true;
    this.write(parts);
  }

  /** Closes the connection; waiting bytes are discarded. */
  close(): void {
    const sink = this.#sink;
    const isStalled = !this.isReady && this.#given > 0;
    this.#end();
    if (isStalled && sink?.destroy) sink.destroy();
    else sink?.close();
  }

  /** See {@linkcode PacedBody}. */
  start(sink: Sink): void {
    if (this.#isClosed) sink.close();
    else this.#sink = sink;
  }

  /** See {@linkcode PacedBody}. */
  pull(): void {
    this.#isHungry = true;
    if (!this.#pieces) return;
    if (this.#given > 0) this.pace.add(this.#given, performance.now());
    if (!this.#pieces.isEmpty) return this.#feed();
    this.#release();
    this.#listener.onReady(this);
  }

  /** See {@linkcode PacedBody}. */
  cancel(): void {
    this.#end();
  }

  #feed(): void {
    const sink = this.#sink;
    const piece = this.#pieces!.take()!;
    // Enqueuing may call `pull` at once.
    const isLast = this.#isOnce && this.#pieces!.isEmpty;
    this.#isHungry = false;
    this.#given = piece.length;
    sink!.enqueue(piece);
    if (!isLast) return;
    this.#end();
    sink!.close();
  }

  #release(): void {
    this.#pieces = undefined;
    this.#charge?.release();
    this.#charge = undefined;
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink = undefined;
    this.#release();
    this.#listener.onGone(this);
  }
}
