import { crc32, createInflateRaw } from "node:zlib";
import { ArchiveError } from "./archive_error.ts";
import { isZero, NEWLINE } from "./_guard.ts";
import { MAX_RATIO, RATIO_FREE_BYTES } from "./_limits.ts";

/** Size of the chunks after which the unpacked bytes are counted: bytes. */
const CHUNK_BYTES = 262_144;

const TRAILER_BYTES = 8;

// Flags in the header's fourth byte (RFC 1952, 2.3.1).
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;

/**
 * Reports whether the bytes start with the gzip magic number.
 *
 * @param bytes The file.
 * @returns Whether they do.
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks one gzip member that must be the whole of `bytes`, but for zeros or one newline after it.
 *
 * node:zlib's own gunzip accepts further members and trailing zeros, `DecompressionStream` does not distinguish the
 * faults, and neither can be stopped by a ratio: so header and trailer are read here, and zlib only inflates.
 *
 * @param bytes The file.
 * @param maxBytes Maximum length of the content: bytes.
 * @returns The content.
 * @throws {ArchiveError} When it is damaged, cut off, followed by more, or too large.
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const start = skipHeader(bytes);
  const { output, consumed } = await inflate(bytes.subarray(start), maxBytes);
  const trailer = bytes.subarray(start + consumed);
  if (trailer.length < TRAILER_BYTES) throw cutOff();
  const view = new DataView(trailer.buffer, trailer.byteOffset);
  if (view.getUint32(0, true) !== crc32(output)) {
    throw new ArchiveError("gzip-checksum", "gzip checksum does not match");
  }
  if (view.getUint32(4, true) !== output.length) {
    throw new ArchiveError("gzip-length", "gzip length does not match");
  }
  const rest = trailer.subarray(TRAILER_BYTES);
  if (isGzip(rest)) throw new ArchiveError("multi-member", "it has more than one gzip member");
  // A tape or a block device pads with zeros, an editor or a shell adds a newline.
  const isNewline = rest.length === 1 && rest[0] === NEWLINE;
  if (isZero(rest) || isNewline) return output;
  throw new ArchiveError("trailing-data", `${rest.length} bytes follow the gzip data`);
}

/** Returns the length of the header, optional fields included. */
function skipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  if ((bytes[2] ?? 8) !== 8 || (flags & RESERVED) !== 0) {
    throw new ArchiveError("gzip-data", "gzip header is damaged");
  }
  let end = 10;
  if (flags & FEXTRA) end += 2 + (bytes[end] ?? 0) + 256 * (bytes[end + 1] ?? 0);
  for (const text of [FNAME, FCOMMENT]) {
    if (flags & text) end = bytes.indexOf(0, end) + 1 || bytes.length + 1;
  }
  if (flags & FHCRC) {
    const sum = crc32(bytes.subarray(0, end)) & 0xffff;
    if (end + 2 <= bytes.length && sum !== bytes[end]! + 256 * bytes[end + 1]!) {
      throw new ArchiveError("gzip-data", "gzip header is damaged");
    }
    end += 2;
  }
  if (end > bytes.length) throw cutOff();
  return end;
}

async function inflate(
  bytes: Uint8Array,
  maxBytes: number,
): Promise<{ output: Uint8Array<ArrayBuffer>; consumed: number }> {
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
  let output = new Uint8Array(guessLength(bytes, maxBytes));
  let size = 0;
  try {
    inflater.end(bytes);
    for await (const chunk of inflater as AsyncIterable<Uint8Array>) {
      if (size + chunk.length > maxBytes) {
        throw new ArchiveError("unpacked-too-large", `it unpacks to more than ${maxBytes} bytes`);
      }
      if (size + chunk.length > output.length) output = enlarge(output, 2 * (size + chunk.length));
      output.set(chunk, size);
      size += chunk.length;
      if (size > RATIO_FREE_BYTES && size > MAX_RATIO * inflater.bytesWritten) {
        throw new ArchiveError("ratio", `it unpacks to more than ${MAX_RATIO} times its size`);
      }
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    if ((error as { code?: string }).code === "Z_BUF_ERROR") throw cutOff();
    throw new ArchiveError("gzip-data", "gzip data is damaged", { cause: error });
  }
  return { output: output.subarray(0, size), consumed: inflater.bytesWritten };
}

/** Guesses the length of the content by the end of the member, so that the buffer need not grow. */
function guessLength(bytes: Uint8Array, maxBytes: number): number {
  const length = readLength(bytes);
  return length === 0 || length > maxBytes ? CHUNK_BYTES : length;
}

/** Returns the length in the last four bytes of a member, past which there may be padding; 0 when they say what cannot be. */
function readLength(bytes: Uint8Array): number {
  let end = bytes.length;
  while (bytes[end - 1] === 0) end--;
  // Up to three zeros may be the length's own, and so may a newline: of two lengths that can be, the one without padding counts.
  const isPadded = bytes.length - end > 3;
  const ends = isPadded ? [end, end + 1, end + 2, end + 3] : [bytes.length, bytes.length - 1];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths = ends.map((end) => end < TRAILER_BYTES ? 0 : view.getUint32(end - 4, true));
  return lengths.find((length) => length > 0 && length <= RATIO_FREE_BYTES + MAX_RATIO * bytes.length) ?? 0;
}

/**
 * Returns the unpacked length that an archive claims at its end.
 *
 * @param bytes The archive.
 * @returns Bytes.
 */
export function readUnpackedLength(bytes: Uint8Array): number {
  return isGzip(bytes) ? Math.max(readLength(bytes), bytes.length) : bytes.length;
}

function enlarge(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer.transfer(length));
}

function cutOff(): ArchiveError {
  return new ArchiveError("truncated", "it ends in the middle of the gzip data");
}
