import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseJsonObject } from "../../lib/trust/_json.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";
import { runs } from "../_nightly.ts";

Deno.test("parseJsonObject() parses whatever object JSON.stringify() writes", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      assertEquals(JSON.stringify(parseJsonObject(text, "It"), null, indent), text);
    }),
    { numRuns: runs(2000) },
  );
});

Deno.test("parseJsonObject() refuses a field twice in any object, in any spelling, and only there", () => {
  parseJsonObject('{"a":{"a":"a"},"b":[{"a":1},{"a":2},"a"],"c":"\\"a\\":1,\\"a\\":"}', "It");
  const rows: [text: string, field: string][] = [
    ['{"a":1,"a":1}', '"a"'],
    ['{"a":1,"\\u0061" : 1}', '"a"'],
    ['{"a":{},"b":[],"a"\n:1}', '"a"'],
    ['{"b":[{},{"x":{"y":1,"y":2}}]}', '"y"'],
    ['{"":1,"":1}', '""'],
    ['{"\\"":1,"\\u0022":1}', '"\\""'],
    ['{"__proto__":1,"__proto__":1}', '"__proto__"'],
    [`{"${"x".repeat(100)}":1,"${"x".repeat(100)}":1}`, `"${"x".repeat(64)}"…`],
  ];
  for (const [text, field] of rows) {
    const { message } = assertThrows(() => parseJsonObject(text, "It"), TrustError);
    assertEquals(message, `It has a field twice: ${field}`);
  }
});

Deno.test("parseJsonObject() refuses numbers that readers may round or spell in another way", () => {
  for (
    const number of [
      "-0",
      "1.0",
      "1e3",
      "1E3",
      "9007199254740993",
      "0.1000000000000000055",
      "1e400",
      "-1e400",
      "1e-400",
    ]
  ) {
    for (const text of [`{"a":${number}}`, `{"a":[1,${number} ]}`]) {
      assertThrows(
        () => parseJsonObject(text, "It"),
        TrustError,
        `It has a number that is not in its plain form: "${number}"`,
      );
    }
  }
  for (const number of [0, -1, 0.5, 9007199254740991, 1e21, 5e-324, -1.7976931348623157e308]) {
    assertEquals(parseJsonObject(JSON.stringify({ a: number }), "It"), { a: number });
  }
});

Deno.test("parseJsonObject() refuses what is no object", () => {
  for (
    const text of ["", "{", "{}{}", "{a:1}", "{'a':1}", '{"a":1,}', "\ufeff{}", "\u00a0{}", '{"a":"\n"}']
  ) {
    assertThrows(() => parseJsonObject(text, "It"), TrustError, "It is not JSON", text);
  }
  for (const text of ["[]", "null", "1", '"{}"', "true", `${"[".repeat(100_000)}${"]".repeat(100_000)}`]) {
    assertThrows(() => parseJsonObject(text, "It"), TrustError, "It is not a JSON object", text);
  }
});

Deno.test("parseJsonObject() reads what is as long and as deep as it may be", () => {
  const texts = [
    `{"a":"${"x".repeat(262_000)}"}`,
    `{"a":"${'\\"'.repeat(131_000)}"}`,
    `{"a"${" ".repeat(262_000)}:1}`,
    `{"a":${"[".repeat(130_000)}${"]".repeat(130_000)}}`,
    `${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`,
  ];
  for (const text of texts) parseJsonObject(text, "It");
});
