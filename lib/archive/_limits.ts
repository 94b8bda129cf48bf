/** Bytes. */
const MiB = 1_048_576;

/** Default of the largest archive: bytes. Some 100,000 flags fit. @limit as MAX_ARCHIVE_SIZE */
export const MAX_COMPRESSED_BYTES = 64 * MiB;

/** Largest unpacked size, per byte of `MAX_ARCHIVE_SIZE`: 512 MiB by default, which a small server's memory bears. @limit bytes: the archive is refused */
export const UNPACKED_PER_COMPRESSED = 8;

/**
 * Largest ratio of unpacked to compressed bytes. Measured: ordinary flags 15 to 21, flags that differ in key alone 66,
 * flags with the same large JSON values, printed with deep indents, 146. gzip can reach 1032.
 *
 * @limit to 1: the archive is refused
 */
export const MAX_RATIO = 200;

/** Largest unpacked size for which that ratio does not count. Tiny archives compress by chance, and tools for tapes pad a tar with up to 10 MiB of zeros. @limit bytes: the ratio counts */
export const RATIO_FREE_BYTES = 16 * MiB;

/** Largest entry of an archive. More than the Relay Proxy's 200 MiB, and less than V8's longest string (512 Mi characters). @limit bytes: the archive is refused */
export const MAX_ENTRY_BYTES = 256 * MiB;

/** Most entries of an archive: two for each of 2,000 environments, and some to spare. @limit entries: the archive is refused */
export const MAX_ENTRIES = 4096;

/** Longest name of an entry. What a file system allows. @limit bytes: the archive is refused */
export const MAX_NAME_BYTES = 255;

/** Deepest nesting of JSON in a file of an archive, flags and segments aside. What the Relay Proxy reads (Go's encoding/json). @limit levels: the environment is refused, the others are served */
export const MAX_JSON_DEPTH = 10_000;

/**
 * Deepest nesting of a flag or a segment. A flag's own is 8, the rest is for values of variations. SDKs refuse all that comes
 * with it where the document, three levels of an event included, is deeper than their parser goes: 100 (Ruby), 127 (Rust),
 * 512 (PHP). @limit levels: it alone is left out, with a warning
 */
export const MAX_ITEM_DEPTH = 97;

/** Most warnings that are logged of one environment. One mistake of a tool is in every flag. @limit lines: the rest is counted */
export const MAX_WARNINGS = 20;
