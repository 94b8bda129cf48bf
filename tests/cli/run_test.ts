import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { COMMON_FLAGS } from "../../lib/cli/parse_args.ts";
import { COURIER } from "../../lib/cli/courier.ts";
import { HALYARD, run } from "../../lib/cli/mod.ts";
import { BUILD } from "../../lib/version.ts";
import { makeTerminal } from "./_terminal.ts";

Deno.test("run() gives 0 for --version and --help, whatever else is asked", async () => {
  for (const args of [["--version"], ["serve", "-version"], ["--version", "--config", "/nonexistent"]]) {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), 0);
    assertEquals([terminal.output, terminal.errors], [`halyard ${BUILD}\n`, ""]);
  }
  const terminal = makeTerminal();
  assertEquals(await run(["-h"], terminal), 0);
  assertMatch(terminal.output, /^halyard .*\n\nUsage: halyard /);
});

Deno.test("run() gives 1 for what serve does not know, 2 for other commands, and says so", async () => {
  const mistakes: [args: string[], code: number][] = [
    [["--bogus"], 1],
    [["bogus"], 2],
    [["--", "bogus"], 1],
    [["help", "bogus"], 2],
  ];
  for (const [args, code] of mistakes) {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), code);
    assertMatch(terminal.errors, /^Error: .*bogus.*\nhint: .*\n$/);
  }
});

// What is asked, and what is said to be wrong with it, what to do, and the exit code.
const MISTAKES: [args: string[], error: string, hint: string, code: number][] = [
  [["helth"], 'there is no command "helth"', "did you mean health?", 2],
  [["bogus"], 'there is no command "bogus"', "--help lists what there is", 2],
  [["help", "bogus"], 'there is no command "bogus"', "--help lists what there is", 2],
  [["health", "--urls=x"], "health has no flag --urls", "did you mean --url?", 1],
  [["health", "-url", "x"], "health has no flag -url", "did you mean --url?", 1],
  [["health", "--bogus"], "health has no flag --bogus", "health --help lists its flags", 1],
  [["health", "--hlep"], "health has no flag --hlep", "did you mean --help?", 1],
  [["--versoin"], "flag provided but not defined: -versoin", "did you mean --version?", 1],
  [["health", "--url=ftp://x"], '--url cannot be "ftp://x"', "write it as http://host:8030", 1],
  [["--url=http://x"], "flag provided but not defined: -url", "--help lists the flags", 1],
  [["sreve"], 'there is no command "sreve"', "did you mean serve?", 2],
  [["--config", "x", "bogus"], 'serve takes no argument "bogus"', "a command comes before its flags", 1],
  [["--from-env", "diff", "a", "b"], "diff has no flag --from-env", "diff --help lists its flags", 2],
  [["health", "--url=x"], '--url cannot be "x"', "write it as http://host:8030", 1],
  [
    ["health", "--url"],
    "--url needs a value",
    "write --url URL; one that begins with a dash as --url=URL",
    1,
  ],
  [["config", "--json=yes"], "--json takes no value", "config --help lists its flags", 2],
  [["config", "x"], "too many arguments for config", "write config", 2],
  [["completions"], "too few arguments for completions", "write completions bash|zsh|fish", 2],
  [["completions", "tcsh"], 'there are no completions for "tcsh"', "it is one of bash, zsh, fish", 2],
];

for (const [args, error, hint, code] of MISTAKES) {
  Deno.test(`run() says what is wrong with "${args.join(" ")}" and what was probably meant`, async () => {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), code);
    assertEquals([terminal.output, terminal.errors], ["", `Error: ${error}\nhint: ${hint}\n`]);
  });
}

Deno.test("run() lists every command in its help, and every flag in that of its command", async () => {
  const terminal = makeTerminal();
  await run(["--help"], terminal);
  for (const { name, usage, summary } of HALYARD.commands) {
    assertMatch(
      terminal.output,
      new RegExp(`\\n  ${escapeRegExp(`${name} ${usage}`.trimEnd())} +${escapeRegExp(summary)}`),
    );
  }
  for (const command of HALYARD.commands) {
    const terminal = makeTerminal();
    await run(["help", command.name], terminal);
    assertStringIncludes(terminal.output, `halyard ${command.example}\n`);
    for (const [flag, { help }] of Object.entries({ ...command.flags, ...COMMON_FLAGS })) {
      assertMatch(terminal.output, new RegExp(`\\n  (-\\w, )?--${flag}( [^ ]+)?\\n`));
      assertStringIncludes(terminal.output, `\n      ${help}\n`);
    }
    const other = makeTerminal();
    assertEquals(await run([command.name, "-h"], other), 0);
    assertEquals(other.output, terminal.output);
  }
});

function escapeRegExp(text: string): string {
  return text.replaceAll(/[|[\]().*+?$]/g, "\\$&");
}

Deno.test("run() takes flags of serve before a command, as images and units pass them", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "[Main]\nport = 8031\n");
  for (
    const flags of [["-config", path], ["--config", path, "--from-env"], [
      `-config=${path}`,
      "-allow-missing-file",
    ]]
  ) {
    const terminal = makeTerminal();
    assertEquals([await run([...flags, "config", "--json"], terminal), terminal.errors], [0, ""]);
    assertStringIncludes(terminal.output, '"8031"');
  }
  await Deno.remove(path);
});

Deno.test("each program names the commands that only the other one has", () => {
  for (const [program, other] of [[HALYARD, COURIER], [COURIER, HALYARD]] as const) {
    const names = program.commands.map(({ name }) => name);
    const missing = other.commands.map(({ name }) => name).filter((name) => !names.includes(name));
    assertEquals(program.other, { name: other.name, commands: missing });
  }
});

Deno.test("run() escapes what a person could not see in what it prints", async () => {
  for (
    const [arg, shown] of [["a\u202eb", "a\\u202eb"], ["a\x1b[31mb", "a\\u001b[31mb"], [
      "a\nb",
      "a\\nb",
    ]] as const
  ) {
    for (const args of [[arg], [`--${arg}`], ["--config", `/nonexistent/${arg}`]]) {
      const terminal = makeTerminal();
      assertNotEquals(await run(args, terminal), 0);
      assertMatch(terminal.errors, /^Error: [^\p{Cc}\p{Cf}]*\nhint: [^\p{Cc}\p{Cf}]*\n$/u);
      assertEquals(terminal.errors.replaceAll("\\u000a", "\\n").includes(shown), true, terminal.errors);
    }
  }
});
