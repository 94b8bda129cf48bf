/**
 * The offline archive: bytes to environments and back, in memory, with every limit and check on the way.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readArchive, readItems, writeArchive } from "./mod.ts";
 *
 * const bytes = await writeArchive([{
 *   id: "e1",
 *   metadata: '{"env":{"envID":"e1","sdkKey":{"value":"sdk-1"}}}',
 *   data: '{"flags":{"beta":{"key":"beta","version":1,"on":true}}}',
 * }]);
 * const { environments: [environment] } = await readArchive(bytes);
 * assertEquals(environment?.id, "e1");
 * if (environment && "dataJson" in environment) {
 *   const [item] = [...readItems("e1", environment.dataJson)];
 *   assertEquals([item?.kind, item?.key, item?.value.version], ["flags", "beta", 1]);
 * }
 * ```
 *
 * @module
 */
export * from "./archive_error.ts";
export {
  type ArchiveEnvironment,
  type ArchiveItem,
  completeItem,
  EnvironmentError,
  type ReadItem,
  readItems,
} from "./environment.ts";
export { readUnpackedLength } from "./_gunzip.ts";
export {
  compact,
  decode,
  isObject,
  JsonError,
  type JsonRange,
  listMembers,
  type Member,
  parseJson,
  scanValue,
  type Value,
} from "./_json.ts";
export { MAX_ITEM_DEPTH } from "./_limits.ts";
export { findValue } from "./_find_value.ts";
export { findSyntaxFault, type SyntaxFault } from "./_syntax.ts";
export * from "./read_archive.ts";
export * from "./scan_items.ts";
export * from "./write_archive.ts";
