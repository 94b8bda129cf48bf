import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HALYARD, run } from "../../lib/cli/mod.ts";
import { COURIER, runCourier } from "../../lib/cli/courier.ts";
import { canRun } from "../tools/_programs.ts";
import { makeTerminal } from "./_terminal.ts";

/** The completion script of a program. */
async function write(shell: string, runProgram = run): Promise<string> {
  const terminal = makeTerminal();
  assertEquals(await runProgram(["completions", shell], terminal), 0);
  return terminal.output;
}

/** Runs a shell with a script on its standard input, and gives what it prints. */
async function feed(command: string[], script: string): Promise<string> {
  const [name, ...args] = command;
  const process = new Deno.Command(name!, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await process.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

for (const shell of ["bash", "zsh", "fish"]) {
  Deno.test(`completions ${shell} prints what the shell can read, of both programs`, {
    ignore: !await canRun(shell), // where a shell is not there, nobody needs its completions
  }, async () => {
    for (const runProgram of [run, runCourier]) await feed([shell, "-n"], await write(shell, runProgram));
  });
}

Deno.test("completions know every command and every flag of both programs", async () => {
  for (const [program, runProgram] of [[HALYARD, run], [COURIER, runCourier]] as const) {
    for (const shell of ["bash", "zsh", "fish"]) {
      const script = await write(shell, runProgram);
      for (const { name, flags } of program.commands) {
        assertStringIncludes(script, name);
        for (const flag of Object.keys(flags)) {
          assert(
            script.includes(shell === "fish" ? ` -l ${flag} ` : `--${flag}`),
            `${shell} ${name} ${flag}`,
          );
        }
      }
    }
  }
});

// What stands on the command line, and what bash completes it with.
const LINES: [words: string[], completions: string[]][] = [
  [["d"], ["diff"]],
  [["he"], ["health", "help"]],
  [["diff", "--c"], ["--contexts"]],
  [["help", "ins"], ["inspect"]],
  [["completions", "z"], ["zsh"]],
  [["inspect", "deno.j"], ["deno.json"]],
  [["--conf"], ["--config"]],
  [["--config", "deno.j"], ["deno.json"]],
];

for (const [words, completions] of LINES) {
  const ignore = !await canRun("bash"); // nobody needs its completions there
  Deno.test(
    `in bash, "halyard ${words.join(" ")}" completes to ${completions.join(", ")}`,
    { ignore },
    async () => {
      const line = `COMP_WORDS=(halyard ${words.join(" ")}) COMP_CWORD=${words.length}`;
      const printed = await feed(
        ["bash"],
        `${await write("bash")}\n${line}; _halyard; echo "\${COMPREPLY[@]}"\n`,
      );
      assertEquals(printed, `${completions.join(" ")}\n`);
    },
  );
}

Deno.test(
  "in zsh, each command hands every flag to the shell as one word",
  { ignore: !await canRun("zsh") }, // nobody needs its completions there
  async () => {
    for (const [program, runProgram] of [[HALYARD, run], [COURIER, runCourier]] as const) {
      const script = await write("zsh", runProgram);
      const name = `_${program.name.replaceAll("-", "_")}`;
      for (const command of [...program.commands.map(({ name }) => name), "-"]) {
        const stubs = 'compdef() { :; }; _arguments() { print -rl -- "$@"; }';
        const line = `words=(${program.name} ${command} x) CURRENT=3`;
        const printed = await feed(["zsh", "-f"], `${stubs}\n${script}\n${line}; ${name}\n`);
        const flags = program.commands.find(({ name }) => name === command)?.flags ?? program.preset?.flags ??
          {};
        const names = printed.trimEnd().split("\n").map((word) => /^--([\w-]+)\[/.exec(word)?.[1]);
        assertEquals(names.slice(0, -1), [...Object.keys(flags), "help", "version"], command);
      }
    }
  },
);
