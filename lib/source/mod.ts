/**
 * The archive's file: its bytes once it has settled, and its changes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createLog } from "../observe/mod.ts";
 * import { FileSource } from "./file_source.ts";
 *
 * const log = createLog({ level: "none", format: "text", write: () => {} });
 * const source = new FileSource({
 *   path: "deno.json",
 *   interval: 1000,
 *   maxBytes: 1_000_000,
 *   log,
 *   onContent: ({ digest }) => log.info("Data file has changed", { digest }),
 * });
 * let length = 0;
 * await source.read(({ bytes }) => void (length = bytes.length));
 * assertEquals(length, Deno.statSync("deno.json").size);
 * source.start();
 * await source.close();
 * ```
 *
 * @module
 */
export { readAll } from "./_read_settled.ts";
export * from "./file_source.ts";
export * from "./load_error.ts";
export * from "./platform.ts";
export * from "./source_error.ts";
export * from "./transient_error.ts";
