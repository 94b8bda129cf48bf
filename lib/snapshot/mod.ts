/**
 * One version of an environment, ready to send, and the difference of two.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFlag, parseMetadata } from "../model/mod.ts";
 * import { compareSnapshots, Snapshot, SnapshotBuilder } from "./mod.ts";
 *
 * function build(version: number): Snapshot {
 *   const json = `{"key":"beta","version":${version}}`;
 *   const builder = new SnapshotBuilder(1000);
 *   const value = parseFlag(JSON.parse(json), "beta");
 *   builder.add({ kind: "flags", key: "beta", value, text: json });
 *   return Snapshot.from(builder.finish(parseMetadata({ env: { envID: "e1" } }, "e1")));
 * }
 * const { changes: [change] } = await compareSnapshots(build(1), build(2));
 * assertEquals([change?.key, change?.previous, change?.version], ["beta", 1, 2]);
 * ```
 *
 * @module
 */
export { listReferences, type Reference, SnapshotBuilder, type SnapshotInput } from "./builder.ts";
export type { ItemKind } from "./_items.ts";
export * from "./diff.ts";
export * from "./history.ts";
export * from "./past_version.ts";
export { type Document, LazyDocument, type Payload } from "./payload.ts";
export type { PreparedSnapshot } from "./prepared.ts";
export { share } from "./share.ts";
export { buildSnapshot, Snapshot, type SnapshotItem } from "./snapshot.ts";
export * from "./update.ts";
