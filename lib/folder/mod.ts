/**
 * Archives as folders that people read and edit, one JSON file for each environment, and back.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packFolder, unpackArchive } from "./mod.ts";
 *
 * const files = new Map([["shop.test.json", new TextEncoder().encode('{"beta": true}')]]);
 * const { archive } = await packFolder(files, "a secret");
 * const [environment] = await unpackArchive(archive);
 * assertEquals([environment?.file, environment?.flags], ["shop.test.json", 1]);
 * ```
 *
 * @module
 */
export { isEnvironmentFile } from "./file_name.ts";
export * from "./folder_error.ts";
export { type FolderEnvironment, type PackedFolder, packFolder } from "./pack_folder.ts";
export * from "./unpack_archive.ts";
