import { assertEquals, assertMatch } from "@std/assert";
import { run } from "../../lib/cli/mod.ts";
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
