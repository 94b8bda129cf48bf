import {
  type CommandLine,
  type LiveSettings,
  type LoadedSettings,
  readCommandLine,
  type Settings,
  SETTINGS_FLAGS,
} from "../config/mod.ts";
import { createLog, formatLine, type Log, LogOutput, type Sink } from "../observe/mod.ts";
import { loadOnce, type Relay, startRelay } from "../relay.ts";
import { VERSION } from "../version.ts";
import { listHarmfulVariables } from "./_harmful_variables.ts";
import { logChanges } from "./_reload_settings.ts";
import type { Command } from "./command.ts";
import { readProcessEnv, readSettings } from "./settings.ts";
import { describeFailure, formatFailure, RELAY_PREFIX, type Terminal } from "./terminal.ts";

/** Longest time for the last lines of the log to be written: a reader that has stopped must not keep the process. @limit ms: they are lost */
const LAST_LINES_DEADLINE = 1_000;

/** Longest time for them where the process is to end at once, on a second signal. @limit ms: they are lost */
const LAST_LINES_DEADLINE_AT_ONCE = 100;

/** Time between two looks for problems that have happened again: ms. */
const REPEATED_INTERVAL = 60_000;

/** The command `serve`. */
export const SERVE: Command = {
  name: "serve",
  summary: "serves until SIGINT or SIGTERM",
  usage: "",
  arity: [0, 0],
  example: "serve --config /etc/ld-relay.conf",
  flags: SETTINGS_FLAGS,
  isRelayDialect: true,
  usageExitCode: 1,
  run: (args, terminal) => serve(readCommandLine(args), terminal),
};

/** Options for {@linkcode serve}. */
export interface ServeOptions {
  /** The settings. @default {{@linkcode readSettings}} */
  loaded?: LoadedSettings;
  /**
   * Called when the relay listens.
   *
   * @param relay The relay.
   * @param url Where it listens.
   * @param print Writes to standard output, among the lines of the log.
   */
  onListen?(relay: Relay, url: string, print: (text: string) => void): void;
}

/**
 * Serves until SIGINT or SIGTERM; with `EXIT_ALWAYS`, only loads the archive and reports.
 *
 * @param commandLine Where settings come from.
 * @param terminal Where the log goes: errors to standard error, all else to standard output, as with the Relay Proxy.
 * @param options Settings that are already loaded, and who wants to know where it listens.
 * @returns The exit code.
 * @throws {SettingsError} When the settings cannot be used. What fails later is logged.
 */
export async function serve(
  commandLine: CommandLine,
  terminal: Terminal,
  options: ServeOptions = {},
): Promise<number> {
  const { settings, warnings, origin, ...loaded } = options.loaded ?? readSettings(commandLine);
  const { logFormat: format } = settings;
  let { logLevel } = settings;
  let { effective } = loaded;
  const output = openLogOutput(terminal.stdout, "standard output", format);
  const errors = openLogOutput(terminal.stderr, "standard error", format);
  const log = createLog({
    level: () => logLevel,
    format,
    write: (line, level) => (level === "error" ? errors : output).write(line),
  });
  const repeatedTimer = setInterval(() => log.reportRepeated(), REPEATED_INTERVAL);
  async function end(deadline: number): Promise<void> {
    clearInterval(repeatedTimer);
    log.reportRepeated(true);
    await Promise.all([output.flush(deadline), errors.flush(deadline)]);
  }
  log.info("Starting Halyard", { version: VERSION, settings: origin });
  for (const warning of warnings) log.warn(warning);
  const harmful = listHarmfulVariables(readProcessEnv());
  if (harmful.length > 0) {
    log.warn("Environment variables that steer Deno are set; docs/compile.md says how to unset them", {
      variables: harmful.join(", "),
    });
  }
  if (settings.sendEvents) {
    log.info("Events will be accepted, but will be discarded, since there is no connection to LaunchDarkly");
  }
  async function endAtOnce(): Promise<never> {
    await end(LAST_LINES_DEADLINE_AT_ONCE);
    Deno.exit(1);
  }
  function reloadSettings(): LiveSettings | undefined {
    try {
      const read = readSettings(commandLine);
      // First: the lines that follow are for whoever asked for more of them.
      logLevel = read.settings.logLevel;
      effective = logChanges(effective, read.effective, log);
      return read.settings;
    } catch (error) {
      const { message, hint } = describeFailure(error);
      log.error("Cannot reload the settings, those before stay in effect", { error: message, hint });
      return undefined;
    }
  }
  function onListen(relay: Relay, url: string): void {
    options.onListen?.(relay, url, (text) => output.write(text));
  }
  try {
    return await serveUntilStopped(settings, log, { onListen, endAtOnce, reloadSettings });
  } catch (error) {
    const failure = describeFailure(error, { prefix: RELAY_PREFIX });
    // Who collects JSON lines would not find plain text.
    if (format === "json" && logLevel !== "none") log.error(failure.message, { hint: failure.hint });
    else errors.write(formatFailure(failure));
    return 1;
  } finally {
    await end(LAST_LINES_DEADLINE);
  }
}

function openLogOutput(sink: Sink, name: string, format: Settings["logFormat"]): LogOutput {
  return new LogOutput({
    sink,
    describeDropped: (count) =>
      formatLine("warn", `Dropped ${count} lines of the log: ${name} was not read, or failed`, { format }),
  });
}

/** What a relay does while it is served. */
interface ServingEvents {
  /** Called when the relay listens. */
  onListen(relay: Relay, url: string): void;
  /** Called on a second signal to stop. */
  endAtOnce(): void;
  /** Reads the settings again. Returns those that the relay runs with from now on; `undefined` if nothing changes. */
  reloadSettings(): LiveSettings | undefined;
}

async function serveUntilStopped(
  settings: Settings,
  log: Log,
  { onListen, endAtOnce, reloadSettings }: ServingEvents,
): Promise<number> {
  if (settings.exitAlways) {
    const { environments } = await loadOnce(settings, log);
    return environments.every((environment) => environment.snapshot) ? 0 : 1;
  }
  const delayMs = settings.shutdownDelay || undefined;
  const stopped = onStop(
    (signal) => log.info("Stopping; a second signal stops at once", { signal, delayMs, audit: "shutdown" }),
    endAtOnce,
  );
  const starting = startRelay(settings, { log });
  onReload(() => {
    log.info("Reading the settings and the archive on SIGHUP");
    const live = reloadSettings();
    starting.then((relay) => {
      if (live) relay.reconfigure(live);
      return relay.reload();
    }, () => {});
  });
  const relay = await Promise.race([starting, stopped]);
  if (!relay) return 0;
  const { address, streamAddress, metricsAddress, adminAddress } = relay;
  const url = urlOf(settings, address);
  if (settings.tls) log.info("TLS enabled for server", { minVersion: settings.tls.minVersion });
  log.info(`Listening on ${url}`, { address: address.hostname, port: address.port });
  if (streamAddress) {
    const { hostname, port } = streamAddress;
    log.info(`Listening for streams on ${urlOf(settings, streamAddress)}`, { address: hostname, port });
  }
  const { unixSocket: path } = settings;
  if (path !== undefined) log.info("Listening on a Unix socket", { path });
  if (metricsAddress) {
    const { hostname, port } = metricsAddress;
    log.info(`Serving metrics on ${urlOf({}, metricsAddress)}/metrics`, { address: hostname, port });
  }
  if (adminAddress) {
    const { hostname, port } = adminAddress;
    log.info(`Listening for operators on ${urlOf({}, adminAddress)}`, { address: hostname, port });
  }
  onListen(relay, url);
  await Promise.race([stopped, relay.failed]);
  await relay.close();
  return 0;
}

/** Formats a URL at which this host reaches an address. */
function urlOf({ tls }: Pick<Settings, "tls">, { hostname, port }: Deno.NetAddr): string {
  const host = hostname === "::" || hostname === "0.0.0.0" ? "localhost" : hostname;
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Resolves on the first signal to stop; the second one calls `endAtOnce`. */
function onStop(notify: (signal: Deno.Signal) => void, endAtOnce: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  function stop(signal: Deno.Signal): void {
    if (isStopping) return endAtOnce();
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
