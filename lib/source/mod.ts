/**
 * Where the archive's bytes come from, when they have changed, and how they reach the store.
 *
 * @example
 * ```ts
 * import { createLog } from "../observe/mod.ts";
 * import { FileSource } from "./mod.ts";
 *
 * const log = createLog({ level: "none", format: "text", write: () => {} });
 * const source = new FileSource({
 *   path: "deno.json",
 *   interval: 1000,
 *   maxBytes: 1_000_000,
 *   log,
 *   onContent: ({ digest }) => log.info(`Now it is ${digest}`),
 * });
 * const { bytes } = await source.read();
 * console.log(bytes.length);
 * source.start();
 * await source.close();
 * ```
 *
 * @module
 */
export * from "./file_source.ts";
export * from "./loader.ts";
export type { LoadOptions } from "./loading_thread.ts";
export * from "./platform.ts";
export * from "./source_error.ts";
