/** Default path of the configuration file: the Relay Proxy's. */
export const DEFAULT_CONFIG_FILE = "/etc/ld-relay.conf";

/** A flag of the command line. */
export interface Flag {
  /** Word for its value in help; absent where it is on or off. */
  value?: string;
  /** What it is for: one or two sentences. */
  help: string;
  /** Letter that stands for it after one dash. */
  short?: string;
  /** Values that it may have; absent: any. */
  choices?: readonly string[];
}

/** Flags by name, in the order of `--help`. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** Flags that say where settings come from. They are the Relay Proxy's. */
export const SETTINGS_FLAGS: FlagTable = {
  config: {
    value: "PATH",
    help:
      `Read this file. Without --config and --from-env: ${DEFAULT_CONFIG_FILE}, if it exists, and the environment.`,
  },
  "allow-missing-file": { help: "Continue without the file if it does not exist." },
  "from-env": { help: "Read environment variables. With --config, they come after the file." },
};
