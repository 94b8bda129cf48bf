import { escapeInvisible } from "./escape.ts";

/** How much is logged: each level includes those after it; `none` silences all. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "none";

/** Where a part of Halyard tells what happens. Handed in, never imported as a global. No secret and no context goes in. */
export interface Log {
  /** For the person who looks for a fault. */
  debug(message: string): void;
  /** What normally happens. */
  info(message: string): void;
  /** Something to look at; service goes on. */
  warn(message: string): void;
  /** Something failed. */
  error(message: string): void;
}

/** What `createLog` needs. */
export interface LogOptions {
  /** Least level that is written. */
  level: LogLevel;
  /** `text`: the Relay Proxy's line. `json`: one object a line with `timestamp`, `level`, `message`. */
  format: "text" | "json";
  /** Takes each finished line, newline included, and its level. */
  write(line: string, level: LogLevel): void;
  /** The clock: ms since epoch. @default {Date.now} */
  now?: () => number;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "none"];

/** How one line is written. */
export type LineOptions = Pick<LogOptions, "format" | "now">;

/**
 * Writes one line of a log.
 *
 * Text lines look like the Relay Proxy's, `2026/11/23 04:46:51.123000 INFO: message`, in UTC. What a person could not see is
 * escaped, so that no message can forge a line or show otherwise than it is.
 *
 * @param level Its level.
 * @param message What it says.
 * @param options Format and clock.
 * @returns The line with its newline.
 */
export function formatLine(
  level: LogLevel,
  message: string,
  { format, now = Date.now }: LineOptions,
): string {
  const timestamp = new Date(now()).toISOString();
  if (format === "json") return `${escapeInvisible(JSON.stringify({ timestamp, level, message }))}\n`;
  const time = timestamp.replace("Z", "000").replace("T", " ").replaceAll("-", "/");
  return `${time} ${level.toUpperCase()}: ${escapeInvisible(message)}\n`;
}

/**
 * Makes a log that writes one line per message, see {@linkcode formatLine}.
 *
 * @param options Level, format and where lines go.
 * @returns The log.
 */
export function createLog({ level: least, write, ...options }: LogOptions): Log {
  const threshold = LEVELS.indexOf(least);
  function line(level: LogLevel, message: string): void {
    if (LEVELS.indexOf(level) >= threshold) write(formatLine(level, message, options), level);
  }
  return {
    debug: (message) => line("debug", message),
    info: (message) => line("info", message),
    warn: (message) => line("warn", message),
    error: (message) => line("error", message),
  };
}
