import { Repetitions } from "./_repetitions.ts";
import { escapeInvisible } from "./escape.ts";

/** Log level: each includes those after it; `none` silences all. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "none";

/**
 * What an audit event is about: an archive that is served, one that is refused as a whole or in one environment, the last known good
 * one that is served in its place, the way back to an older release, a key that is accepted from now on or no longer, the relay that
 * is ready or told to stop.
 */
export type AuditEvent = "load" | "refuse" | "restore" | "rollback" | "key" | "ready" | "shutdown";

/**
 * Fields of a log line, e.g. `{ environment, digest }`. Names are camelCase, and not `timestamp`, `level`, `message`, `seq` or
 * `repeated`; a field that is `undefined` is left out. A line with `audit` is an audit event: it is written at every level but
 * `none`, as often as it happens, with its number in `seq`.
 */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined> & { audit?: AuditEvent | undefined }
>;

/**
 * A log. Handed in, never imported as a global. Each line is a sentence and fields; no secret and no context goes into either.
 */
export interface Log {
  /** Logs a detail for whoever debugs. */
  debug(message: string, fields?: LogFields): void;
  /** Logs normal operation. */
  info(message: string, fields?: LogFields): void;
  /** Logs a problem that needs attention while service goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Logs a failure. */
  error(message: string, fields?: LogFields): void;
  /** Logs a problem that needs attention, the first time in an environment; then does nothing. */
  warnOnce(message: string, fields: LogFields & { environment: string }): void;
}

/** Options for {@linkcode createLog}. */
export interface LogOptions {
  /** Minimum log level; a function where it may change. */
  level: LogLevel | (() => LogLevel);
  /** `text`: the Relay Proxy's line. `json`: one object a line with `timestamp`, `level`, `message` and the fields. */
  format: "text" | "json";
  /** Writes a finished line, newline included. */
  write(line: string, level: LogLevel): void;
  /** The clock: ms since epoch. @default {Date.now} */
  now?: () => number;
  /** Clock that does not jump: ms. @default {performance.now} */
  uptime?: () => number;
}

/** A log that counts. */
export interface CountingLog extends Log {
  /**
   * Logs how often problems have happened that are over, or have gone on for long. Call it every minute or so.
   *
   * @param isEnd Whether this is the end of the log. @default {false}
   */
  reportRepeated(isEnd?: boolean): void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "none"];

/**
 * Reports whether a line is logged.
 *
 * @param level Its level.
 * @param least Minimum log level; a function where it may change.
 * @returns Whether it is.
 */
export function isLogged(level: LogLevel, least: LogOptions["level"]): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(typeof least === "function" ? least() : least);
}

/**
 * Creates a function that logs each message once in an environment.
 *
 * @param warn Logs it.
 * @param least Minimum log level; what it keeps out does not count. @default {"debug"}
 * @returns The function.
 */
export function once(warn: Log["warn"], least: LogOptions["level"] = "debug"): Log["warnOnce"] {
  const said = new Set<string>();
  return (message, fields) => {
    if (!isLogged("warn", least)) return;
    const size = said.size;
    if (said.add(`${message}\0${fields.environment}`).size > size) warn(message, fields);
  };
}

/** Options for {@linkcode formatLine}. */
export type LineOptions = Pick<LogOptions, "format" | "now"> & { fields?: LogFields };

/**
 * Writes one line of a log.
 *
 * Text lines look like the Relay Proxy's, `2026/11/23 04:46:51.123000 INFO: message`, in UTC, with fields as `name=value` after
 * the message; a value with blanks, quotes or `=` in it is quoted as in JSON. What a person could not see is escaped, so that no
 * message can forge a line or show otherwise than it is.
 *
 * @param level Its level.
 * @param message Its sentence.
 * @param options Fields, format and clock.
 * @returns The line with its newline.
 */
export function formatLine(
  level: LogLevel,
  message: string,
  { format, fields = {}, now = Date.now }: LineOptions,
): string {
  const timestamp = new Date(now()).toISOString();
  if (format === "json") {
    return `${escapeInvisible(JSON.stringify({ timestamp, level, message, ...fields }))}\n`;
  }
  const time = timestamp.replace("Z", "000").replace("T", " ").replaceAll("-", "/");
  return `${time} ${level.toUpperCase()}: ${escapeInvisible(message + formatFields(fields))}\n`;
}

/**
 * Writes fields as text lines have them.
 *
 * @param fields The fields.
 * @returns ` name=value` for each.
 */
export function formatFields(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${/^[^\s"=]+$/.test(`${value}`) ? value : JSON.stringify(`${value}`)}`)
    .join("");
}

/**
 * Creates a log that writes one line per message, see {@linkcode formatLine}.
 *
 * A warning or an error with the same fields as one before is counted instead, as long as it happens at least once a minute: once an
 * hour, and when it is over, a line says in `repeated` how often it has happened since the one before. Audit events are numbered
 * from 1.
 *
 * @param options Level, format and where lines go.
 * @returns The log.
 */
export function createLog(
  { level: least, write, uptime = () => performance.now(), ...options }: LogOptions,
): CountingLog {
  const repetitions = new Repetitions(uptime);
  let seq = 0;
  function writeLine(level: LogLevel, message: string, fields: LogFields): void {
    write(formatLine(level, message, { ...options, fields }), level);
  }
  function line(level: LogLevel): (message: string, fields?: LogFields) => void {
    return (message, fields = {}) => {
      const { audit } = fields;
      if (!isLogged(audit === undefined ? level : "error", least)) return;
      if (audit !== undefined) return writeLine(level, message, { ...fields, seq: ++seq });
      const isNews = level === "debug" || level === "info" ||
        repetitions.note(
          JSON.stringify([level, message, fields]),
          (repeated) => writeLine(level, message, { ...fields, repeated }),
        );
      if (isNews) writeLine(level, message, fields);
    };
  }
  const warn = line("warn");
  return {
    debug: line("debug"),
    info: line("info"),
    warn,
    error: line("error"),
    warnOnce: once(warn, least),
    reportRepeated: (isEnd = false) => repetitions.report(isEnd),
  };
}
