import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readIni } from "../../lib/config/_ini.ts";
import { runs } from "../_nightly.ts";

function read(text: string) {
  return readIni(new TextEncoder().encode(text));
}

/** The occurrences of the variable `a` in a section that has this text in it. */
function valuesOf(text: string): (string | null)[] {
  const [section] = read(`[s]\n${text}`);
  return section!.variables.flatMap(([name, occurrences]) =>
    name.toLowerCase() === "a" ? occurrences.map(([, value]) => value) : []
  );
}

const VALUES: [text: string, ...values: (string | null)[]][] = [
  ["a = b", "b"],
  ["a=b", "b"],
  ["\t a \t = \t b c \t ", "b c"],
  ["a = b\r\n", "b"],
  ['a = b\r "c\rd"', "b cd"],
  ["a =", ""],
  ["a = ; comment", ""],
  ["a", null],
  ["a # comment", null],
  ["A = b", "b"],
  ["a = b ; c", "b"],
  ["a = b#c", "b"],
  ["# a = b\n; a = c\n"],
  ['a = "b ; c # d"', "b ; c # d"],
  ['a = " b "', " b "],
  ['a = b" ; "c', "b ; c"],
  ['a = "b""c"', "bc"],
  ['a = b ""', "b "],
  ['a = ""', ""],
  ['a = "\\\\ \\" \\n \\t"', '\\ " \n \t'],
  ["a = b\\\nc", "bc"],
  ["a = b\\\r\n  c", "b  c"],
  ['a = \\"b\\"', '"b"'],
  ["a = 'b'", "'b'"],
  ["a = [b]", "[b]"],
  ["a = b=c", "b=c"],
  ["a = b\u00a0", "b\u00a0"],
  ["a = true", "true"],
  ["a = 010", "010"],
  ["a = null", "null"],
  ["a = ü, 𝄞, %41", "ü, 𝄞, %41"],
  ["a = b\na = c\nA = d", "b", "c", "d"],
  ["a = b\n[t]\na = c\n[S]\na = d", "b", "d"],
  ["constructor = c\na = b", "b"],
];

Deno.test("readIni() reads a value by the Relay Proxy's line rules", () => {
  for (const [text, ...values] of VALUES) assertEquals(valuesOf(text), values, JSON.stringify(text));
});

Deno.test("readIni() tells sections and variables as first written, merged, with lines", () => {
  assertEquals(
    read('\ufeff; comment\n[Main] # comment\nPort=1\n\n[ Environment "My \\"Env\\"" ]\n[main]\nport=2'),
    [
      { name: "Main", subsection: null, line: 2, variables: [["Port", [[3, "1"], [7, "2"]]]] },
      { name: "Environment", subsection: 'My "Env"', line: 5, variables: [] },
    ],
  );
});

Deno.test("readIni() tells subsections apart, their case too", () => {
  const names = ["a", "A", "a.b", "__proto__", "]", ";", "a\tb", "ü"];
  const text = names.map((name) => `[Environment "${name}"]\nprefix = ${name.length}\n`).join("");
  assertEquals(
    read(text).map(({ subsection, variables }) => [subsection, variables[0]![1][0]![1]]),
    names.map((name) => [name, String(name.length)]),
  );
});

const JUNK = "expected section header or variable declaration";
const NOT_AT_END = "expected EOL, EOF, or comment";
const BACKSLASH = "unquoted '\\' must be followed by new line or double quote";

const REFUSED: [text: string, error: string][] = [
  ["a = b", "line 1: expected section header"],
  ["\n\nport", "line 3: expected section header"],
  ["[s]\n= b", `line 2: ${JUNK}`],
  ["[s]\n1a = b", `line 2: ${JUNK}`],
  ["[s]\n_a = b", `line 2: ${JUNK}`],
  ["[s]\n-", `line 2: ${JUNK}`],
  ['[s]\n"a" = b', `line 2: ${JUNK}`],
  ["[s]\n// comment", `line 2: ${JUNK}`],
  ["[s]\n\u00a0a = b", `line 2: ${JUNK}`],
  ["[s]\n\ufeffa = b", `line 2: ${JUNK}`],
  ["]", `line 1: ${JUNK}`],
  ["[s]\na b", "line 2: expected '='"],
  ["[s]\na: b", "line 2: expected '='"],
  ["[s]\na[] = b", "line 2: expected '='"],
  ["[s]\na.b = c", "line 2: expected '='"],
  ["[s]\na_b = c", "line 2: expected '='"],
  ['[s]\na = "b', "line 2: string not terminated"],
  ['[s]\na = "b\nc"', "line 2: string not terminated"],
  ['[s]\na = b"', "line 2: string not terminated"],
  ['[s]\na = "\\x"', "line 2: unknown escape sequence"],
  ['[s]\na = "C:\\data"', "line 2: unknown escape sequence"],
  ['[s]\na = "\\', "line 2: unknown escape sequence"],
  ['[s]\na = "b\\\nc"', "line 2: unknown escape sequence"],
  ["[s]\na = C:\\flags.tar.gz", `line 2: ${BACKSLASH}`],
  ["[s]\na = b\\", `line 2: ${BACKSLASH}`],
  ["[s]\na = b\\\n\\x", `line 3: ${BACKSLASH}`],
  ["[]", "line 1: expected section name"],
  ["[", "line 1: expected section name"],
  ["[\ns]", "line 1: expected section name"],
  ["[1]", "line 1: expected section name"],
  ['["s"]', "line 1: expected section name"],
  ["[[s]]", "line 1: expected section name"],
  ["[s", "line 1: expected subsection name or right bracket"],
  ["[s\n]", "line 1: expected subsection name or right bracket"],
  ["[s t]", "line 1: expected subsection name or right bracket"],
  ["[s.t]", "line 1: expected subsection name or right bracket"],
  ['[s ""]', "line 1: empty subsection name"],
  ['[s "t]', "line 1: string not terminated"],
  ['[s "t\\n"]', "line 1: unknown escape sequence"],
  ['[s "t" "u"]', "line 1: expected right bracket"],
  ['[s "t"', "line 1: expected right bracket"],
  ["[s] a = b", `line 1: ${NOT_AT_END}`],
  ["[s]]", `line 1: ${NOT_AT_END}`],
  ["[s]\ra = b", `line 1: ${NOT_AT_END}`],
  ["[s]\na = b\0", "line 2: illegal character NUL"],
];

Deno.test("readIni() refuses what the Relay Proxy refuses, with the line", () => {
  for (const [text, error] of REFUSED) {
    assertEquals(assertThrows(() => read(text), SyntaxError).message, error, JSON.stringify(text));
  }
});

Deno.test("readIni() refuses bytes that are no UTF-8, with the line", () => {
  const bytes = new Uint8Array([...new TextEncoder().encode("[s]\na = "), 0xff]);
  assertEquals(assertThrows(() => readIni(bytes), SyntaxError).message, "line 2: illegal UTF-8 encoding");
});

Deno.test("readIni() refuses a file larger than a configuration can be", () => {
  const comment = "#".repeat(1024 ** 2);
  assertEquals(read(comment), []);
  assertEquals(
    assertThrows(() => read(comment + "\n"), RangeError).message,
    "file has 1048577 bytes, more than the 1048576 allowed",
  );
});

Deno.test("readIni() reads large files of every shape in one pass", () => {
  const count = 100_000;
  assertEquals(valuesOf("a=b\n".repeat(count)).length, count);
  assertEquals(valuesOf(`a = ${'""'.repeat(count)}`), [""]);
  assertEquals(valuesOf(`a = b${"\\\n".repeat(count)}`), ["b"]);
  assertEquals(valuesOf(`a = "${"\\\\".repeat(count)}"`), ["\\".repeat(count)]);
  assertEquals(valuesOf(`a = ${" ".repeat(count)}b${" ".repeat(count)}`), ["b"]);
  assertEquals(valuesOf(`a = b${" ".repeat(count)}c`)[0]?.length, count + 2);
  assertThrows(() => read("[".repeat(count)), SyntaxError);
});

/** Writes any value so that it is read back. */
function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

Deno.test("readIni() reads back any quoted text", () => {
  const text = fc.string({ unit: "binary" }).map((text) => text.replace(/[\0\r]/g, ""));
  fc.assert(fc.property(text, (value) => {
    assertEquals(valuesOf(`a = ${quote(value)} ; comment`), [value]);
  }));
});

Deno.test("readIni() reads any text or refuses it with a line", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "[s]",
      '[s "t"]',
      "a",
      "=",
      '"',
      "\\",
      "\n",
      "\r",
      ";",
      "#",
      " ",
      "]",
      "b",
      "\0",
      "\ufeff",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join("");
      try {
        read(text);
      } catch (error) {
        const [, line] = /^line (\d+): ./.exec((error as Error).message) ?? [];
        const lines = text.split("\n").length;
        if (!(error instanceof SyntaxError) || !line || Number(line) > lines) throw error;
      }
    }),
    { numRuns: runs(500) },
  );
});
