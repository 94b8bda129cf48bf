/**
 * The executables, and what each may do: permissions and environment variables.
 *
 * @module
 */
import { environmentVariables } from "../lib/config/mod.ts";
import { SECTIONS } from "../lib/config/table.ts";

/** An executable that can be built. */
export interface Product {
  /** Its name. */
  name: string;
  /** Its entrypoint. */
  entrypoint: string;
  /** Whether it writes and connects, and does not listen. */
  isCourier: boolean;
}

/** Serves, reads, and connects to nothing but its own host. */
export const HALYARD: Product = { name: "halyard", entrypoint: "main.ts", isCourier: false };

/** Prepares and fetches archives. */
export const COURIER: Product = { name: "halyard-courier", entrypoint: "courier.ts", isCourier: true };

/** Wildcard and loopback addresses of any host, on any port: listening is possible, connecting elsewhere is not. */
const LISTEN_ADDRESSES = ["0.0.0.0", "127.0.0.1", "[::]", "[::1]", "localhost"];

/** The Unix socket that may be listened on unless another is asked for; where systemd makes the service a directory. */
export const UNIX_SOCKET = "/run/halyard/halyard.sock";

/** The state directory that may be written to unless another is asked for; where systemd makes the service one. */
export const STATE_DIRECTORY = "/var/lib/halyard";

/** Variables that are passed on to Deno besides Halyard's own: language, time zone and terminal. */
const COMMON_VARIABLES = ["LANG", "LC_*", "TZ", "NO_COLOR", "TERM", "COLUMNS"];

/** Variables that a command reads besides settings. */
const READ_VARIABLES = ["COLUMNS"];

/** Variables that name a proxy, for Deno and for messages. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((
  name,
) => [name, name.toLowerCase()]);

/** Variables that ssh-keygen needs: the agent, and the program and the screen that ask for a passphrase. */
const SIGNER_VARIABLES = [
  ...["HOME", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE"],
  ...["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"],
];

/**
 * Where the executable looks for ssh-keygen, whatever the environment says: nobody else's program is run. Without any `PATH`,
 * Deno would not even start.
 */
export const SIGNER_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Lists the environment variables that are passed on to Deno.
 *
 * @param product What is built. @default {HALYARD}
 * @returns Their names; one that ends with `*` is a prefix.
 */
export function allowedVariables({ isCourier }: Product = HALYARD): string[] {
  return [
    ...environmentVariables(),
    ...COMMON_VARIABLES,
    ...isCourier ? [...PROXY_VARIABLES, ...SIGNER_VARIABLES] : [],
  ];
}

/** Options for {@linkcode permissionFlags}. */
export interface PermissionOptions {
  /** Further addresses, with or without a port. @default {[]} */
  allowNet?: readonly string[];
  /** What is built. @default {HALYARD} */
  product?: Product;
  /** Path of the one Unix socket that it may listen on; a courier listens on none. @default {none} */
  unixSocket?: string | undefined;
  /** Path of the one state directory that it may write to; a courier writes anywhere. @default {none} */
  stateDirectory?: string | undefined;
}

/**
 * Lists the permissions that are baked in.
 *
 * @param options Product, addresses, Unix socket and state directory.
 * @returns Deno's flags.
 */
export function permissionFlags(
  { allowNet = [], product = HALYARD, unixSocket, stateDirectory }: PermissionOptions = {},
): string[] {
  const { isCourier } = product;
  const variables = [...environmentVariables(), ...READ_VARIABLES, ...isCourier ? PROXY_VARIABLES : []];
  const socket = unixSocket === undefined ? [] : [`unix:${unixSocket}`];
  // The socket itself is made and removed.
  const written = [unixSocket, stateDirectory].filter((path) => path !== undefined);
  return [
    "--no-prompt",
    ...isCourier
      ? ["--allow-net", "--allow-write", "--allow-run=ssh-keygen,ssh-add"]
      : [`--allow-net=${[...LISTEN_ADDRESSES, ...socket, ...allowNet].join(",")}`],
    ...!isCourier && written.length > 0 ? [`--allow-write=${written.join(",")}`] : [],
    "--allow-read",
    "--allow-sys=systemMemoryInfo", // the container's limit
    `--allow-env=${variables.join(",")}`,
    "--ignore-env", // all others: they seem not to be set
    "--deny-import",
  ];
}

/**
 * Returns the path that is baked in, if any: Deno has no Unix sockets on Windows.
 *
 * @param target Target machine.
 * @param path Path that was asked for. @default {UNIX_SOCKET}
 * @returns The path.
 */
export function socketFor(target: string, path = UNIX_SOCKET): string | undefined {
  return target.includes("windows") ? undefined : path;
}

/** The paths that a build can choose, by its option: how each is written as a setting, and the usual one. */
const CHOICES = {
  "unix-socket": { type: SECTIONS.Main.settings.unixSocket.type, usual: UNIX_SOCKET },
  state: { type: SECTIONS.State.settings.directory.type, usual: STATE_DIRECTORY },
};

/**
 * Reads a path that the permissions are to be for.
 *
 * @param option Name of the option.
 * @param path The path as it was written; `undefined` for the usual one.
 * @returns The path.
 * @throws {Error} When it can be no such path, or not stand in a flag.
 */
export function parsePath(option: keyof typeof CHOICES, path?: string): string {
  const { type, usual } = CHOICES[option];
  const text = path ?? usual;
  const hint = `hint: write it as --${option} ${usual}`;
  // Deno's flags are lists.
  if (text.includes(",")) throw new Error(`--${option} cannot be "${text}": it has a comma\n${hint}`);
  try {
    const parsed = type.parse(text, "environment");
    if (parsed !== undefined) return parsed;
  } catch (error) {
    throw new Error(`--${option} cannot be "${text}": ${(error as Error).message}\n${hint}`);
  }
  throw new Error(`--${option} cannot be empty\n${hint}`);
}
