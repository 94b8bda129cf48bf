/**
 * Helpers of several rooms that belong to no protocol: server-sent events, gzip, entity tags, scheduling of long work, pieces of
 * bytes, small files.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeEvent } from "./event.ts";
 *
 * const [event] = encodeEvent("ping", " ");
 * assertEquals(new TextDecoder().decode(event), "event: ping\ndata:  \n\n");
 * ```
 *
 * @module
 */
export * from "./compress.ts";
export * from "./concat.ts";
export * from "./encode.ts";
export * from "./etag.ts";
export * from "./event.ts";
export * from "./host.ts";
export * from "./pause.ts";
export * from "./pieces.ts";
export * from "./small_file.ts";
