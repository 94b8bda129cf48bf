import { type FlagTable, nearest, settingsHelp } from "../config/mod.ts";
import { VERSION } from "../version.ts";
import type { Command, Program } from "./command.ts";
import { COMMON_FLAGS, UsageError } from "./parse_args.ts";

/**
 * Creates help of a program.
 *
 * @param program The program.
 * @returns Text with its last newline.
 */
export function describeProgram({ name, summary, commands, preset }: Program): string {
  const rows = commands.map((command): [string, string] => [
    `${command.name} ${command.usage}`.trimEnd(),
    command.summary + (command === preset ? " (the default)" : ""),
  ]);
  rows.push(["help [COMMAND]", "describes a command"]);
  const width = Math.max(...rows.map(([usage]) => usage.length));
  const lines = rows.map(([usage, summary]) => `  ${usage.padEnd(width)}  ${summary}\n`);
  const form = preset ? "[COMMAND]" : "COMMAND";
  const help = `${summary}\n\nUsage: ${name} ${form} [ARGUMENTS] [FLAGS]\n\nCommands:\n${lines.join("")}\n`;
  const more = preset
    ? settingsHelp({ ...preset.flags, ...COMMON_FLAGS })
    : `"${name} help COMMAND" has the flags of each.
`;
  return `${name} ${VERSION}: ${help}${more}`;
}

/**
 * Creates help of a command.
 *
 * @param program Name of the program.
 * @param command The command.
 * @returns Text with its last newline.
 */
export function describeCommand(program: string, command: Command): string {
  const { name, summary, usage, details, flags, example } = command;
  const parts = [
    `${program} ${name}: ${summary}`,
    `Usage: ${[program, name, usage].filter(Boolean).join(" ")} [FLAGS]`,
    ...details === undefined ? [] : [details],
    `Flags:\n${Object.entries({ ...flags, ...COMMON_FLAGS }).map(describeFlag).join("\n")}`,
    `Example:\n  ${program} ${example}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function describeFlag([name, { short, value, choices, help }]: [string, FlagTable[string]]): string {
  const word = choices?.join("|") ?? value;
  return `  ${short ? `-${short}, ` : ""}--${name}${word ? ` ${word}` : ""}\n      ${help}`;
}

/** The command `help`, of every program. */
export const HELP: Command = {
  name: "help",
  summary: "describes a command",
  usage: "[COMMAND]",
  arity: [0, 1],
  example: "help serve",
  flags: {},
  run({ positional: [name] }, terminal, program) {
    terminal.print(
      name === undefined
        ? describeProgram(program)
        : describeCommand(program.name, findCommand(program, name)),
    );
    return Promise.resolve(0);
  },
};

/**
 * Finds a command.
 *
 * @param program The program.
 * @param name Its name.
 * @returns The command.
 * @throws {UsageError} When there is none of that name.
 */
export function findCommand({ commands, other }: Program, name: string): Command {
  const all = [...commands, HELP];
  const command = all.find((command) => command.name === name);
  if (command) return command;
  const meant = nearest(name, [...all.map(({ name }) => name), ...other.commands]);
  let hint = meant ? `did you mean ${meant}?` : "--help lists what there is";
  if (meant && other.commands.includes(meant)) hint = `${other.name} has the command ${meant}`;
  throw new UsageError(`there is no command ${JSON.stringify(name)}`, hint);
}
