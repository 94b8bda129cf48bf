import { buffer } from "node:stream/consumers";
import { createGzip, gzipSync } from "node:zlib";
import type { Pause } from "./pause.ts";

/**
 * Size of a slice of compression, from the start of a document: bytes. It takes 2 ms at the default level. The output depends on
 * it, so it must be the same everywhere for replicas to agree.
 */
const SLICE_BYTES = 64 * 1024;

/**
 * Compresses with gzip, and serves requests in between: a large document takes longer than they should wait.
 *
 * @param bytes The document.
 * @param pause Called between two slices.
 * @param level Compression level, from 1 to 9. @default {zlib's}
 * @returns The compressed bytes: the same ones for the same bytes and level. In a buffer of their own.
 */
export async function compress(
  bytes: Uint8Array,
  pause: Pause,
  level?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = level === undefined ? {} : { level };
  if (bytes.length <= SLICE_BYTES) return new Uint8Array(gzipSync(bytes, options));
  const gzip = createGzip({ ...options, chunkSize: SLICE_BYTES });
  const compressed = buffer(gzip);
  for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
    await new Promise((resolve) => gzip.write(bytes.subarray(start, start + SLICE_BYTES), resolve));
    await pause();
  }
  gzip.end();
  return new Uint8Array(await compressed);
}
