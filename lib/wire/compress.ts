import { buffer } from "node:stream/consumers";
import { createGzip, gzipSync } from "node:zlib";
import type { Pause } from "./pause.ts";

/**
 * How much is compressed in one go, from the start of a document: bytes. It takes 2 ms at the default level. What comes out depends
 * on it, so that it must be the same everywhere for replicas to agree.
 */
const SLICE_BYTES = 64 * 1024;

/**
 * Compresses with gzip, and lets requests have their turn in between: a large document takes longer than anybody should wait.
 *
 * @param bytes What to compress.
 * @param pause Is called between two slices.
 * @param level How hard, from 1 to 9. @default {zlib's}
 * @returns The compressed bytes: the same ones for the same bytes and level. They are a buffer of their own.
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
