import { assert, assertEquals } from "@std/assert";
import { encodeText } from "../../lib/wire/mod.ts";

const SLICE = 256 * 1024;

const TEXTS: [what: string, text: string][] = [
  ["nothing", ""],
  ["a short text", 'ü"€😀'],
  ["a text of one slice", "x".repeat(SLICE)],
  ["a long text", "ü€x".repeat(SLICE)],
  ["a surrogate pair across slices", "x".repeat(SLICE - 1) + "😀".repeat(SLICE)],
  ["half a pair where a slice ends", `${"x".repeat(SLICE - 1)}\ud83d${"x".repeat(SLICE)}`],
  ["half a pair at the end", `${"x".repeat(2 * SLICE - 1)}\ud83d`],
];

for (const [what, text] of TEXTS) {
  Deno.test(`encodeText() encodes ${what} as TextEncoder does`, async () => {
    let pauses = 0;
    const bytes = await encodeText(text, () => void pauses++);
    const expected = new TextEncoder().encode(text);
    assertEquals(bytes.length, expected.length);
    assert(bytes.every((byte, i) => byte === expected[i]));
    assertEquals(pauses > 0, text.length > SLICE, "it pauses where there is more than one slice");
  });
}
