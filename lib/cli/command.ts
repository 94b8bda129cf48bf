import type { FlagTable, ParsedArgs } from "../config/mod.ts";
import type { Terminal } from "./terminal.ts";

/** A command of a program. */
export interface Command {
  /** Word that selects it. */
  name: string;
  /** Summary for help: begins with a verb in the third person, ends without a period. */
  summary: string;
  /** Its arguments for help, e.g. `FILE [ENV]`; empty where it takes none. */
  usage: string;
  /** Number of arguments that it takes: the least and the most. */
  arity: readonly [least: number, most: number];
  /** Further help: what its arguments mean. */
  details?: string;
  /** Command line that shows what it is good for, without the program's name. */
  example: string;
  /** Its flags. A flag that several commands have means the same in each. */
  flags: FlagTable;
  /** Whether its command line is written as the Relay Proxy's: one dash or two, no arguments. @default {false} */
  isRelayDialect?: boolean;
  /** Exit code for wrong usage and a wrong environment: 1 where 2 means something else to who starts it. @default {2} */
  usageExitCode?: 1 | 2;
  /**
   * Runs it.
   *
   * @param args Its command line.
   * @param terminal Where it prints.
   * @param program The program that it is a command of.
   * @returns The exit code: 0 for yes, 1 for no (invalid, different, not ready).
   * @throws {Error} When it could not; the caller prints why, and the `hint` that the error has.
   */
  run(args: Args, terminal: Terminal, program: Program): Promise<number>;
}

/** A command's part of the command line. */
export interface Args extends ParsedArgs {
  /** All values of flags that take one, in order. */
  lists: ReadonlyMap<string, readonly string[]>;
}

/** An executable and its commands. */
export interface Program {
  /** Name of the executable. */
  name: string;
  /** What it is: the rest of a sentence that begins with its name and version. */
  summary: string;
  /** Its commands, in the order of help. */
  commands: readonly Command[];
  /** Name of the other executable, and of the commands that only that one has. */
  other: { name: string; commands: readonly string[] };
  /** Command that is meant where none is named; absent: there is none, and help is printed. */
  preset?: Command;
}
