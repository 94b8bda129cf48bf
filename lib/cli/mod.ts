/**
 * The command line: `run` selects a command, runs it and turns an error into a message, a hint and an exit code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { run } from "./mod.ts";
 *
 * const sink = { write: (bytes: Uint8Array) => Promise.resolve(bytes.length) };
 * const lines: unknown[] = [];
 * const code = await run(["srve"], {
 *   print: () => {},
 *   printError: (text) => lines.push(text),
 *   hasColor: false,
 *   input: new ReadableStream(),
 *   stdout: sink,
 *   stderr: sink,
 * });
 * assertEquals([code, lines], [2, ['Error: there is no command "srve"\nhint: did you mean serve?\n']]);
 * ```
 *
 * @module
 */
import type { FlagTable } from "../config/mod.ts";
import type { Args, Command, Program } from "./command.ts";
import { COMMON_COMMANDS } from "./common_commands.ts";
import { COMMON_FLAGS } from "./parse_args.ts";
import { runProgram } from "./program.ts";
import { SERVE } from "./serve.ts";
import type { Span, Style, Terminal, Text } from "./terminal.ts";

export type { Args, Command, Program, Span, Style, Terminal, Text };

/** Flags that are understood where no command is named. */
export const FLAGS: FlagTable = { ...SERVE.flags, ...COMMON_FLAGS };

/** The product: it reads, and cannot connect anywhere. */
export const HALYARD: Program = {
  name: "halyard",
  summary: "serves LaunchDarkly SDKs from an offline archive.",
  commands: [SERVE, ...COMMON_COMMANDS],
  other: { name: "halyard-courier", commands: ["pull", "pack", "unpack"] },
  preset: SERVE,
};

/**
 * Runs the program `halyard`.
 *
 * @param args The command line after the program's name.
 * @param terminal Where it prints. @default {the process's own}
 * @returns The exit code: 0 for yes, 1 for no, 2 for wrong usage or environment; 1 for all that fails in `serve` and `health`.
 */
export function run(args: readonly string[], terminal?: Terminal): Promise<number> {
  return runProgram(HALYARD, args, terminal);
}
