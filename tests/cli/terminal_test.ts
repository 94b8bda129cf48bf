import { assertEquals } from "@std/assert";
import { describeFailure, type Failure, printFailure } from "../../lib/cli/terminal.ts";
import { SettingsError } from "../../lib/config/mod.ts";
import { makeTerminal } from "./_terminal.ts";

const PROBLEM = { message: "it is wrong", hint: "right it" };

// What was thrown, and what is said of it.
const FAILURES: [what: string, error: unknown, failure: Failure][] = [
  ["options", new SettingsError("options", [PROBLEM]), { message: "Error: it is wrong", hint: "right it" }],
  ["a file", new SettingsError("file", [PROBLEM]), {
    message: "Error loading config file: it is wrong",
    hint: "right it",
  }],
  ["the environment", new SettingsError("environment", [PROBLEM]), {
    message: "Configuration error: it is wrong",
    hint: "right it",
  }],
  ["nothing to serve", new SettingsError("relay", [PROBLEM]), {
    message: "Unable to create relay: it is wrong",
    hint: "right it",
  }],
  ["an error without a hint", new RangeError("no\nroom"), { message: "Error: no\\u000aroom" }],
  ["what is no error", "no room", { message: "Error: no room" }],
];

for (const [what, error, failure] of FAILURES) {
  Deno.test(`describeFailure() gives message and hint for ${what}`, () => {
    assertEquals(describeFailure(error), failure);
  });
}

Deno.test("printFailure() prints the hint on a line of its own, to standard error", () => {
  const terminal = makeTerminal();
  printFailure(terminal, new SettingsError("options", [PROBLEM]));
  assertEquals([terminal.output, terminal.errors], ["", "Error: it is wrong\nhint: right it\n"]);
});
