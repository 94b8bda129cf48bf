import { assertEquals, assertThrows } from "@std/assert";
import {
  findRollback,
  isFromTheFuture,
  MAX_MANIFEST_LENGTH,
  parseManifest,
} from "../../lib/trust/manifest.ts";
import { TrustError } from "../../lib/trust/trust_error.ts";

const FIELDS = {
  format: 1,
  archiveSha256: "ab".repeat(32),
  archiveSize: 1000,
  version: 42,
  epoch: 0,
  created: "2026-10-01T12:00:00Z",
  notAfter: "2026-11-01T12:00:00.5Z",
  audience: "plant-7",
};

function parse(text: string) {
  return parseManifest(new TextEncoder().encode(text));
}

Deno.test("parseManifest() reads every field", () => {
  assertEquals(parse(JSON.stringify({ ...FIELDS, sourceNote: 'from "x": y' }, null, 2)), {
    ...FIELDS,
    format: 1,
    created: Date.UTC(2026, 9, 1, 12),
    notAfter: Date.UTC(2026, 10, 1, 12, 0, 0, 500),
    sourceNote: 'from "x": y',
  });
});

const FAULTS: [change: Record<string, unknown>, message: string][] = [
  [{ format: 2 }, "The manifest's format is not 1: newer manifests need a newer Halyard"],
  [{ format: "1" }, "The manifest's format is not 1"],
  [
    { archiveSha256: "AB".repeat(32) },
    "The manifest's archiveSha256 is not 64 lower-case hexadecimal digits",
  ],
  [{ archiveSize: -1 }, "The manifest's archiveSize is not a number of bytes"],
  [{ version: 1.5 }, "The manifest's version is not an integer"],
  [{ version: 2 ** 53 }, "The manifest's version is not an integer"],
  [{ epoch: undefined }, "The manifest's epoch is missing: it is an integer"],
  [{ created: "2026-02-30T12:00:00Z" }, "The manifest's created is not a time in UTC"],
  [{ created: "2026-10-01T24:00:00Z" }, "The manifest's created is not a time in UTC"],
  [{ created: "2026-10-01T12:00:00+02:00" }, "The manifest's created is not a time in UTC"],
  [{ notAfter: undefined }, "The manifest's notAfter is missing"],
  [{ audience: "" }, "The manifest's audience is not the name of a site"],
  ...[
    "",
    " ",
    "a ",
    "\ta",
    "a\0",
    "a\nb",
    "a\x1b[1m",
    "a\x7f",
    "a\u200bb",
    "a\u202eb",
    "a\u2028b",
    "\ufeffa",
    "\ud800",
  ].map((
    audience,
  ): [Record<string, unknown>, string] => [
    { audience },
    "The manifest's audience is not the name of a site",
  ]),
  ...[1, null, "a\0", "a\rb", "a\x1b[1m", "a\x9b1m", "\ud800", "\udc00a"].map((
    sourceNote,
  ): [Record<string, unknown>, string] => [
    { sourceNote },
    "The manifest's sourceNote is not text without control",
  ]),
  [{ more: 1 }, 'The manifest has a field that is not known: "more"'],
];

Deno.test("parseManifest() names the field at fault and what it has to be", () => {
  for (const [change, message] of FAULTS) {
    assertThrows(() => parse(JSON.stringify({ ...FIELDS, ...change })), TrustError, message);
  }
});

Deno.test("parseManifest() refuses a field that is there twice, also in other spelling", () => {
  const rest = JSON.stringify(FIELDS).slice(1);
  assertThrows(() => parse(`{"version":43,${rest}`), TrustError, 'The manifest has a field twice: "version"');
  assertThrows(
    () => parse(`{"v\\u0065rsion" : 43,${rest}`),
    TrustError,
    'The manifest has a field twice: "version"',
  );
  assertThrows(() => parse(`{"__proto__":{},${rest}`), TrustError, 'not known: "__proto__"');
});

Deno.test("parseManifest() reads names and notes in any script", () => {
  for (const text of ["Werk 7", "Zürich", "工場", "مصنع", "a\u0301", "👩"]) {
    const { audience, sourceNote } = parse(
      JSON.stringify({ ...FIELDS, audience: text, sourceNote: `\t${text}\r\n` }),
    );
    assertEquals([audience, sourceNote], [text, `\t${text}\r\n`]);
  }
});

Deno.test("parseManifest() refuses numbers that readers may round or spell in another way", () => {
  const text = JSON.stringify({ ...FIELDS, version: 42 });
  for (const number of ["42.0", "4.2e1", "-0", "9007199254740993", "42.00000000000000000001"]) {
    assertThrows(
      () => parse(text.replace("42", number)),
      TrustError,
      "a number that is not in its plain form",
    );
  }
});

Deno.test("parseManifest() refuses what is no JSON object, not UTF-8 or too long", () => {
  for (const text of ["", "[]", "null", "1", "{", `\ufeff${JSON.stringify(FIELDS)}`]) {
    assertThrows(() => parse(text), TrustError);
  }
  assertThrows(() => parseManifest(new Uint8Array([0xff])), TrustError, "The manifest is not UTF-8");
  assertThrows(
    () => parse(JSON.stringify(FIELDS).padEnd(MAX_MANIFEST_LENGTH + 1)),
    TrustError,
    "more than 16384 bytes",
  );
  assertEquals(parse(JSON.stringify(FIELDS).padEnd(MAX_MANIFEST_LENGTH)).version, 42);
});

Deno.test("findRollback() compares epochs, then versions, then digests", () => {
  const mark = { epoch: 1, version: 5, archiveSha256: "a" };
  assertEquals(findRollback(mark, mark), undefined);
  assertEquals(findRollback({ ...mark, version: 6, archiveSha256: "b" }, mark), undefined);
  assertEquals(findRollback({ ...mark, version: 4 }, mark), "older");
  assertEquals(findRollback({ epoch: 0, version: 9, archiveSha256: "b" }, mark), "older");
  assertEquals(findRollback({ epoch: 2, version: 0, archiveSha256: "b" }, mark), undefined);
  assertEquals(findRollback({ ...mark, archiveSha256: "b" }, mark), "equivocation");
});

Deno.test("isFromTheFuture() allows for clocks that differ by a day", () => {
  const manifest = parse(JSON.stringify(FIELDS));
  const day = 24 * 60 * 60 * 1000;
  assertEquals(isFromTheFuture(manifest, manifest.created - day), false);
  assertEquals(isFromTheFuture(manifest, manifest.created - day - 1), true);
});
