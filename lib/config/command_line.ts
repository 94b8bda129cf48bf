import { SettingsError } from "./errors.ts";
import { DEFAULT_CONFIG_FILE, type FlagTable, SETTINGS_FLAGS } from "./flags.ts";
import { nearest } from "./nearest.ts";

/** A command line taken apart. */
export interface ParsedArgs {
  /** Values by flag; of a flag that is given twice, the last. */
  values: ReadonlyMap<string, string>;
  /** Flags that are on. */
  switches: ReadonlySet<string>;
  /** What is no flag: a command and its arguments. */
  positional: readonly string[];
}

/** Where the command line says that settings come from. */
export interface CommandLine {
  /** Path of the configuration file, if any. */
  configFile?: string;
  /** Whether that file may be missing. */
  allowMissingFile: boolean;
  /** Whether environment variables are read. */
  fromEnv: boolean;
}

/**
 * Takes a command line apart as Go programs do: one dash or two, `--config PATH` or `--config=PATH`, `--from-env` or
 * `--from-env=false`. Flags may stand before and after what is no flag; `--` ends them. `-h` is `--help`.
 *
 * @param args The arguments, without the program's name.
 * @param flags All flags that may be given.
 * @returns Its parts.
 * @throws {SettingsError} When a flag is unknown or not well written.
 */
export function parseArgs(args: readonly string[], flags: FlagTable): ParsedArgs {
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const positional: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      positional.push(...rest);
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      positional.push(arg);
      continue;
    }
    const [, written, text] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg) ?? refuse(`bad flag syntax: ${arg}`);
    const name = written === "h" ? "help" : written!;
    if (!Object.hasOwn(flags, name)) {
      const meant = nearest(name, Object.keys(flags));
      refuse(`flag provided but not defined: -${name}`, meant && `did you mean --${meant}?`);
    }
    if (flags[name]!.value) {
      values.set(name, text ?? rest.shift() ?? refuse(`flag needs an argument: -${name}`));
    } else if (isOn(name, text ?? "true")) switches.add(name);
    else switches.delete(name);
  }
  return { values, switches, positional };
}

function isOn(name: string, text: string): boolean {
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  return refuse(`invalid boolean value "${text}" for -${name}`);
}

/**
 * Reads where settings come from: {@linkcode SETTINGS_FLAGS}, with the rule for the default file applied.
 *
 * @param parsed The command line.
 * @returns Where from.
 */
export function readCommandLine({ values, switches }: ParsedArgs): CommandLine {
  const flags = { allowMissingFile: switches.has("allow-missing-file"), fromEnv: switches.has("from-env") };
  const configFile = values.get("config");
  if (configFile) return { ...flags, configFile };
  if (flags.fromEnv) return flags;
  return { configFile: DEFAULT_CONFIG_FILE, allowMissingFile: true, fromEnv: true };
}

/**
 * Parses a command line that has no flags but {@linkcode SETTINGS_FLAGS}.
 *
 * @param args The arguments, without the program's name.
 * @returns Where settings come from.
 * @throws {SettingsError} When a flag is unknown or not well written.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  return readCommandLine(parseArgs(args, SETTINGS_FLAGS));
}

function refuse(message: string, hint = "--help lists the flags"): never {
  throw new SettingsError("options", [{ message, hint }]);
}
