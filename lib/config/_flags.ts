/** Default path of the configuration file: the Relay Proxy's. */
export const DEFAULT_CONFIG_FILE = "/etc/ld-relay.conf";

/** All flags, in the order of `--help`. */
export const FLAGS: Record<string, { value?: string; help: string }> = {
  config: {
    value: "PATH",
    help:
      `Read this file. Without --config and --from-env: ${DEFAULT_CONFIG_FILE}, if it exists, and the environment.`,
  },
  "allow-missing-file": { help: "Continue without the file if it does not exist." },
  "from-env": { help: "Read environment variables. With --config, they come after the file." },
  url: { value: "URL", help: "For the command health: the relay to check. Default: the one on this host." },
  version: { help: "Print the version." },
  help: { help: "Print flags and settings." },
};
