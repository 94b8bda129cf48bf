/**
 * What is served: snapshots of environments with their wire bytes ready, the credentials that open them, and the one
 * place where a reload swaps them.
 *
 * @example
 * ```ts
 * import { prepareSnapshot, Store } from "./mod.ts";
 * import { parseMetadata } from "../model/mod.ts";
 *
 * const metadata = parseMetadata({ env: { envID: "e1", sdkKey: { value: "sdk-1" } } }, "e1");
 * const snapshot = await prepareSnapshot({ metadata, data: { flags: new Map(), segments: new Map() } });
 * const store = new Store();
 * store.replace([{ id: "e1", snapshot }]);
 * console.log(store.find("sdk", "sdk-1")?.id); // e1
 * ```
 *
 * @module
 */
export * from "./diff.ts";
export * from "./event.ts";
export * from "./pause.ts";
export * from "./prepare.ts";
export * from "./snapshot.ts";
export * from "./store.ts";
