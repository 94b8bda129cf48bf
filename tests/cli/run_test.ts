import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FLAGS, run } from "../../lib/cli/mod.ts";
import { VERSION_LINE } from "../../lib/version.ts";
import { makeTerminal } from "./_terminal.ts";

Deno.test("run() gives 0 for --version and --help, whatever else is asked", async () => {
  for (const args of [["--version"], ["serve", "-version"], ["--version", "--config", "/nonexistent"]]) {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), 0);
    assertEquals([terminal.output, terminal.errors], [`${VERSION_LINE}\n`, ""]);
  }
  const terminal = makeTerminal();
  assertEquals(await run(["-h"], terminal), 0);
  assertMatch(terminal.output, /^Halyard .*\n\nUsage: halyard /);
});

Deno.test("run() gives 1 for what it does not know, and says so", async () => {
  for (const args of [["--bogus"], ["bogus"], ["--", "bogus"]]) {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), 1);
    assertMatch(terminal.errors, /^Error: .*bogus.*\nhint: .*\n$/);
  }
});

// What is asked, and what is said to be wrong with it and what to do.
const MISTAKES: [args: string[], error: string, hint: string][] = [
  [["helth"], 'there is no command "helth"', "did you mean health?"],
  [["bogus"], 'there is no command "bogus"', "--help lists what there is"],
  [["health", "--urls=x"], "flag provided but not defined: -urls", "did you mean --url?"],
  [["--url=http://x"], "the command serve has no flag --url", "it is a flag of health"],
  [["health", "--url=x"], 'invalid URL "x" for -url', "write it as http://host:8030"],
];

for (const [args, error, hint] of MISTAKES) {
  Deno.test(`run() says what is wrong with "${args.join(" ")}" and what was probably meant`, async () => {
    const terminal = makeTerminal();
    assertEquals(await run(args, terminal), 1);
    assertEquals([terminal.output, terminal.errors], ["", `Error: ${error}\nhint: ${hint}\n`]);
  });
}

Deno.test("run() lists every command and every flag in its help", async () => {
  const terminal = makeTerminal();
  await run(["--help"], terminal);
  const usage = `Usage: halyard [serve] [flags]  serves until SIGINT or SIGTERM
       halyard health [flags]   asks a running relay whether it is ready: exit code 0 or 1

Flags:
  --config PATH
`;
  assertStringIncludes(terminal.output, usage);
  for (const [flag, { help }] of Object.entries(FLAGS)) {
    assertMatch(terminal.output, new RegExp(`\\n  --${flag}( [A-Z]+)?\\n`));
    assertStringIncludes(terminal.output, `\n      ${help}\n`);
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
      assertEquals(await run(args, terminal), 1);
      assertMatch(terminal.errors, /^Error: [^\p{Cc}\p{Cf}]*\nhint: [^\p{Cc}\p{Cf}]*\n$/u);
      assertEquals(terminal.errors.replaceAll("\\u000a", "\\n").includes(shown), true, terminal.errors);
    }
  }
});
