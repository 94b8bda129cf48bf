import { assertThrows } from "@std/assert";
import { type LoadedSettings, loadSettings, parseCommandLine, SettingsError } from "../../lib/config/mod.ts";

/** What a test configures with. */
export interface Sources {
  /** The configuration file, found at any path. Absent: there is none. */
  file?: string | Uint8Array;
  /** The environment. */
  env?: Record<string, string>;
  /** The command line. Absent: `--config relay.conf` if there is a file, `--from-env` if there is an environment. */
  args?: string[];
}

/** Loads settings without disk and environment. */
export function load({ file, env, args }: Sources): LoadedSettings {
  args ??= [...file === undefined ? [] : ["--config", "relay.conf"], ...env ? ["--from-env"] : []];
  return loadSettings(parseCommandLine(args), {
    env: env ?? {},
    readFile: () => typeof file === "string" ? new TextEncoder().encode(file) : file,
  });
}

/** Loads settings that must be refused, and gives stage, message and hint. */
export function refusal(sources: Sources): [stage: string, message: string, hint: string] {
  const { stage, message, hint } = assertThrows(() => load(sources), SettingsError);
  return [stage, message, hint];
}
