import { assertEquals } from "@std/assert";
import { parseAttributeReference } from "../../lib/model/mod.ts";

const CASES: [name: string, text: string | null | undefined, path: string[] | null][] = [
  ["plain name", "email", ["email"]],
  ["plain name with slashes inside", "a//b/", ["a//b/"]],
  ["plain name with a tilde", "a~", ["a~"]],
  ["one step", "/email", ["email"]],
  ["several steps", "/address/city", ["address", "city"]],
  ["escaped slash and tilde", "/a~1b/c~0d", ["a/b", "c~d"]],
  ["escape at the beginning of a step", "/~1a", ["/a"]],
  ["escaped tilde before a digit", "/~01", ["~1"]],
  ["number as a step", "/list/0", ["list", "0"]],
  ["space and non-ASCII", "/ /日本", [" ", "日本"]],
  ["missing", undefined, null],
  ["null", null, null],
  ["empty", "", null],
  ["slash alone", "/", null],
  ["two slashes", "//", null],
  ["empty step", "/a//b", null],
  ["slash at the end", "/a/", null],
  ["tilde at the end", "/a~", null],
  ["unknown escape", "/a~2", null],
  ["tilde before a slash", "/a~/b", null],
];

for (const [name, text, path] of CASES) {
  Deno.test(`parseAttributeReference() reads ${name}`, () => {
    assertEquals(parseAttributeReference(text, "user"), path);
  });
}

Deno.test("parseAttributeReference() takes the whole text for a name without a context kind", () => {
  for (const text of ["/email", "//", "/a~2", "/", "a"]) {
    assertEquals(parseAttributeReference(text), [text]);
    assertEquals(parseAttributeReference(text, null), [text]);
    assertEquals(parseAttributeReference(text, ""), [text]);
  }
  assertEquals(parseAttributeReference(""), null);
});
