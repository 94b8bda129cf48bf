/**
 * From the bytes of a file to the store: the loading thread, the memory limit, retries, status.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeArchive } from "../archive/mod.ts";
 * import { createLog } from "../observe/mod.ts";
 * import { Store } from "../store/mod.ts";
 * import { Loader, StorePublisher } from "./mod.ts";
 *
 * const bytes = await writeArchive([{
 *   id: "e1",
 *   metadata: '{"env":{"envID":"e1","sdkKey":{"value":"sdk-1"}}}',
 *   data: '{"flags":{"beta":{"key":"beta","version":1,"on":true}}}',
 * }]);
 * const store = new Store();
 * const loader = new Loader({
 *   path: "flags.tar.gz",
 *   maxBytes: 1_000_000,
 *   publisher: new StorePublisher(store),
 *   log: createLog({ level: "none", format: "text", write() {} }),
 * });
 * await loader.load({ bytes, digest: "of the bytes", isAtRest: true });
 * await loader.close();
 * assertEquals(store.find("sdk", "sdk-1")?.snapshot?.flagCount, 1);
 * ```
 *
 * @module
 */
export { answerLoad, type LoadReply } from "./answer_load.ts";
export {
  type KnownEnvironment,
  loadArchive,
  type LoadedEnvironment,
  type LoadRequest,
} from "./load_archive.ts";
export type { Admitted, Gate } from "./gate.ts";
export type { LoadFailure } from "./load_failure.ts";
export * from "./loader.ts";
export { KeepingPublisher } from "./keeping_publisher.ts";
export { canStartThread, LoadingThread, type LoadOptions } from "./loading_thread.ts";
export { findMemoryLimit, isWithinMemory } from "./memory.ts";
export { buildOverlay } from "./overlay.ts";
export * from "./overrides.ts";
export * from "./overrides_file.ts";
export * from "./overrides_loader.ts";
export { OverridingPublisher } from "./overriding_publisher.ts";
export {
  type EnvironmentUse,
  type Publisher,
  type StageTimes,
  StorePublisher,
  toCurrent,
} from "./publisher.ts";
export type { StateFileSystem } from "./_durable_files.ts";
export {
  type KeptFile,
  readTrustRecord,
  StateDirectory,
  type StateDirectoryOptions,
} from "./state_directory.ts";
export { StateError } from "./state_error.ts";
export { TrustGate, type TrustGateOptions, type TrustOptions } from "./trust_gate.ts";
export type { TrustRecord } from "./_state_record.ts";
