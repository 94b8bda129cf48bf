import type { FlagTable } from "../config/mod.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Creates the flag by which a command prints for machines.
 *
 * @param command Name of the command.
 * @returns The flag.
 */
export function jsonFlag(command: string): FlagTable {
  return { json: { help: `Print JSON, whose schema is docs/schemas/${command}.json.` } };
}

/**
 * Prints a value for machines.
 *
 * @param terminal Where to.
 * @param value The value.
 */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.print(`${JSON.stringify(value, null, 2)}\n`);
}
