import { assertEquals } from "@std/assert";
import { describeCounts, printTable } from "../../lib/cli/table.ts";
import { escapeOutput } from "../../lib/cli/terminal.ts";
import { makeTerminal } from "./_terminal.ts";

type Rows = Parameters<typeof printTable>[1];

/** What is printed of rows. */
function print(
  rows: Rows,
  options: { columns?: number; hasColor?: boolean; indent?: number } = {},
): string[] {
  const { indent = 0, ...terminalOptions } = options;
  const terminal = makeTerminal(terminalOptions);
  printTable(escapeOutput(terminal), rows, indent);
  return terminal.output.split("\n").slice(0, -1);
}

Deno.test("printTable() aligns columns, without blanks at the end of a line", () => {
  assertEquals(print([["a", "b", ""], ["long", "c", "d"], ["e"]]), ["a     b", "long  c  d", "e"]);
  assertEquals(print([["a", "b"]], { indent: 2 }), ["  a  b"]);
  assertEquals(print([]), []);
});

Deno.test("printTable() counts columns, not characters", () => {
  assertEquals(print([["日本", "x"], ["e\u0301te\u0301", "x"], ["✓", "x"]]), [
    "日本  x",
    "e\u0301te\u0301   x",
    "✓     x",
  ]);
});

Deno.test("printTable() goes on in the next line of the column where the terminal is too narrow", () => {
  const rows = [["flag", "one two three four five", "end"]];
  assertEquals(print(rows), ["flag  one two three four five  end"]);
  assertEquals(print(rows, { columns: 34 }), ["flag  one two three four five  end"]);
  assertEquals(print(rows, { columns: 25 }), ["flag  one two three   end", "      four five"]);
  assertEquals(print([["  step", "x".repeat(30)]], { columns: 24 }), [
    "  step  xxxxxxxxxxxxxxxx",
    "        xxxxxxxxxxxxxx",
  ]);
  assertEquals(print([["  one two three", "x"]], { columns: 12 }), ["  one two     x", "  three"]);
});

Deno.test("printTable() makes columns no narrower than words need, whatever the terminal", () => {
  assertEquals(print([["a".repeat(13), "b".repeat(13)]], { columns: 1 }), [
    `${"a".repeat(12)}  ${"b".repeat(12)}`,
    `a${" ".repeat(13)}b`,
  ]);
});

Deno.test("printTable() escapes what a person could not see, before it counts", () => {
  assertEquals(print([["a\x1b[31m\n", "b"], ["c", "d"]]), ["a\\u001b[31m\\u000a  b", `c${" ".repeat(18)}d`]);
});

Deno.test("styles are shown where there is colour, and nowhere else", () => {
  const rows: Rows = [[{ text: "yes", style: "green" }, "x"]];
  assertEquals(print(rows), ["yes  x"]);
  assertEquals(print(rows, { hasColor: true }), ["\x1b[32myes\x1b[0m  x"]);
  assertEquals(print([[{ text: "\x1b[31m", style: "bold" }]], { hasColor: true }), [
    "\x1b[1m\\u001b[31m\x1b[0m",
  ]);
});

Deno.test("describeCounts() leaves out what there is none of", () => {
  assertEquals(
    describeCounts([[1, "rule"], [0, "target"], [undefined, "x"], [2, "segment"]]),
    "1 rule, 2 segments",
  );
});
