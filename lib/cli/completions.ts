import type { FlagTable } from "../config/mod.ts";
import type { Command, Program } from "./command.ts";
import { COMMON_FLAGS, UsageError } from "./parse_args.ts";

/** Writers of completion scripts by shell. */
const SHELLS: Record<string, (program: Program) => string> = {
  bash: writeBash,
  zsh: writeZsh,
  fish: writeFish,
};

/** The command `completions`. */
export const COMPLETIONS: Command = {
  name: "completions",
  summary: "prints the completion script of a shell",
  usage: "bash|zsh|fish",
  arity: [1, 1],
  details: `Load it from the shell's start-up file:
  bash: source <(halyard completions bash)
  zsh:  source <(halyard completions zsh), after compinit
  fish: halyard completions fish | source`,
  example: "completions bash",
  flags: {},
  run({ positional: [shell = ""] }, terminal, program) {
    if (!Object.hasOwn(SHELLS, shell)) {
      throw new UsageError(
        `there are no completions for ${JSON.stringify(shell)}`,
        `it is one of ${Object.keys(SHELLS).join(", ")}`,
      );
    }
    terminal.print(SHELLS[shell]!(program));
    return Promise.resolve(0);
  },
};

/** Lists the commands that can be completed, `help` with them. */
function listCommands({ commands }: Program): Pick<Command, "name" | "summary" | "flags">[] {
  return [...commands, { name: "help", summary: "describes a command", flags: {} }];
}

/** What stands for a command in patterns of a shell where a flag comes first. */
const FLAG = "-*";

/** Lists the commands, and what is meant where none is named. */
function listForms(program: Program): Pick<Command, "name" | "summary" | "flags">[] {
  return [...listCommands(program), { name: FLAG, summary: "", flags: program.preset?.flags ?? {} }];
}

function flagsOf({ flags }: Pick<Command, "flags">): [string, FlagTable[string]][] {
  return Object.entries({ ...flags, ...COMMON_FLAGS });
}

function functionName({ name }: Program): string {
  return `_${name.replaceAll("-", "_")}`;
}

function writeBash(program: Program): string {
  const commands = listCommands(program);
  const cases = listForms(program).map((command) => {
    const words = flagsOf(command).map(([flag]) => `--${flag}`).join(" ");
    return `    ${command.name}) flags="${words}" ;;\n`;
  });
  const choices = new Map(
    commands.flatMap((command) => flagsOf(command).filter(([, { choices }]) => choices)),
  );
  const values = [...choices].map(([flag, { choices }]) =>
    `    --${flag}) values="${choices!.join(" ")}" ;;\n`
  );
  const shells = Object.keys(SHELLS).join(" ");
  return `# Completions of ${program.name} for bash.
${functionName(program)}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} flags="" values=""
  local names="${commands.map(({ name }) => name).join(" ")}"
  if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W "$names" -- "$current"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("")}  esac
  case $previous in
    help) values=$names ;;
    completions) values="${shells}" ;;
${values.join("")}  esac
  if [[ $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F ${functionName(program)} ${program.name}
`;
}

function writeZsh(program: Program): string {
  const commands = listCommands(program);
  const described = commands.map(({ name, summary }) => `    '${name}:${quoteZsh(summary)}'\n`).join("");
  const cases = listForms(program).map((command) => {
    const specs = flagsOf(command).map(([flag, { value, choices, help }]) => {
      const argument = choices ? `:value:(${choices.join(" ")})` : value ? `:${value}:_files` : "";
      return `      '--${flag}[${quoteZsh(help)}]${argument}' \\\n`;
    });
    const rest = command.name === "help"
      ? `'1:command:(${commands.map(({ name }) => name).join(" ")})'`
      : command.name === "completions"
      ? `'1:shell:(${Object.keys(SHELLS).join(" ")})'`
      : "'*:file:_files'";
    return `    ${command.name}) _arguments \\\n${specs.join("")}      ${rest} ;;\n`;
  });
  return `#compdef ${program.name}
# Completions of ${program.name} for zsh.
${functionName(program)}() {
  local -a commands=(
${described}  )
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  local name=$words[2]
  if [[ $name != -* ]]; then
    shift words
    ((CURRENT--))
  fi
  case $name in
${cases.join("")}  esac
}
compdef ${functionName(program)} ${program.name}
`;
}

/** Characters that end a description are escaped, before the quotes that end what the shell reads. */
function quoteZsh(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, "\\$&").replaceAll("'", "'\\''");
}

function writeFish(program: Program): string {
  const { name } = program;
  const commands = listCommands(program);
  const lines = listForms(program).flatMap((command) => {
    const first = `complete -c ${name} -n __fish_use_subcommand`;
    const seen = command.name === FLAG
      ? first
      : `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      ...command.name === FLAG ? [] : [`${first} -a ${command.name} -d ${quoteFish(command.summary)}`],
      ...flagsOf(command).map(([flag, { value, choices, help }]) => {
        const argument = choices ? ` -x -a '${choices.join(" ")}'` : value ? " -r -F" : "";
        return `${seen} -l ${flag}${argument} -d ${quoteFish(help)}`;
      }),
      command.name === "help"
        ? `${seen} -a '${commands.map(({ name }) => name).join(" ")}'`
        : command.name === "completions"
        ? `${seen} -a '${Object.keys(SHELLS).join(" ")}'`
        : command.name === FLAG
        ? []
        : `${seen} -F`,
    ].flat();
  });
  return `# Completions of ${name} for fish.\ncomplete -c ${name} -f\n${lines.join("\n")}\n`;
}

function quoteFish(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
