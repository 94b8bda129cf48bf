import type { FlagTable, ParsedArgs } from "../config/mod.ts";
import type { Terminal } from "./terminal.ts";

/** A command of the program. */
export interface Command {
  /** The word that selects it. */
  name: string;
  /** Summary for help: begins with a verb in the third person, ends without a period. */
  summary: string;
  /** Its flags. A flag that several commands have means the same in each. */
  flags: FlagTable;
  /**
   * Runs it.
   *
   * @param args The command line, without the command's name.
   * @param terminal Where it prints.
   * @returns The exit code: 0 when it did what it should, 1 when not.
   * @throws {Error} When it could not; the caller prints why.
   */
  run(args: ParsedArgs, terminal: Terminal): Promise<number>;
}
