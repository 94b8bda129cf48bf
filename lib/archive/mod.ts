/**
 * The offline archive: bytes to environments and back, in memory, with every limit and check on the way.
 *
 * @example
 * ```ts
 * import { readArchive } from "./read_archive.ts";
 * import { writeArchive } from "./write_archive.ts";
 *
 * const bytes = await writeArchive([{
 *   id: "e1",
 *   metadata: '{"env":{"envID":"e1","sdkKey":{"value":"sdk-1"}}}',
 *   data: '{"flags":{"beta":{"key":"beta","version":1,"on":true}}}',
 * }]);
 * const { environments } = await readArchive(bytes);
 * console.log(environments[0]?.id); // e1
 * ```
 *
 * @module
 */
export * from "./archive_error.ts";
export { type ArchiveEnvironment, EnvironmentError } from "./environment.ts";
export * from "./read_archive.ts";
export * from "./write_archive.ts";
