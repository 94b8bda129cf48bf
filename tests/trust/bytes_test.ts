import { assertEquals, assertThrows } from "@std/assert";
import { decodeArmour, decodeBase64 } from "../../lib/trust/_bytes.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";

Deno.test("decodeBase64() decodes one text of each value", () => {
  assertEquals(decodeBase64("", "It"), new Uint8Array());
  assertEquals(decodeBase64("AQ==", "It"), new Uint8Array([1]));
  assertEquals(decodeBase64("AQID", "It"), new Uint8Array([1, 2, 3]));
  const others = [
    "AQ",
    "AQ=",
    "AQ===",
    "AR==", // a bit is left over
    "=AQ=",
    "AQ=\n=",
    " AQ==",
    "AQ==\n",
    "A Q==",
    "AQ\t==",
    "AQ\r==",
    "AQ\f==",
    "AQ\v==",
    "AQ\u00a0==",
    "AQ\u2028==",
    "AQ==AQ==",
    "_Q==",
    "-Q==",
    "AQ=\0",
    "ＡＱ==",
  ];
  for (const text of others) {
    assertThrows(() => decodeBase64(text, "It"), TrustError, "It is not in base64", JSON.stringify(text));
  }
});

Deno.test("decodeArmour() takes lines of any length, and padding on lines of its own", () => {
  for (let length = 0; length < 80; length++) {
    const bytes = new Uint8Array(length).fill(length);
    for (const width of [1, 3, 64, 70, 76, 1000]) {
      const lines = bytes.toBase64().match(new RegExp(`.{1,${width}}`, "g")) ?? [];
      for (const end of ["\n", "\r\n"]) {
        const text = ["-----BEGIN X-----", ...lines, "-----END X-----"].join(end);
        assertEquals(decodeArmour(text, "X", "It"), bytes);
        assertEquals(decodeArmour(text + end, "X", "It"), bytes);
      }
    }
  }
});

Deno.test("decodeArmour() refuses whatever else is in the file", () => {
  const good = "-----BEGIN X-----\nAQID\nAQID\n-----END X-----\n";
  decodeArmour(good, "X", "It");
  const around = [
    "",
    "\n",
    "AQID",
    "-----BEGIN X-----",
    "-----BEGIN X----------END X-----",
    ` ${good}`,
    `\n${good}`,
    `\ufeff${good}`,
    `${good}\n`,
    `${good} `,
    `${good}text`,
    good + good,
    good.replace("X", "Y"),
    good.replaceAll("X", "Y"),
    good.replace("AQID\n", "AQID\n\n"),
    good.replace("X-----\n", "X-----\n\n"),
    good.replaceAll("\n", "\r"),
    good.replaceAll("\n", "\n\r"),
    good.replace("-----END", "----END"),
    good.replace("BEGIN X-----\n", "BEGIN X----- \n"),
    good.replace("BEGIN", "begin"),
    good.replace("D\n", "D\r"),
    good.replace("D\n", "D \n"),
    good.replace("D\n", "D\t"),
    good.replace("D\n", "D\r\r\n"),
    good.replace("Q", "_"),
  ];
  for (const text of around) {
    assertThrows(
      () => decodeArmour(text, "X", "It"),
      TrustError,
      "The file is not one block from BEGIN X to END X, with nothing before, in or after it",
      JSON.stringify(text),
    );
  }
  assertThrows(
    () => decodeArmour(good.replace("D\nA", "D=\nA"), "X", "It"),
    TrustError,
    "It is not in base64",
  );
});
