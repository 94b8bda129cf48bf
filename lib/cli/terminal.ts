import { SettingsError, type SettingsStage } from "../config/mod.ts";
import { escapeInvisible, type Sink } from "../observe/mod.ts";

/** Style of a piece of text, shown where there is colour. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** A piece of text in one style. */
export interface Span {
  /** The text. */
  text: string;
  /** Its style; absent: plain. */
  style?: Style | undefined;
}

/** Text to print. */
export type Text = string | readonly Span[];

/** Codes of the styles (ECMA-48, "Select Graphic Rendition"). */
const STYLE_CODES: Record<Style, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

/** Output of a command, to the person who typed it. */
export interface Terminal {
  /** Writes to standard output, and waits for its reader. A reader that has gone away has had enough; other failures are thrown. */
  print(text: Text): void;
  /** Writes to standard error, and waits for its reader. */
  printError(text: Text): void;
  /** Width of standard output where it is a terminal: columns. Absent: lines have any length. */
  readonly columns?: number | undefined;
  /** Width of standard error where it is a terminal: columns. */
  readonly errorColumns?: number | undefined;
  /** Whether styles are shown on standard output. */
  readonly hasColor: boolean;
  /** Reads standard input to its end. */
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Standard output for a log, which never waits. Not to be mixed with `print`. */
  readonly stdout: Sink;
  /** Standard error for a log, which never waits. Not to be mixed with `printError`. */
  readonly stderr: Sink;
}

/** The process's own standard output and error. */
export const TERMINAL: Terminal = {
  print(text) {
    try {
      writeAll(Deno.stdout, toPlainText(text));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw new OutputError(error as Error);
    }
  },
  printError(text) {
    try {
      writeAll(Deno.stderr, toPlainText(text));
    } catch {
      // There is nowhere to say so.
    }
  },
  get columns() {
    return readColumns() ?? widthOf(Deno.stdout);
  },
  get errorColumns() {
    return widthOf(Deno.stderr);
  },
  get hasColor() {
    return Deno.stdout.isTerminal() && !Deno.noColor;
  },
  get input() {
    return Deno.stdin.readable;
  },
  stdout: Deno.stdout,
  stderr: Deno.stderr,
};

/** Width by which standard output is laid out even where it is no terminal: `COLUMNS`, as pagers and tests set it. */
function readColumns(): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "COLUMNS" });
  const columns = state === "granted" ? Number(Deno.env.get("COLUMNS")) : NaN;
  return Number.isSafeInteger(columns) && columns > 0 ? columns : undefined;
}

function widthOf(stream: { isTerminal(): boolean }): number | undefined {
  // Terminals on a serial line have no size, and report 0.
  return stream.isTerminal() && Deno.consoleSize().columns || undefined;
}

/**
 * Escapes what a person could not see in whatever is printed, since names and messages come from archives and command lines, and
 * shows styles.
 *
 * @param terminal Where to print.
 * @returns A terminal that prints there.
 */
export function escapeOutput(terminal: Terminal): Terminal {
  // Asking the system for each of thousands of lines would take longer than printing them.
  const { hasColor, columns } = terminal;
  return Object.create(terminal, {
    hasColor: { value: hasColor },
    columns: { value: columns },
    print: { value: (text: Text) => terminal.print(render(text, hasColor)) },
    printError: { value: (text: Text) => terminal.printError(render(text, false)) },
  });
}

function render(text: Text, hasColor: boolean): string {
  if (typeof text === "string") return escapeLines(text);
  return text.map(({ text, style }) => {
    const escaped = escapeLines(text);
    return style && hasColor ? `\x1b[${STYLE_CODES[style]}m${escaped}\x1b[0m` : escaped;
  }).join("");
}

function escapeLines(text: string): string {
  return text.split("\n").map(escapeInvisible).join("\n");
}

function toPlainText(text: Text): string {
  return typeof text === "string" ? text : text.map(({ text }) => text).join("");
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

/** Error: standard output could not be written, so whoever reads it has not got the answer. */
export class OutputError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "OutputError";
  /** Hint for the person who reads it. */
  readonly hint = "is there space on the disk that it is written to?";

  /**
   * Creates the error.
   *
   * @param cause Error of the system.
   */
  constructor(cause: Error) {
    super(`Cannot write to standard output: ${cause.message.replace(/ \(os error.*/s, "")}`, { cause });
  }
}

/** Prefix of the message of a relay that could not start: the Relay Proxy's words. */
export const RELAY_PREFIX = "Unable to create relay";

/** Prefixes of messages about settings, by the stage that failed: the Relay Proxy's words. */
const SETTINGS_PREFIXES: Record<SettingsStage, string> = {
  options: "Error",
  file: "Error loading config file",
  environment: "Configuration error",
  relay: RELAY_PREFIX,
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
 * @param options What begins the message of an error that is not one of the settings. @default {"Error"}
 * @returns Message and hint, with what a person could not see escaped.
 */
export function describeFailure(error: unknown, { prefix = "Error" }: { prefix?: string } = {}): Failure {
  const start = error instanceof SettingsError ? SETTINGS_PREFIXES[error.stage] : prefix;
  const message = escapeInvisible(`${start}: ${error instanceof Error ? error.message : error}`);
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
