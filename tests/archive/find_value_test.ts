import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { findValue } from "../../lib/archive/mod.ts";
import { runs } from "../_nightly.ts";

/** Lists the paths in a value that lead to something. */
function listPaths(value: unknown): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [[]];
  const members = Array.isArray(value) ? value.map((inner, i) => [i, inner] as const) : Object.entries(value);
  return [[], ...members.flatMap(([step, inner]) => listPaths(inner).map((path) => [step, ...path]))];
}

function read(text: string, path: (string | number)[]): string {
  const bytes = new TextEncoder().encode(text);
  const { start, end } = findValue(bytes, { start: 0, end: bytes.length }, path);
  return new TextDecoder().decode(bytes.subarray(start, end));
}

Deno.test("findValue() finds what each path leads to", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      for (const path of listPaths(value)) {
        const expected = path.reduce(
          (inner, step) => (inner as Record<string | number, unknown>)[step],
          value as unknown,
        );
        assertEquals(JSON.stringify(JSON.parse(read(text, path))), JSON.stringify(expected));
      }
    }),
    { numRuns: runs(300) },
  );
});

Deno.test("findValue() finds the innermost value in which the rest of a path is missing, and the last of several", () => {
  assertEquals(read('{"a":[1, 2 ]}', ["a", 1]), "2");
  assertEquals(read('{"a":[1,2]}', ["a", 2]), "[");
  assertEquals(read('{"a":[1,2]}', ["a", "b"]), "[");
  assertEquals(read('{"a":[]}', ["a", 0]), "[");
  assertEquals(read('{"a":{"b":1}}', ["a", "c", "d"]), "{");
  assertEquals(read('{"a":1,"a":2}', ["a"]), "2");
});
