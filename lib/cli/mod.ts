/**
 * The command line: `run` chooses a command, runs it and turns an error into a message, a hint and an exit code.
 *
 * @module
 */
import { parseCommandLine, settingsHelp } from "../config/mod.ts";
import { VERSION, VERSION_LINE } from "../version.ts";
import { health } from "./health.ts";
import { serve } from "./serve.ts";
import { escapeOutput, printFailure, TERMINAL, type Terminal } from "./terminal.ts";

export type { Terminal };

const USAGE = `Halyard ${VERSION}: serves LaunchDarkly SDKs from an offline archive.

Usage: halyard [serve] [flags]     serves until SIGINT or SIGTERM
       halyard health [flags]      asks a running relay whether it is ready: exit code 0 or 1

`;

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
    const commandLine = parseCommandLine(args);
    if (commandLine.help) {
      terminal.print(USAGE + settingsHelp());
      return 0;
    }
    if (commandLine.version) {
      terminal.print(`${VERSION_LINE}\n`);
      return 0;
    }
    const [command = "serve"] = commandLine.positional;
    if (command === "serve") return await serve(commandLine, terminal);
    if (command === "health") return await health(commandLine, terminal);
    terminal.printError(
      `Error: there is no command ${JSON.stringify(command)}\nhint: --help lists what there is\n`,
    );
    return 1;
  } catch (error) {
    printFailure(terminal, error);
    return 1;
  }
}
