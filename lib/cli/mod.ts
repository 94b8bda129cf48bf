/**
 * The command line: `run` selects a command, runs it and turns an error into a message, a hint and an exit code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { run } from "./mod.ts";
 *
 * const sink = { write: (bytes: Uint8Array) => Promise.resolve(bytes.length) };
 * const lines: string[] = [];
 * const code = await run(["srve"], {
 *   print: () => {},
 *   printError: (text) => lines.push(text),
 *   stdout: sink,
 *   stderr: sink,
 * });
 * assertEquals([code, lines], [1, ['Error: there is no command "srve"\nhint: did you mean serve?\n']]);
 * ```
 *
 * @module
 */
import { type FlagTable, nearest, parseArgs, type ParsedArgs, settingsHelp } from "../config/mod.ts";
import { VERSION, VERSION_LINE } from "../version.ts";
import type { Command } from "./command.ts";
import { HEALTH } from "./health.ts";
import { SERVE } from "./serve.ts";
import { escapeOutput, printFailure, TERMINAL, type Terminal } from "./terminal.ts";

export type { Command, Terminal };

/** Every command, in the order of `--help`. The first is meant where none is named. */
const COMMANDS: readonly [Command, ...Command[]] = [SERVE, HEALTH];

/** Every flag of every command, in the order of `--help`. */
export const FLAGS: FlagTable = {
  ...Object.assign({}, ...COMMANDS.map(({ flags }) => flags)),
  version: { help: "Print the version." },
  help: { help: "Print flags and settings." },
};

/**
 * Runs the program.
 *
 * @param args The command line after the program's name.
 * @param terminal Where it prints. @default {TERMINAL}
 * @returns The exit code: 0 when the command did what it should, 1 when not.
 */
export async function run(args: readonly string[], terminal: Terminal = TERMINAL): Promise<number> {
  terminal = escapeOutput(terminal);
  try {
    const parsed = parseArgs(args, FLAGS);
    if (parsed.switches.has("help")) {
      terminal.print(usage() + settingsHelp(FLAGS));
      return 0;
    }
    if (parsed.switches.has("version")) {
      terminal.print(`${VERSION_LINE}\n`);
      return 0;
    }
    const [name = COMMANDS[0].name, ...positional] = parsed.positional;
    const command = COMMANDS.find((command) => command.name === name);
    const problem = command ? findForeignFlag(parsed, command) : describeUnknown(name);
    if (problem) {
      terminal.printError(`Error: ${problem}\n`);
      return 1;
    }
    return await command!.run({ ...parsed, positional }, terminal);
  } catch (error) {
    printFailure(terminal, error);
    return 1;
  }
}

function usage(): string {
  const forms = COMMANDS.map(({ name }, i) => `halyard ${i === 0 ? `[${name}]` : name} [flags]`);
  const width = Math.max(...forms.map((form) => form.length));
  const lines = COMMANDS.map(({ summary }, i) =>
    `${i === 0 ? "Usage: " : "       "}${forms[i]!.padEnd(width)}  ${summary}\n`
  );
  return `Halyard ${VERSION}: serves LaunchDarkly SDKs from an offline archive.\n\n${lines.join("")}\n`;
}

function describeUnknown(name: string): string {
  const meant = nearest(name, COMMANDS.map((command) => command.name));
  const hint = meant ? `did you mean ${meant}?` : "--help lists what there is";
  return `there is no command ${JSON.stringify(name)}\nhint: ${hint}`;
}

/** A flag that would have no effect is refused: whoever wrote it expects one. */
function findForeignFlag({ values, switches }: ParsedArgs, { name, flags }: Command): string | undefined {
  const foreign = [...values.keys(), ...switches].find((flag) => !Object.hasOwn(flags, flag));
  if (foreign === undefined) return undefined;
  const owners = COMMANDS.filter(({ flags }) => Object.hasOwn(flags, foreign)).map(({ name }) => name);
  return `the command ${name} has no flag --${foreign}\nhint: it is a flag of ${owners.join(", ")}`;
}
