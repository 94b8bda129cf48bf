/**
 * Every setting in one table; the configuration file, the environment and the command line read into one `Settings`.
 *
 * @example
 * ```ts
 * import { loadSettings, parseCommandLine } from "./mod.ts";
 *
 * const commandLine = parseCommandLine(["--from-env"]);
 * const { settings } = loadSettings(commandLine, {
 *   env: { FILE_DATA_SOURCE: "flags.tar.gz", HEARTBEAT_INTERVAL: "15s" },
 *   readFile: () => undefined,
 * });
 * console.log(settings.heartbeatInterval); // 15000
 * ```
 *
 * @module
 */
export { environmentVariables, type Variables } from "./_environment.ts";
export { type CommandLine, parseCommandLine } from "./command_line.ts";
export { type Problem, SettingsError, type SettingsStage } from "./errors.ts";
export { renderSettings, settingsHelp } from "./docs.ts";
export { type LoadedSettings, type LoadOptions, loadSettings } from "./load.ts";
export { DEFAULT_SETTINGS, type Settings, type TlsSettings } from "./settings.ts";
