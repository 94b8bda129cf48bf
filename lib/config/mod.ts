/**
 * Every setting in one table; the configuration file, the environment and the command line read into one `Settings`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadSettings } from "./load.ts";
 * import { parseCommandLine } from "./command_line.ts";
 *
 * const commandLine = parseCommandLine(["--from-env"]);
 * const { settings } = loadSettings(commandLine, {
 *   env: { FILE_DATA_SOURCE: "flags.tar.gz", HEARTBEAT_INTERVAL: "15s" },
 *   readFile: () => undefined,
 * });
 * assertEquals(settings.heartbeatInterval, 15_000);
 * ```
 *
 * @module
 */
export * from "./command_line.ts";
export * from "./default_settings.ts";
export * from "./docs.ts";
export * from "./duration.ts";
export { type EffectiveSetting, isSameValue } from "./effective.ts";
export * from "./process_env.ts";
export * from "./errors.ts";
export * from "./flags.ts";
export * from "./load.ts";
export * from "./moment.ts";
export * from "./nearest.ts";
export * from "./settings.ts";
