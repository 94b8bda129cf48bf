import { concat, lengthOf, type Parts } from "../wire/mod.ts";

/**
 * How much goes to the server in one piece: bytes. The server reads in buffers of 64 KiB, so larger pieces are split anyway
 * (and take three times as long, measured with 1 MB to 2,000 streams), smaller ones only cost more turns.
 */
const PIECE_BYTES = 64 * 1024;

/**
 * The way to one reader: holds what it has not taken yet and hands it over piece by piece. What waits are references to
 * shared bytes, never copies.
 */
export class Outbox implements UnderlyingDefaultSource<Uint8Array> {
  /** The response's body. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #onDrain: () => void;
  readonly #onGone: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: Uint8Array[] = [];
  #isHungry = false;
  /** When the reader last took something, or had nothing to take: `performance.now`. */
  #progressAt = performance.now();

  /**
   * Makes an empty outbox.
   *
   * @param onDrain Is called when the reader has taken all there was.
   * @param onGone Is called when the reader has gone away.
   */
  constructor(onDrain: () => void, onGone: () => void) {
    this.#onDrain = onDrain;
    this.#onGone = onGone;
    this.body = new ReadableStream(this, { highWaterMark: 0 });
  }

  /** Whether the reader has taken all there was. */
  get isDrained(): boolean {
    return this.#waiting.length === 0;
  }

  /**
   * Tells whether the reader has stopped taking what waits for it.
   *
   * @param deadline How long it may take for the next piece: ms.
   * @returns Whether it has taken nothing for longer than that.
   */
  isStalled(deadline: number): boolean {
    return !this.isDrained && this.#progressAt < performance.now() - deadline;
  }

  /**
   * Sends bytes after what waits already.
   *
   * @param parts One or more whole events. Not copied: do not change them.
   */
  write(parts: Parts): void {
    if (this.isDrained) this.#progressAt = performance.now();
    if (lengthOf(parts) <= PIECE_BYTES) this.#waiting.push(concat([...parts]));
    else this.#waiting.push(...parts);
    if (this.#isHungry) this.#feed();
  }

  /** Ends the stream; what waits is not sent any more. */
  close(): void {
    this.#waiting = [];
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** Called by the stream. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  /** Called by the stream when the reader wants more. */
  pull(): void {
    this.#progressAt = performance.now();
    this.#isHungry = true;
    if (!this.isDrained) this.#feed();
  }

  /** Called by the stream when the reader has gone away. */
  cancel(): void {
    this.#controller = undefined;
    this.#waiting = [];
    this.#onGone();
  }

  #feed(): void {
    this.#isHungry = false;
    const [first] = this.#waiting as [Uint8Array];
    if (first.length > PIECE_BYTES) this.#waiting[0] = first.subarray(PIECE_BYTES);
    else this.#waiting.shift();
    this.#controller!.enqueue(first.subarray(0, PIECE_BYTES));
    if (this.isDrained) this.#onDrain();
  }
}
