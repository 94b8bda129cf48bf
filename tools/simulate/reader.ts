import type { PacedBody, Sink } from "../../lib/delivery/mod.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Machine } from "./machine.ts";

/** Most that a reader gets before it asks for more: bytes. */
const PIECE_BYTES = 64 * 1024;

/** How a client reads: a piece at the moment when it comes, soon after it, or later. */
export type Pace = "prompt" | "fast" | "slow" | "stalled";

/** Time for which a client leaves a piece unread: ms. */
const PATIENCE: Record<Pace, number> = { prompt: 0, fast: 0, slow: 1_500, stalled: Infinity };

/** A client that reads the body of a response at its own pace. */
export abstract class Reader implements Sink {
  /** Whether it ever was slow, so that the relay may have cut it off. */
  wasSlow = false;
  /** Whether the relay has closed the response. */
  isClosed = false;
  /** Since when it has not read what was there: ms of uptime; `Infinity` when it has read everything. */
  waitsSince = Infinity;
  /** When it has last read something, or was opened: ms of uptime. */
  readAt: number;
  /** When it was opened: ms of uptime. */
  readonly openedAt: number;
  /** Its clock. */
  readonly machine: Machine;
  readonly #body: PacedBody;
  #pace: Pace = "fast";
  #piece: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Creates it; nothing has been read.
   *
   * @param body Body of the response.
   * @param options How it reads, and its clock.
   */
  constructor(body: PacedBody, { pace, machine }: { pace: Pace; machine: Machine }) {
    this.pace = pace;
    this.#body = body;
    this.machine = machine;
    this.openedAt = this.readAt = machine.uptime();
  }

  /** How it reads now. */
  get pace(): Pace {
    return this.#pace;
  }

  /** Changes how it reads. */
  set pace(pace: Pace) {
    this.#pace = pace;
    this.wasSlow ||= this.isSlow;
  }

  /** Whether it leaves pieces unread. */
  get isSlow(): boolean {
    return PATIENCE[this.#pace] > 0;
  }

  /** Whether it has read all pieces that were sent. */
  get isIdle(): boolean {
    return this.#piece === undefined;
  }

  /** Whether there is a piece that it wants to read now. */
  get isEager(): boolean {
    return !this.isClosed && this.machine.uptime() - this.waitsSince >= PATIENCE[this.#pace];
  }

  /** Asks for the first piece. */
  open(): void {
    this.#body.start(this);
    this.#body.pull();
  }

  /** See {@linkcode Sink}. */
  enqueue(piece: Uint8Array<ArrayBuffer>): void {
    if (this.#piece || this.isClosed || piece.length > PIECE_BYTES) {
      throw new BrokenPromise(5, `a reader got ${piece.length} bytes that it had no room for`);
    }
    this.machine.activity++;
    this.#piece = piece;
    this.waitsSince = this.machine.uptime();
    if (this.#pace === "prompt") this.read();
  }

  /** See {@linkcode Sink}. What was sent before is still read. */
  close(): void {
    this.machine.activity++;
    this.isClosed = true;
    if (this.#piece) this.take(this.#piece);
    this.#piece = undefined;
  }

  /**
   * Reads the piece that is there and asks for the next.
   *
   * @returns What it read, in words.
   */
  read(): string[] {
    const piece = this.#piece!;
    this.#piece = undefined;
    this.waitsSince = Infinity;
    this.readAt = this.machine.uptime();
    const words = this.take(piece);
    this.#body.pull();
    return words;
  }

  /** Disconnects. */
  vanish(): void {
    this.isClosed = true;
    this.#body.cancel();
  }

  /** Takes in a piece. Returns what was in it, in words. */
  protected abstract take(piece: Uint8Array<ArrayBuffer>): string[];
}

/** A client that downloads a document. */
export class Download extends Reader {
  /** What it has read. */
  text = "";
  readonly #decoder = new TextDecoder();

  /** See {@linkcode Reader}. */
  protected override take(piece: Uint8Array<ArrayBuffer>): string[] {
    this.text += this.#decoder.decode(piece, { stream: true });
    return [`${piece.length} bytes`];
  }
}
