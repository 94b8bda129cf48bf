import type { Snapshot } from "../snapshot/mod.ts";
import { type Parts, Pieces } from "../wire/mod.ts";
import type { Charge } from "./budget.ts";
import { Pace } from "./_pace.ts";

/** Follows what becomes of a reader. */
export interface ReaderListener {
  /** The reader has taken all there was and waits for more. */
  onReady(reader: Reader): void;
  /** The client has gone away, or the connection has been closed. Is called once. */
  onGone(reader: Reader): void;
}

/** Options for {@linkcode Reader}. */
export interface ReaderOptions {
  /** Client-side ID of the environment that is read. */
  environmentId: string;
  /** Follows what becomes of it. */
  listener: ReaderListener;
  /** Whether it is closed once it has taken what was written, as a document's is and a stream's is not. */
  isOnce: boolean;
}

/**
 * The way to one client: hands over what was written, piece by piece, as the client takes it. What waits are references to
 * shared bytes, so that a client that reads nothing costs one piece.
 */
export class Reader implements UnderlyingDefaultSource<Uint8Array> {
  /** The response's body. */
  readonly body: ReadableStream<Uint8Array>;
  /** Client-side ID of the environment that is read. */
  readonly environmentId: string;
  /** How it gets on with what was written last. */
  readonly pace = new Pace();
  /** What is kept in memory for it, if that has been superseded. */
  held: Snapshot | undefined;
  readonly #listener: ReaderListener;
  readonly #isOnce: boolean;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #pieces: Pieces | undefined;
  #charge: Charge | undefined;
  #given = 0;
  #isHungry = false;

  /**
   * Makes a reader that nothing has been written to.
   *
   * @param options What it reads, and who follows it.
   */
  constructor({ environmentId, listener, isOnce }: ReaderOptions) {
    this.environmentId = environmentId;
    this.#listener = listener;
    this.#isOnce = isOnce;
    this.body = new ReadableStream(this, { highWaterMark: 0 });
  }

  /** Whether it has taken all there was and waits for more. */
  get isReady(): boolean {
    return this.#isHungry && this.#pieces === undefined;
  }

  /** What its bytes are charged to; `undefined` when they are shared, and when it is ready. */
  get charge(): Charge | undefined {
    return this.#charge;
  }

  /**
   * Hands over bytes. Only to a new reader, or one that is ready.
   *
   * @param parts One or more whole events, or a document. Not copied: do not change them.
   * @param charge Is released when they have been taken, or the client is gone.
   */
  write(parts: Parts, charge?: Charge): void {
    this.#charge = charge;
    this.#pieces = new Pieces(parts);
    this.#given = 0;
    this.pace.start(performance.now());
    if (this.#isHungry) this.#feed();
  }

  /** Closes the connection; what waits is not sent any more. */
  close(): void {
    this.#controller?.close();
    this.#end();
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when the client takes more. */
  pull(): void {
    this.#isHungry = true;
    if (!this.#pieces) return;
    if (this.#given > 0) this.pace.add(this.#given, performance.now());
    if (!this.#pieces.isEmpty) return this.#feed();
    this.#release();
    this.#listener.onReady(this);
  }

  /** Called by the stream when the client has gone away. */
  cancel(): void {
    this.#end();
  }

  #feed(): void {
    const piece = this.#pieces!.take()!;
    // Enqueuing may call `pull` at once.
    const isLast = this.#isOnce && this.#pieces!.isEmpty;
    this.#isHungry = false;
    this.#given = piece.length;
    this.#controller!.enqueue(piece);
    if (isLast) this.close();
  }

  #release(): void {
    this.#pieces = undefined;
    this.#charge?.release();
    this.#charge = undefined;
  }

  #end(): void {
    if (!this.#controller) return;
    this.#controller = undefined;
    this.#release();
    this.#listener.onGone(this);
  }
}
