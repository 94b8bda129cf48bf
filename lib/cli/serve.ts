import {
  type CommandLine,
  environmentVariables,
  type LoadedSettings,
  loadSettings,
  type Settings,
  SettingsError,
  type Variables,
} from "../config/mod.ts";
import { createLog, type Log } from "../observe/mod.ts";
import { loadOnce, type Relay, startRelay } from "../relay.ts";
import { VERSION } from "../version.ts";
import { describeFailure, type Terminal } from "./terminal.ts";

/** What a serving command can be told. */
export interface ServeOptions {
  /** The settings. @default {what the command line says, see `readSettings`} */
  loaded?: LoadedSettings;
  /** Is called when the relay listens. */
  onListen?(relay: Relay, url: string): void;
}

/**
 * Serves until SIGINT or SIGTERM; with `EXIT_ALWAYS`, only loads the archive and reports.
 *
 * @param commandLine What the command line says.
 * @param terminal Where the log goes: errors to standard error, all else to standard output, as with the Relay Proxy.
 * @param options Settings that are already loaded, and who wants to know where it listens.
 * @returns The exit code.
 * @throws {Error} With a `hint`, when it cannot start.
 */
export async function serve(
  commandLine: CommandLine,
  terminal: Terminal,
  options: ServeOptions = {},
): Promise<number> {
  const { settings, warnings, origin } = options.loaded ?? readSettings(commandLine);
  const log = createLog({
    level: settings.logLevel,
    format: settings.logFormat,
    write: (line, level) => level === "error" ? terminal.printError(line) : terminal.print(line),
  });
  log.info(`Starting Halyard ${VERSION} with ${origin}`);
  for (const warning of warnings) log.warn(warning);
  if (settings.sendEvents) {
    log.info("Events will be accepted, but will be discarded, since there is no connection to LaunchDarkly");
  }
  try {
    return await serveUntilStopped(settings, log, options.onListen);
  } catch (error) {
    // Who collects JSON lines would not find plain text.
    if (settings.logFormat !== "json" || settings.logLevel === "none") throw error;
    log.error(describeFailure(error).join("; "));
    return 1;
  }
}

async function serveUntilStopped(
  settings: Settings,
  log: Log,
  onListen: ServeOptions["onListen"],
): Promise<number> {
  if (settings.exitAlways) {
    const { environments } = await loadOnce(settings, log);
    return environments.every((environment) => environment.snapshot) ? 0 : 1;
  }
  const { shutdownDelay } = settings;
  const delay = shutdownDelay > 0 ? ` after serving on for ${shutdownDelay} ms` : "";
  const stopped = onStop((signal) =>
    log.info(`Stopping on ${signal}${delay}; a second signal stops at once`)
  );
  const starting = startRelay(settings, log);
  onReload(() => {
    log.info("Looking at the archive on SIGHUP");
    starting.then((relay) => relay.reload(), () => {});
  });
  const relay = await Promise.race([starting, stopped]);
  if (!relay) return 0;
  const { hostname, port } = relay.address;
  const host = hostname === "::" || hostname === "0.0.0.0" ? "localhost" : hostname;
  const url = `${settings.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (settings.tls) log.info(`TLS enabled for server (minimum TLS version: ${settings.tls.minVersion})`);
  log.info(`Listening on ${url} (address ${hostname}, port ${port})`);
  onListen?.(relay, url);
  await stopped;
  await relay.close();
  return 0;
}

/**
 * Reads the settings of this process.
 *
 * @param commandLine What the command line says.
 * @param needsSource Whether it is an error that no archive is configured. @default {true}
 * @returns The settings.
 * @throws {SettingsError} When they cannot be used.
 */
export function readSettings(commandLine: CommandLine, needsSource = true): LoadedSettings {
  return loadSettings(commandLine, { env: readEnvironment(), readFile: readFileIfThere, needsSource });
}

/** With `--allow-env` limited to some names, Deno lists the environment only if `--ignore-env` is there too. */
function readEnvironment(): Variables {
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

function readFileIfThere(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Resolves on the first signal to stop; the second one ends the process. */
function onStop(notify: (signal: Deno.Signal) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  function stop(signal: Deno.Signal): void {
    if (isStopping) Deno.exit(1);
    isStopping = true;
    notify(signal);
    resolve();
  }
  const signals: Deno.Signal[] = isWindows() ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, () => stop(signal));
  return promise;
}

function onReload(reload: () => void): void {
  if (!isWindows()) Deno.addSignalListener("SIGHUP", reload);
}

function isWindows(): boolean {
  return Deno.build.os === "windows";
}
