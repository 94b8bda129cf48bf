import { parseArgs as tokenize } from "node:util";
import { type FlagTable, nearest } from "../config/mod.ts";
import type { Args, Command } from "./command.ts";

/** Flags that every command has. */
export const COMMON_FLAGS: FlagTable = {
  help: { short: "h", help: "Print help." },
  version: { help: "Print the version." },
};

/** Error: the command line is wrong. */
export class UsageError extends SyntaxError {
  /** Set so that stack traces show it. */
  override readonly name = "UsageError";
  /** Hint for the person who typed it. */
  readonly hint: string;

  /**
   * Creates the error.
   *
   * @param message What is wrong.
   * @param hint What to write instead.
   */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Parses a command line: `--flag VALUE`, `--flag=VALUE`, short flags, arguments in between, `--` before those that begin with a dash.
 *
 * @param argv The command line after the command's name.
 * @param command The command.
 * @returns Its parts.
 * @throws {UsageError} When a flag is unknown or not well written, or arguments are missing or too many.
 */
export function parseArgs(argv: readonly string[], { name, flags, usage, arity }: Command): Args {
  const options = Object.fromEntries(
    Object.entries(flags).map(([flag, { value, short }]) => [flag, {
      type: value === undefined ? "boolean" as const : "string" as const,
      ...short !== undefined && { short },
    }]),
  );
  const { tokens, positionals } = tokenize({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const lists = new Map<string, string[]>();
  const switches = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    // "-config" is read as "-c", "-o" and so on: whoever writes it means one flag.
    if (flag === undefined) throw unknownFlag(argv[token.index]!, name, flags);
    const { rawName, value, inlineValue } = token;
    if (flag.value === undefined) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`, seeHelp(name));
      switches.add(token.name);
      continue;
    }
    if (value === undefined || value.startsWith("-") && value !== "-" && !inlineValue) {
      const hint = `write ${rawName} ${flag.value}; one that begins with a dash as ${rawName}=${flag.value}`;
      throw new UsageError(`${rawName} needs a value`, hint);
    }
    const { choices } = flag;
    if (choices && !choices.includes(value)) {
      throw new UsageError(`${rawName} cannot be "${value}"`, `it is one of ${choices.join(", ")}`);
    }
    lists.set(token.name, [...lists.get(token.name) ?? [], value]);
  }
  const [least, most] = arity;
  if (positionals.length < least || positionals.length > most) {
    const problem = positionals.length < least ? "too few" : "too many";
    throw new UsageError(`${problem} arguments for ${name}`, `write ${name} ${usage}`.trimEnd());
  }
  const values = new Map([...lists].map(([flag, list]) => [flag, list.at(-1)!]));
  return { values, lists, switches, positional: positionals };
}

function unknownFlag(written: string, command: string, flags: FlagTable): UsageError {
  const flag = written.replace(/=.*/s, "");
  const meant = nearest(flag.replace(/^-+/, ""), Object.keys({ ...flags, ...COMMON_FLAGS }));
  return new UsageError(
    `${command} has no flag ${flag}`,
    meant === undefined ? seeHelp(command) : `did you mean --${meant}?`,
  );
}

function seeHelp(command: string): string {
  return `${command} --help lists its flags`;
}
