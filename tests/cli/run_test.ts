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
