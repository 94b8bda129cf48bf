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

Deno.test("obscureKey() shows no six characters in a row of what it hides", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }).filter((key) => !/[-*]/.test(key)), (key) => {
    const obscured = obscureKey(key);
    for (let i = 0; i + 6 <= key.length; i++) assert(!obscured.includes(key.slice(i, i + 6)));
  }));
});
