import { parseArgs as parseRelayArgs } from "../config/mod.ts";
import { BUILD } from "../version.ts";
import { ArchiveError, EnvironmentError } from "../archive/mod.ts";
import { LoadError } from "../source/mod.ts";
import type { Args, Command, Program } from "./command.ts";
import { describeCommand, describeProgram, findCommand } from "./help.ts";
import { COMMON_FLAGS, parseArgs, UsageError } from "./parse_args.ts";
import { escapeOutput, printFailure, TERMINAL, type Terminal } from "./terminal.ts";

/** Exit code: no (invalid, different, not ready). */
const NO = 1;

/** Exit code: wrong usage or environment. */
const FAILED = 2;

/**
 * Runs a program: selects a command, runs it, and turns an error into a message, a hint and an exit code.
 *
 * @param program The program.
 * @param argv The command line after the program's name.
 * @param terminal Where it prints. @default {TERMINAL}
 * @returns The exit code: 0 for yes, 1 for no, 2 for wrong usage or environment.
 */
export async function runProgram(
  program: Program,
  argv: readonly string[],
  terminal: Terminal = TERMINAL,
): Promise<number> {
  terminal = escapeOutput(terminal);
  let command: Command | undefined;
  try {
    const position = findName(program, argv);
    const isNamed = position >= 0;
    command = isNamed ? findCommand(program, argv[position]!) : program.preset;
    const rest = isNamed ? [...argv.slice(0, position).map(toLongFlag), ...argv.slice(position + 1)] : argv;
    if (asksFor("version", rest)) {
      terminal.print(`${program.name} ${BUILD}\n`);
      return 0;
    }
    if (asksFor("help|h", rest)) {
      terminal.print(isNamed ? describeCommand(program.name, command!) : describeProgram(program));
      return 0;
    }
    if (!command) throw new UsageError("no command is named", `${program.name} --help lists what there is`);
    return await command.run(readArgs(rest, command), terminal, program);
  } catch (error) {
    printFailure(terminal, error);
    return isRefusal(error) ? NO : command?.usageExitCode ?? FAILED;
  }
}

/**
 * Finds the name of a command: the first word or, where images and units pass flags of the preset first, the word behind them.
 * Returns its position; -1 if there is none.
 */
function findName({ preset, commands }: Program, argv: readonly string[]): number {
  if (argv.length > 0 && !argv[0]!.startsWith("-")) return 0;
  const isFlag = (arg: string | undefined): arg is string =>
    arg !== undefined && /^-./.test(arg) && arg !== "--";
  let position = 0;
  for (let arg = argv[position]; isFlag(arg); arg = argv[position]) {
    const [, name = "", text] = /^--?([^=]*)(=.*)?$/s.exec(arg)!;
    position += text === undefined && preset?.flags[name]?.value ? 2 : 1;
  }
  return commands.some(({ name }) => name === argv[position]) ? position : -1;
}

/** Writes a flag of the Relay Proxy's dialect as other commands do. */
function toLongFlag(arg: string): string {
  return arg.replace(/^-(?=[^-]{2})/, "--");
}

/** Reports whether an error is the answer: what was asked about is no good. */
function isRefusal(error: unknown): boolean {
  if ([ArchiveError, EnvironmentError, LoadError].some((refusal) => error instanceof refusal)) return true;
  return error instanceof Error && "isRefusal" in error && error.isRefusal === true;
}

/** Reports whether a switch of every command is on the command line, in either dialect. */
function asksFor(names: string, argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  const pattern = new RegExp(`^--?(${names})(=true)?$`);
  return (end < 0 ? argv : argv.slice(0, end)).some((arg) => pattern.test(arg));
}

function readArgs(argv: readonly string[], command: Command): Args {
  if (!command.isRelayDialect) return parseArgs(argv, command);
  const parsed = parseRelayArgs(argv, { ...command.flags, ...COMMON_FLAGS });
  const [unexpected] = parsed.positional;
  if (unexpected !== undefined) {
    throw new UsageError(
      `${command.name} takes no argument ${JSON.stringify(unexpected)}`,
      "a command comes before its flags",
    );
  }
  return { ...parsed, lists: new Map() };
}
