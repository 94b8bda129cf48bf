import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createLog, escapeInvisible } from "../../lib/observe/mod.ts";

/** Every character that shows as nothing or changes how others show, as far as one code unit says it. */
const INVISIBLE = [
  "\0",
  "\t",
  "\n",
  "\r",
  "\x1b",
  "\x7f",
  "\x85",
  "\xad",
  "\u061c",
  "\u180e",
  "\u200b",
  "\u200c",
  "\u200d",
  "\u200e",
  "\u200f",
  "\u2028",
  "\u2029",
  "\u202a",
  "\u202b",
  "\u202c",
  "\u202d",
  "\u202e",
  "\u2060",
  "\u034f",
  "\u115f",
  "\u1160",
  "\u17b4",
  "\u180b",
  "\u3164",
  "\ufe0f",
  "\uffa0",
  "\u2066",
  "\u2067",
  "\u2068",
  "\u2069",
  "\ufeff",
  "\ufffb",
  "\ud800",
  "\udfff",
];

Deno.test("escapeInvisible() escapes controls, format characters, fillers, separators and lone surrogates", () => {
  for (const character of INVISIBLE) {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    assertEquals(escapeInvisible(`a${character}b`), `a\\u${code}b`);
  }
  assertEquals(escapeInvisible("\u{e0041}\u{1d173}"), "\\udb40\\udc41\\ud834\\udd73");
});

Deno.test("escapeInvisible() leaves what shows as it is", () => {
  for (const text of ["", 'plain "text" \\u202e', "Fabrik-Ω", "日本", "עברית", "e\u0301", "😀"]) {
    assertEquals(escapeInvisible(text), text);
  }
});

for (const format of ["text", "json"] as const) {
  Deno.test(`createLog() writes each message as one visible line of well-formed text in ${format}`, () => {
    const message = fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.constantFrom(...INVISIBLE, "x")))
      .map((parts) => typeof parts === "string" ? parts : parts.join(""));
    fc.assert(
      fc.property(message, (message) => {
        const lines: string[] = [];
        createLog({ level: "info", format, write: (line) => lines.push(line) }).warn(message);
        const [line] = lines as [string];
        assert(
          line.endsWith("\n") &&
            !/[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u.test(line.slice(0, -1)),
        );
        if (format === "json") assertEquals(JSON.parse(line).message, message);
      }),
      { seed: Date.now(), numRuns: 1000 },
    );
  });
}
