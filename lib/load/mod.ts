/**
 * From the bytes of a file to the store: the loading thread, retries, status.
 *
 * @module
 */
export type { LoadedEnvironment } from "./load_archive.ts";
export * from "./loader.ts";
export type { LoadOptions } from "./loading_thread.ts";
export { findMemoryLimit } from "./memory.ts";
export { type Publisher, StorePublisher } from "./publisher.ts";
