import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/ini";

// Only what lib/config hands over: each section and name once, names without dots, values in quotes. There the stand-in
// is the same; with values like "true", repeated sections or dots in names it is not.

/** Makes plain objects of what `parse` gives, whatever their prototypes. */
function parsed(text: string): unknown {
  return JSON.parse(JSON.stringify(parse(text)));
}

Deno.test("parse() reads sections of quoted values", () => {
  assertEquals(parsed(""), {});
  assertEquals(parsed('[a]\nb="c"\n\nd="e"\n[f]\n'), { a: { b: "c", d: "e" }, f: {} });
});

Deno.test("parse() keeps quoted values as text", () => {
  const values = ["", "12", "true,", "1e3", " a ", "%5B%22;#'%22%5D", "[x]", "a=b"];
  for (const value of values) assertEquals(parsed(`[a]\nb="${value}"\n`), { a: { b: value } }, value);
});

Deno.test("parse() keeps names as they are, also those of Object.prototype", () => {
  const names = ["constructor", "toString", "%22port%22", "%5B%22a%20b%22%2Cnull%5D", "a-b"];
  for (const name of names) {
    assertEquals(parsed(`[${name}]\n${name}="1"\n`), { [name]: { [name]: "1" } }, name);
  }
});

Deno.test("parse() passes over comments and empty lines", () => {
  assertEquals(parsed('; a\n# b\n\n[a]\n  ; c\nb="c"\n'), { a: { b: "c" } });
});

Deno.test("parse() refuses what is neither section, value nor comment", () => {
  for (const text of ["[a", "[]", "[a]\nb", "[a]\n=b", "[a]\nb c\n"]) {
    assertThrows(() => parse(text), SyntaxError);
  }
});
