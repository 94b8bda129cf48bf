/**
 * Every setting in one table; the configuration file, the environment and the command line read into one `Settings`.
 *
 * @module
 */
export { DEFAULT_SETTINGS, type Settings, type TlsSettings } from "./settings.ts";
