import { assertEquals, assertRejects } from "@std/assert";
import { constants, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { ArchiveError, type ArchiveReason } from "../../lib/archive/mod.ts";
import { gunzip, isGzip } from "../../lib/archive/_gunzip.ts";
import { concat } from "../../lib/wire/mod.ts";
import { withByte } from "./_bytes.ts";

const MiB = 1_048_576;
const text = new TextEncoder().encode("Flags for the night shift. ".repeat(50));
const packed = new Uint8Array(gzipSync(text));
const FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16;

/** Rewrites the header with optional fields: `flags`, then `fields` after the ten fixed bytes. */
function withHeader(flags: number, ...fields: number[]): Uint8Array {
  return concat([withByte(packed, 3, flags).subarray(0, 10), new Uint8Array(fields), packed.subarray(10)]);
}

const HOSTILE: [what: string, bytes: Uint8Array, reason: ArchiveReason, problem: string][] = [
  ["a magic alone", packed.subarray(0, 2), "truncated", "it ends in the middle of the gzip data"],
  ["a header that is cut off", packed.subarray(0, 9), "truncated", "it ends in the middle of the gzip data"],
  [
    "a name that is cut off",
    withHeader(FNAME, 0x61).subarray(0, 11),
    "truncated",
    "it ends in the middle of the gzip data",
  ],
  [
    "an extra field that is cut off",
    withHeader(FEXTRA, 0xff, 0xff),
    "truncated",
    "it ends in the middle of the gzip data",
  ],
  ["a method other than deflate", withByte(packed, 2, 7), "gzip-data", "gzip header is damaged"],
  ["a reserved flag", withByte(packed, 3, 0x20), "gzip-data", "gzip header is damaged"],
  ["a wrong header checksum", withHeader(FHCRC, 0, 0), "gzip-data", "gzip header is damaged"],
  [
    "data that is cut off",
    packed.subarray(0, packed.length - 10),
    "truncated",
    "it ends in the middle of the gzip data",
  ],
  [
    "a trailer that is cut off",
    packed.subarray(0, packed.length - 1),
    "truncated",
    "it ends in the middle of the gzip data",
  ],
  ["data that is damaged", withByte(packed, 10, 0xff), "gzip-data", "gzip data is damaged"],
  [
    "a wrong checksum",
    withByte(packed, packed.length - 8, packed.at(-8)! ^ 1),
    "gzip-checksum",
    "gzip checksum does not match",
  ],
  [
    "a wrong length",
    withByte(packed, packed.length - 4, packed.at(-4)! ^ 1),
    "gzip-length",
    "gzip length does not match",
  ],
  ["two members", concat([packed, packed]), "multi-member", "it has more than one gzip member"],
  [
    "an empty second member",
    concat([packed, new Uint8Array(gzipSync(""))]),
    "multi-member",
    "it has more than one gzip member",
  ],
  [
    "a newline of two bytes behind the end",
    concat([packed, new Uint8Array([13, 10])]),
    "trailing-data",
    "2 bytes follow the gzip data",
  ],
  ["text behind the end", concat([packed, text]), "trailing-data", "1350 bytes follow the gzip data"],
];

for (const [what, bytes, reason, problem] of HOSTILE) {
  Deno.test(`gunzip() refuses ${what}`, async () => {
    const error = await assertRejects(() => gunzip(bytes, MiB), ArchiveError);
    assertEquals([error.reason, error.message], [reason, `Cannot read archive: ${problem}`]);
  });
}

Deno.test("gunzip() reads every kind of header", async () => {
  for (
    const bytes of [
      packed,
      withHeader(FNAME, 0x61, 0),
      withHeader(FCOMMENT, 0x61, 0),
      withHeader(FEXTRA, 2, 0, 0x61, 0x62),
      withHeader(FEXTRA | FNAME | FCOMMENT, 1, 0, 0x61, 0x62, 0, 0x63, 0),
      withHeader(FHCRC, ...headerChecksum()),
    ]
  ) {
    assertEquals(await gunzip(bytes, MiB), text);
  }
  assertEquals(await gunzip(new Uint8Array(gzipSync("")), MiB), new Uint8Array());
});

Deno.test("gunzip() passes over any number of zeros, or one newline, behind the end", async () => {
  for (const length of [1, 3, 511, 512, 5 * MiB]) {
    assertEquals(await gunzip(concat([packed, new Uint8Array(length)]), MiB), text);
  }
  assertEquals(await gunzip(concat([packed, new Uint8Array([10])]), MiB), text);
});

Deno.test("gunzip() takes what unpacks to the limit and refuses one byte more", async () => {
  assertEquals(await gunzip(packed, text.length + 1), text);
  assertEquals(await gunzip(packed, text.length), text);
  const error = await assertRejects(() => gunzip(packed, text.length - 1), ArchiveError);
  assertEquals(
    [error.reason, error.message],
    ["unpacked-too-large", "Cannot read archive: it unpacks to more than 1349 bytes"],
  );
});

Deno.test("gunzip() takes any ratio up to 16 MiB and refuses more than 200:1 beyond", async () => {
  const zeros = await gunzip(new Uint8Array(gzipSync(new Uint8Array(16 * MiB))), 32 * MiB);
  assertEquals(zeros.length, 16 * MiB);
  const bomb = new Uint8Array(gzipSync(new Uint8Array(16 * MiB + 1)));
  const error = await assertRejects(() => gunzip(bomb, 32 * MiB), ArchiveError);
  assertEquals([error.reason, error.message], [
    "ratio",
    "Cannot read archive: it unpacks to more than 200 times its size",
  ]);
});

Deno.test("gunzip() takes a ratio below 200:1 and refuses one above, wherever it is reached", async () => {
  const noise = concat([...Array.from({ length: 4 }, () => crypto.getRandomValues(new Uint8Array(32_768)))]);
  function mixed(zeros: number): Uint8Array {
    return new Uint8Array(gzipSync(concat([noise, new Uint8Array(zeros)])));
  }
  const below = mixed(24_000_000);
  assertEquals((await gunzip(below, 64 * MiB)).length, 24_131_072);
  await assertRejects(() => gunzip(mixed(40_000_000), 64 * MiB), ArchiveError, "200 times its size");
});

Deno.test("gunzip() refuses 10 GiB of zeros without unpacking them", async () => {
  const part = new Uint8Array(
    deflateRawSync(new Uint8Array(16 * MiB), { finishFlush: constants.Z_FULL_FLUSH }),
  );
  const parts = Array.from({ length: 640 }, () => part);
  const bomb = concat([packed.subarray(0, 10), ...parts, new Uint8Array([3, 0]), new Uint8Array(8)]);
  const error = await assertRejects(() => gunzip(bomb, 512 * MiB), ArchiveError);
  assertEquals(error.reason, "ratio");
});

Deno.test("isGzip() goes by the magic number", () => {
  assertEquals([packed, text, new Uint8Array(), new Uint8Array([0x1f])].map(isGzip), [
    true,
    false,
    false,
    false,
  ]);
});

/** CRC-16 of the fixed header with `FHCRC`: the low half of its CRC-32. */
function headerChecksum(): number[] {
  const crc = crc32(withByte(packed, 3, FHCRC).subarray(0, 10));
  return [crc & 0xff, (crc >>> 8) & 0xff];
}
