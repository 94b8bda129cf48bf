import { SettingsError, type SettingsStage } from "../config/mod.ts";
import { escapeInvisible, type Sink } from "../observe/mod.ts";

/** Output of a command, to the person who typed it. */
export interface Terminal {
  /** Writes to standard output, and waits for its reader. */
  print(text: string): void;
  /** Writes to standard error, and waits for its reader. */
  printError(text: string): void;
  /** Standard output for a log, which never waits. Not to be mixed with `print`. */
  readonly stdout: Sink;
  /** Standard error for a log, which never waits. Not to be mixed with `printError`. */
  readonly stderr: Sink;
}

/** The process's own standard output and error. */
export const TERMINAL: Terminal = {
  print: (text) => writeAll(Deno.stdout, text),
  printError: (text) => writeAll(Deno.stderr, text),
  stdout: Deno.stdout,
  stderr: Deno.stderr,
};

/**
 * Escapes what a person could not see in whatever is printed: names and messages come from archives and command lines.
 *
 * @param terminal Where to print.
 * @returns A terminal that prints there.
 */
export function escapeOutput(terminal: Terminal): Terminal {
  function escapeLines(text: string): string {
    return text.split("\n").map(escapeInvisible).join("\n");
  }
  return {
    ...terminal,
    print: (text) => terminal.print(escapeLines(text)),
    printError: (text) => terminal.printError(escapeLines(text)),
  };
}

/** A reader that has gone away or a full disk must not end what is being served: what cannot be written is lost. */
function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch {
    // There is nowhere to say so.
  }
}

/** Prefixes of messages about settings, by the stage that failed: the Relay Proxy's words. */
const SETTINGS_PREFIXES: Record<SettingsStage, string> = {
  options: "Error",
  file: "Error loading config file",
  environment: "Configuration error",
  relay: "Unable to create relay",
};

/** Why the program ends. */
export interface Failure {
  /** What could not be done and why: one line. */
  message: string;
  /** What to do about it, if the error knows: one line. */
  hint?: string;
}

/**
 * Describes why the program ends.
 *
 * @param error The error.
 * @returns Message and hint, with what a person could not see escaped.
 */
export function describeFailure(error: unknown): Failure {
  const prefix = error instanceof SettingsError ? SETTINGS_PREFIXES[error.stage] : "Unable to create relay";
  const message = escapeInvisible(`${prefix}: ${error instanceof Error ? error.message : error}`);
  const hint = error instanceof Error && "hint" in error && error.hint;
  return hint ? { message, hint: escapeInvisible(`${hint}`) } : { message };
}

/**
 * Formats a failure for a person.
 *
 * @param failure The failure.
 * @returns The message and, on a line of its own, the hint.
 */
export function formatFailure({ message, hint }: Failure): string {
  return `${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`;
}

/**
 * Prints why the program ends to standard error.
 *
 * @param terminal Where to.
 * @param error The error.
 */
export function printFailure(terminal: Terminal, error: unknown): void {
  terminal.printError(formatFailure(describeFailure(error)));
}
