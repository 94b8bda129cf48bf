import type { EnvironmentMetadata } from "../model/mod.ts";

/**
 * One version of an environment on its way from the loading thread: plain data, so that it can cross threads, in whole buffers,
 * which are transferred instead of copied.
 */
export interface PreparedSnapshot {
  /** Metadata of the environment. */
  metadata: EnvironmentMetadata;
  /** SHA-256 of all items' digests: hex. Two versions with the same one serve the same. */
  digest: string;
  /** `{"flags":{…},"segments":{…}}`, and behind it the tombstones' keys. UTF-8. */
  buffer: ArrayBuffer;
  /** Length of what is in it: bytes. The rest of it is unused. */
  length: number;
  /** Offset of the flags' object in it: bytes. */
  flagsStart: number;
  /** Offsets past the flags' object and past the document: bytes. */
  ends: { flags: number; document: number };
  /** Number of flags; they come first among the items. */
  flagCount: number;
  /** Three offsets for each item: start of its key, start and end of its text: `Uint32Array`. A tombstone's text is empty. */
  offsets: ArrayBuffer;
  /** Version of each item: `Float64Array`. */
  versions: ArrayBuffer;
  /** 1 for each flag that is on, and for each segment; 0 for tombstones: `Uint8Array`. */
  isOn: ArrayBuffer;
  /** Digest of each item, {@linkcode DIGEST_BYTES} long. */
  digests: ArrayBuffer;
  /** End of each item's references in `references`: `Uint32Array`. */
  referenceEnds: ArrayBuffer;
  /** Positions of the items that items refer to: prerequisites and segments: `Uint32Array`. */
  references: ArrayBuffer;
  /** Entity tags of the document and of the flags' object. */
  etags: { all: string; flags: string };
  /** Faults of flags and segments, for the log: the first ones, and the number of further ones. */
  faults: string[];
  /** Positions of the items that come from overrides and not from the archive, ascending. @default {none} */
  overridden?: readonly number[];
  /** Both compressed with gzip, where clients have requested that. */
  gzips?: { all?: ArrayBuffer; flags?: ArrayBuffer };
}

/** Size of an item's digest: bytes of a SHA-256, cut; enough that no two items ever share one. */
export const DIGEST_BYTES = 16;
