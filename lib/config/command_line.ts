import { DEFAULT_CONFIG_FILE, FLAGS } from "./_flags.ts";
import { nearest } from "./_nearest.ts";
import { SettingsError } from "./errors.ts";

/** Parsed command line. */
export interface CommandLine {
  /** Path of the configuration file, if any. */
  configFile?: string;
  /** Whether that file may be missing. */
  allowMissingFile: boolean;
  /** Whether environment variables are read. */
  fromEnv: boolean;
  /** Relay that the command `health` checks. */
  url?: string;
  /** Whether to print the version only. */
  version: boolean;
  /** Whether to print the help only. */
  help: boolean;
  /** Positional arguments: a command and its own. The Relay Proxy ignores them. */
  positional: string[];
}

/**
 * Parses the command line as Go programs do: one dash or two, `--config PATH` or `--config=PATH`, `--from-env` or
 * `--from-env=false`. Flags may stand before and after positional arguments; `--` ends them.
 *
 * @param args The arguments, without the program's name.
 * @returns The parsed arguments, with the rule for the default file applied.
 * @throws {SettingsError} When a flag is unknown or malformed.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const given = new Map<string, string>();
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
    if (!Object.hasOwn(FLAGS, name)) {
      const meant = nearest(name, Object.keys(FLAGS));
      refuse(`flag provided but not defined: -${name}`, meant && `did you mean --${meant}?`);
    }
    if (!FLAGS[name]!.value) given.set(name, text ?? "true");
    else given.set(name, text ?? rest.shift() ?? refuse(`flag needs an argument: -${name}`));
  }

  function isOn(name: string): boolean {
    const text = given.get(name);
    if (text === undefined || /^(0|f|F|false|FALSE|False)$/.test(text)) return false;
    if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
    return refuse(`invalid boolean value "${text}" for -${name}`);
  }

  const url = given.get("url");
  if (url !== undefined && !URL.canParse(url)) {
    refuse(`invalid URL "${url}" for -url`, "write it as http://host:8030");
  }
  const flags = {
    allowMissingFile: isOn("allow-missing-file"),
    fromEnv: isOn("from-env"),
    version: isOn("version"),
    help: isOn("help"),
    positional,
    ...url !== undefined && { url },
  };
  const configFile = given.get("config");
  if (configFile) return { ...flags, configFile };
  if (flags.fromEnv) return flags;
  return { ...flags, configFile: DEFAULT_CONFIG_FILE, allowMissingFile: true, fromEnv: true };
}

function refuse(message: string, hint = "--help lists the flags"): never {
  throw new SettingsError("options", [{ message, hint }]);
}
