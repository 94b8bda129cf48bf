import { findConflicts, findWarnings, SOURCE_HINT } from "./_check.ts";
import { readVariablesInto } from "./_process_env.ts";
import { readFileInto } from "./_file.ts";
import { MAX_CONFIG_BYTES } from "./_ini.ts";
import { toSettings } from "./_to_settings.ts";
import { noValues, type Reading } from "./_values.ts";
import type { CommandLine } from "./command_line.ts";
import { type EffectiveSetting, listEffective } from "./effective.ts";
import type { Variables } from "./process_env.ts";
import { type Problem, SettingsError, type SettingsStage } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** Options for {@linkcode loadSettings}. */
export interface LoadOptions {
  /** The process's environment. */
  env: Variables;
  /**
   * Reads a file as it is; `undefined` if there is none at the path. Its errors, also of more bytes than allowed, become a
   * {@linkcode SettingsError}.
   */
  readFile(path: string, maxBytes: number): Uint8Array | undefined;
  /** Whether it is an error that no archive is configured. @default {true} */
  needsSource?: boolean;
}

/** Result of {@linkcode loadSettings}. */
export interface LoadedSettings {
  /** The settings. */
  settings: Settings;
  /** The same, one by one with their sources. */
  effective: EffectiveSetting[];
  /** Warnings, a sentence each: settings that are accepted but have no effect, or another one. */
  warnings: string[];
  /** Source of the settings, as in the Relay Proxy's first log line. */
  origin: string;
}

/**
 * Reads the settings: the configuration file, which must be valid on its own, then the process's environment. Values of the
 * environment replace those of the file; lists grow.
 *
 * @param commandLine The parsed command line.
 * @param options Environment and file system.
 * @returns The settings.
 * @throws {SettingsError} When they are invalid.
 */
export function loadSettings(commandLine: CommandLine, options: LoadOptions): LoadedSettings {
  const { env, readFile, needsSource = true } = options;
  const { configFile, allowMissingFile, fromEnv } = commandLine;
  const reading: Reading = { values: noValues(), written: [], environments: [], filters: [], warnings: [] };
  let origin = "";

  if (configFile !== undefined) {
    const bytes = readConfigFile(configFile, readFile);
    if (bytes) {
      refuse("file", readFileInto(reading, bytes), unreadable(configFile));
      refuse("file", findConflicts(reading));
      origin = `configuration file ${configFile}`;
    } else if (!allowMissingFile) {
      const message = `configuration file ${JSON.stringify(configFile)} does not exist`;
      refuse("options", [{ message, hint: "check the path, or add --allow-missing-file" }]);
    }
  }
  if (fromEnv) {
    refuse("environment", readVariablesInto(reading, env));
    refuse("environment", findConflicts(reading));
    origin = origin ? `${origin} plus environment variables` : "configuration from environment variables";
  }
  if (needsSource && reading.values.OfflineMode.fileDataSource === undefined) {
    const isUnread = !fromEnv && env.FILE_DATA_SOURCE !== undefined;
    refuse("relay", [{
      message: "you must specify at least one environment in your configuration",
      hint: isUnread ? "FILE_DATA_SOURCE is set but not read: add --from-env" : SOURCE_HINT,
    }]);
  }
  const warnings = [...reading.warnings, ...findWarnings(reading.values)];
  return { settings: toSettings(reading.values), effective: listEffective(reading), warnings, origin };
}

function refuse(stage: SettingsStage, problems: Problem[], prefix?: string): void {
  if (problems.length > 0) throw new SettingsError(stage, problems, prefix);
}

function readConfigFile(path: string, readFile: LoadOptions["readFile"]): Uint8Array | undefined {
  try {
    return readFile(path, MAX_CONFIG_BYTES);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SettingsError(
      "file",
      [{ message, hint: "check the path and its permissions" }],
      unreadable(path),
    );
  }
}

function unreadable(path: string): string {
  return `failed to read configuration file ${JSON.stringify(path)}: `;
}
