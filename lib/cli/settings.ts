import {
  type CommandLine,
  environmentVariables,
  type LoadedSettings,
  loadSettings,
  SettingsError,
  type Variables,
} from "../config/mod.ts";
import { readSmallFile } from "../wire/mod.ts";

/**
 * Reads the settings of this process.
 *
 * @param commandLine Where the command line says that they come from.
 * @param needsSource Whether it is an error that no archive is configured. @default {true}
 * @returns The settings.
 * @throws {SettingsError} When they cannot be used.
 */
export function readSettings(commandLine: CommandLine, needsSource = true): LoadedSettings {
  return loadSettings(commandLine, { env: readProcessEnv(), readFile: readFileIfThere, needsSource });
}

/**
 * Reads the environment variables of this process: all that may be read.
 *
 * With `--allow-env` limited to some names, Deno lists the environment only if `--ignore-env` is there too.
 *
 * @returns The variables.
 * @throws {SettingsError} When one of ours may not be read.
 */
export function readProcessEnv(): Variables {
  try {
    return Deno.env.toObject();
  } catch {
    const names = environmentVariables().filter((name) => !name.endsWith("*"));
    return Object.fromEntries(names.map((name) => [name, readVariable(name)]));
  }
}

function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    const hint = "name every variable in --allow-env, or add --ignore-env to do without the others";
    throw new SettingsError("environment", [{ message: (error as Error).message, hint }]);
  }
}

function readFileIfThere(path: string, maxBytes: number): Uint8Array | undefined {
  try {
    return readSmallFile(path, maxBytes);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
