import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { findSyntaxFault } from "../../lib/archive/mod.ts";
import { runs } from "../_nightly.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const FAULTS: [text: string, at: number, expected: string][] = [
  ["", 0, "a value"],
  [" \n", 2, "a value"],
  ["{} {}", 3, "nothing"],
  ["[1,]", 3, "a value"],
  ["[1 2]", 3, '"," or "]"'],
  ["[1}", 2, '"," or "]"'],
  ['{"a":1', 6, '"," or "}"'],
  ['{"a":1,}', 7, "a name"],
  ["{a:1}", 1, 'a name or "}"'],
  ['{"a" 1}', 5, '":"'],
  ['{"a":}', 5, "a value"],
  ["[01]", 1, "a value"],
  ["[.5]", 1, "a value"],
  ["[True]", 1, "a value"],
  ['["a\nb"]', 3, "the string's end"],
  ['["a', 3, "the string's end"],
  ['["\\u00g0"]', 2, "an escape as JSON has it"],
];

for (const [text, at, expected] of FAULTS) {
  Deno.test(`findSyntaxFault() expects ${expected} in ${JSON.stringify(text)}`, () => {
    const bytes = new TextEncoder().encode(text);
    assertEquals(findSyntaxFault(bytes), { at, expected });
    const inside = new TextEncoder().encode(`ö${text}ö`);
    assertEquals(findSyntaxFault(inside, 2, inside.length - 2), { at: at + 2, expected });
  });
}

Deno.test("findSyntaxFault() finds a fault where JSON.parse() does, and nowhere else", () => {
  let faulty = 0;
  const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[]",:\\01a.-e\n\t ü')), { maxLength: 2 });
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), edits, (json, edits) => {
      const text = edits.reduce((text, [at, by]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + by + text.slice(place + 1);
      }, json).toWellFormed();
      if (!isJson(text)) faulty++;
      assertEquals(findSyntaxFault(new TextEncoder().encode(text)) === undefined, isJson(text), text);
    }),
    { numRuns: runs(2_000) },
  );
  assertEquals(faulty > 0, true);
});
