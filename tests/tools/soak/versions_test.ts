import { assertEquals, assertThrows } from "@std/assert";
import { Expectations, FIRST_VERSION, hasGuest, WrongAnswerError } from "../../../tools/soak/versions.ts";

/** An answer of a version, with more of what stands in it. */
function answer(version: number, more = ""): string {
  return `{"counter":{"value":"version ${version}","version":${version}},"x":{"salt":"1001","version":7}${more}}`;
}

Deno.test("Expectations.check() accepts the same bytes with another version", () => {
  const expectations = new Expectations();
  for (const version of [FIRST_VERSION, FIRST_VERSION + 1, FIRST_VERSION + 9]) {
    assertEquals(expectations.check("all", answer(version)), version);
  }
});

Deno.test("Expectations.check() refuses other bytes, a version that is not that of the value, and none", () => {
  const expectations = new Expectations();
  expectations.check("all", answer(1001));
  const wrong = [
    answer(1002, " "),
    answer(1002).replace('"version":7', '"version":8'),
    answer(1002).replace('"version":1002', '"version":1001'),
    answer(1002).slice(0, -1),
    '{"counter":{"value":"version","version":1002}}',
    answer(1000),
    "",
  ];
  for (const text of wrong) assertThrows(() => expectations.check("all", text), WrongAnswerError);
  assertEquals(expectations.check("another kind", answer(1002, " ")), 1002);
});

Deno.test("Expectations.check() keeps versions with the guest apart from those without", () => {
  const without = Array.from({ length: 100 }, (_, i) => FIRST_VERSION + i).find((version) =>
    !hasGuest(version)
  )!;
  const expectations = new Expectations();
  expectations.check("all", answer(FIRST_VERSION, ',"guest":{}'));
  expectations.check("all", answer(without));
  assertThrows(() => expectations.check("all", answer(FIRST_VERSION + 1)), WrongAnswerError);
  assertThrows(() => expectations.check("all", answer(without, ',"guest":{}')), WrongAnswerError);
});
