/**
 * The program `halyard-courier`, for whoever prepares and fetches archives: the commands of `halyard` but `serve`, and those that
 * write or connect. It has no code that listens.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { COURIER } from "./courier.ts";
 *
 * assertEquals(COURIER.commands.some(({ name }) => name === "serve"), false);
 * ```
 *
 * @module
 */
import type { Program } from "./command.ts";
import { COMMON_COMMANDS } from "./common_commands.ts";
import { PACK } from "./pack.ts";
import { runProgram } from "./program.ts";
import { PULL } from "./pull.ts";
import type { Terminal } from "./terminal.ts";
import { UNPACK } from "./unpack.ts";

export type { Program, Terminal };

/** The courier. */
export const COURIER: Program = {
  name: "halyard-courier",
  summary: "prepares, fetches and checks offline archives for Halyard.",
  commands: [...COMMON_COMMANDS, PULL, PACK, UNPACK],
  other: { name: "halyard", commands: ["serve"] },
};

/**
 * Runs the program `halyard-courier`.
 *
 * @param args The command line after the program's name.
 * @param terminal Where it prints. @default {the process's own}
 * @returns The exit code: 0 for yes, 1 for no, 2 for wrong usage or environment.
 */
export function runCourier(args: readonly string[], terminal?: Terminal): Promise<number> {
  return runProgram(COURIER, args, terminal);
}
