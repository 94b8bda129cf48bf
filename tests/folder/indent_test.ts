import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { indentJson } from "../../lib/folder/_indent.ts";

Deno.test("indentJson() changes nothing but white space outside strings", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), (json) => {
    const text = JSON.stringify(JSON.parse(json));
    assertEquals(JSON.stringify(JSON.parse(indentJson(text))), text);
  }));
});

Deno.test("indentJson() writes flags and segments on lines of their own, and what is short in them on one", () => {
  const words = Array.from({ length: 20 }, (_, i) => `word ${i}`);
  const text = indentJson(
    JSON.stringify({ flags: { a: { on: true, x: [1, { b: {} }, []] }, b: { words } }, segments: {} }),
  );
  assertEquals(
    text,
    `{
  "flags": {
    "a": { "on": true, "x": [1, { "b": {} }, []] },
    "b": {
      "words": [
        ${words.map((word) => `"${word}"`).join(",\n        ")}
      ]
    }
  },
  "segments": {}
}
`,
  );
});

Deno.test("indentJson() writes no more than some times what it is given, however deep", () => {
  const text = `${"[".repeat(5000)}${"1,".repeat(5000)}1${"]".repeat(5000)}`;
  assertEquals(indentJson(text).length < 3 * text.length, true);
});
