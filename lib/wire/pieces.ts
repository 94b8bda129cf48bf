import { concat } from "./concat.ts";
import { lengthOf, type Parts } from "./event.ts";
import type { Pause } from "./pause.ts";

/**
 * Size of a piece: bytes. The server reads in buffers of 64 KiB, so larger pieces are split anyway
 * (and take three times as long, measured with 1 MB to 2,000 streams), smaller ones only cost more turns.
 */
export const PIECE_BYTES = 64 * 1024;

/**
 * Bytes in parts, cut into pieces of at most 64 KiB for one client. A piece is a view of a part wherever it can be; only where a
 * part ends are its rest and the next part copied together, so that small parts do not become small pieces.
 */
export class Pieces {
  readonly #parts: Parts;
  #index = 0;
  #offset = 0;

  /**
   * Creates pieces of which none has been taken yet.
   *
   * @param parts The bytes. Neither copied nor changed.
   */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.#skipEmpty();
  }

  /** Whether all pieces have been taken. */
  get isEmpty(): boolean {
    return this.#index === this.#parts.length;
  }

  /**
   * Takes the next piece.
   *
   * @returns The piece, which must not be changed; `undefined` when all have been taken.
   */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.isEmpty) return undefined;
    const first = this.#takeView(PIECE_BYTES);
    if (first.length === PIECE_BYTES || this.isEmpty) return first;
    const views = [first];
    for (let length = first.length; length < PIECE_BYTES && !this.isEmpty;) {
      const view = this.#takeView(PIECE_BYTES - length);
      views.push(view);
      length += view.length;
    }
    return concat(views);
  }

  #takeView(maxBytes: number): Uint8Array<ArrayBuffer> {
    const part = this.#parts[this.#index]!;
    const view = part.subarray(this.#offset, this.#offset + maxBytes);
    this.#offset += view.length;
    this.#skipEmpty();
    return view;
  }

  /** Skips the parts that have been taken in full, so that `isEmpty` is right at once. */
  #skipEmpty(): void {
    while (this.#index < this.#parts.length && this.#offset === this.#parts[this.#index]!.length) {
      this.#index++;
      this.#offset = 0;
    }
  }
}

/**
 * Cuts bytes in many small parts into their {@linkcode Pieces}, once for all clients that read them at the same time.
 *
 * @param parts The bytes.
 * @param pause Called between pieces.
 * @returns The pieces: mostly copies.
 */
export async function cutIntoPieces(parts: Parts, pause: Pause): Promise<Parts> {
  const pieces = new Pieces(parts);
  const cut: Uint8Array<ArrayBuffer>[] = [];
  for (let piece = pieces.take(); piece; piece = pieces.take()) {
    cut.push(piece);
    await pause();
  }
  return cut;
}

/**
 * Maximum number of parts whose ends are worth joining in advance: a `put` has five. More would be a second copy of a long update.
 */
const JOINED_PARTS = 8;

/**
 * Joins the ends of parts in advance, as {@linkcode Pieces} would for each client, where few pieces result: then clients share
 * these as well.
 *
 * @param parts The bytes.
 * @returns The same bytes; `parts` itself where there is nothing to join, or too much.
 */
export function joinEnds(parts: Parts): Parts {
  if (parts.length === 1) return parts;
  if (parts.length > JOINED_PARTS && lengthOf(parts) > PIECE_BYTES) return parts;
  const joined: Uint8Array<ArrayBuffer>[] = [];
  let open: Uint8Array<ArrayBuffer>[] = [];
  for (const part of parts) {
    const missing = open.length > 0 ? PIECE_BYTES - lengthOf(open) : 0;
    if (missing > 0) open.push(part.subarray(0, missing));
    if (missing > part.length) continue;
    if (missing > 0) joined.push(concat(open));
    const end = part.length - (part.length - missing) % PIECE_BYTES;
    if (end > missing) joined.push(part.subarray(missing, end));
    open = end < part.length ? [part.subarray(end)] : [];
  }
  return open.length > 0 ? [...joined, concat(open)] : joined;
}
