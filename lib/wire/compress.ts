import { buffer } from "node:stream/consumers";
import { createGzip, gzipSync } from "node:zlib";
import { concat } from "./concat.ts";
import { lengthOf, type Parts } from "./event.ts";
import type { Pause } from "./pause.ts";
import { PIECE_BYTES, Pieces } from "./pieces.ts";

/**
 * Compresses with gzip, and serves requests in between: a large document takes longer than they should wait. It does so piece by
 * piece, each takes 2 ms at the default level; the output depends on their size, so it must be the same everywhere for replicas to
 * agree.
 *
 * @param parts The document.
 * @param pause Called between two slices.
 * @param level Compression level, from 1 to 9. @default {zlib's}
 * @returns The compressed bytes: the same ones for the same bytes and level. In a buffer of their own.
 */
export async function compress(
  parts: Parts,
  pause: Pause,
  level?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = level === undefined ? {} : { level };
  if (lengthOf(parts) <= PIECE_BYTES) return new Uint8Array(gzipSync(concat([...parts]), options));
  const gzip = createGzip({ ...options, chunkSize: PIECE_BYTES });
  const compressed = buffer(gzip);
  const pieces = new Pieces(parts);
  for (let piece = pieces.take(); piece; piece = pieces.take()) {
    await new Promise((resolve) => gzip.write(piece, resolve));
    await pause();
  }
  gzip.end();
  return new Uint8Array(await compressed);
}
