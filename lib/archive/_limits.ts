/** Bytes. */
const MiB = 1_048_576;

/** Largest file that is read unless the operator says otherwise: bytes. Some 100,000 flags fit. */
export const MAX_COMPRESSED_BYTES = 64 * MiB;

/** How many bytes may come out per byte of the limit on the file: 512 MiB by default, which a small server's memory bears. */
export const UNPACKED_PER_COMPRESSED = 8;

/**
 * Largest ratio of unpacked to compressed bytes. Measured: ordinary flags 15 to 21, flags that differ in key alone 66,
 * flags with the same large JSON values, printed with deep indents, 146. gzip can reach 1032.
 */
export const MAX_RATIO = 200;

/** So many bytes may come out before the ratio counts: tiny archives compress by chance. */
export const RATIO_FREE_BYTES = MiB;

/** Largest entry: bytes. More than the Relay Proxy's 200 MiB, and less than V8's longest string (512 Mi characters). */
export const MAX_ENTRY_BYTES = 256 * MiB;

/** Most entries: two for each of 2,000 environments, and some to spare. */
export const MAX_ENTRIES = 4096;

/** Longest name of an entry: bytes. What a file system allows. */
export const MAX_NAME_BYTES = 255;

/** Deepest nesting of the JSON in a file: levels. What the Relay Proxy reads (Go's encoding/json); V8's parser needs 64 bytes for each. */
export const MAX_JSON_DEPTH = 10_000;

/**
 * Deepest nesting of a flag or a segment: levels. A flag's own are 8, the rest is for values of variations. SDKs refuse all
 * that comes with it where the document, three levels of an event included, is deeper than their parser goes: 100 levels
 * (Ruby), 127 (Rust), 512 (PHP).
 */
export const MAX_ITEM_DEPTH = 97;

/** How many warnings are kept of one environment: the rest is counted. One mistake of a tool is in every flag. */
export const MAX_WARNINGS = 20;
