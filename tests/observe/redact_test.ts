import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { obscureKey } from "../../lib/observe/mod.ts";

Deno.test("obscureKey() keeps prefix, dashes and the last five characters", () => {
  assertEquals(
    obscureKey("sdk-01234567-89ab-cdef-0123-456789abcdef"),
    "sdk-********-****-****-****-*******bcdef",
  );
  assertEquals(obscureKey("mob-not-hex-letters-zzzz"), "mob-***-***-*******-zzzz");
  assertEquals(obscureKey("no-prefix-at-all"), "**-******-*t-all");
});

Deno.test("obscureKey() masks short keys whole", () => {
  assertEquals(obscureKey("sdk-12345678901"), "sdk-***********");
  assertEquals(obscureKey("abcd"), "****");
  assertEquals(obscureKey(""), "");
});

Deno.test("obscureKey() hides dashes where they would lengthen what is shown", () => {
  assertEquals(obscureKey("sdk-0123456789-bcdef"), "sdk-***********bcdef");
  assertEquals(obscureKey("------------------"), "*************-----");
  assertEquals(obscureKey("sdk-ab------cd-ef-ghijklmn"), "sdk-*******-**-**-***jklmn");
});

Deno.test("obscureKey() shows no six characters in a row of what it hides", () => {
  const key = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: fc.constantFrom("-", "-", "a", "b", "7") }),
    fc.string({ unit: fc.constantFrom("-", "c", "d") }).map((rest) => `sdk-${rest}`),
  ).filter((key) => !key.includes("*"));
  fc.assert(
    fc.property(key, (key) => {
      const obscured = obscureKey(key);
      for (let i = 0; i + 6 <= key.length; i++) {
        assert(!obscured.includes(key.slice(i, i + 6)), `${key} is shown as ${obscured}`);
      }
    }),
    { seed: Date.now(), numRuns: 1_000 },
  );
});
