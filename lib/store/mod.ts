/**
 * {@linkcode Store}: the snapshot that each environment serves, the credentials that open it, and the one place where a reload
 * swaps them.
 *
 * @example
 * ```ts
 * import { Store } from "./store.ts";
 * import { assertEquals } from "@std/assert";
 * import { buildSnapshot } from "../snapshot/mod.ts";
 * import { parseMetadata } from "../model/mod.ts";
 *
 * const metadata = parseMetadata({ env: { envID: "e1", sdkKey: { value: "sdk-1" } } }, "e1");
 * const snapshot = buildSnapshot({ metadata, data: { flags: new Map(), segments: new Map() } });
 * const store = new Store();
 * store.replace([{ id: "e1", snapshot }]);
 * assertEquals(store.find("sdk", "sdk-1")?.id, "e1");
 * ```
 *
 * @module
 */
export * from "./store.ts";
