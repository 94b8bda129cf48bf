import { readArchive } from "./_environments.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { ArchiveError, writeArchive } from "../../lib/archive/mod.ts";
import { gunzip } from "../../lib/archive/_gunzip.ts";
import { concat } from "../../lib/wire/mod.ts";

const encoder = new TextEncoder();
const archive = await writeArchive([{ id: "e1", metadata: '{"env":{"envID":"e1"}}', data: "{}" }]);
const LONG = " 0123456789".repeat(100);

/** Gives the UTF-16 of ASCII text, in little or big endian. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  return new Uint8Array([...text].flatMap((c) => littleEndian ? [c.charCodeAt(0), 0] : [0, c.charCodeAt(0)]));
}

/** Gives bytes out of Latin-1. */
function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** What has been put in place of an archive, what it must be called, and a word of the hint. */
const KINDS: [content: string | Uint8Array, name: string, hint: RegExp][] = [
  ['{"message":"Invalid key"}', "JSON", /error answer saved as a file.*curl --fail/],
  [`  \n[\n{"code":"unauthorized"}]${LONG}`, "JSON", /error answer/],
  ["\ufeff{}", "JSON", /error answer/],
  ["null\n", "JSON", /error answer/],
  ["<!DOCTYPE html><html><title>Sign in</title>", "an HTML page", /error answer/],
  ["\n<!-- proxy -->\n<html>", "an HTML page", /error answer/],
  ["<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", /error answer/],
  [
    "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
    "an HTTP response with its headers",
    /curl without -i/,
  ],
  [latin1("PK\x03\x04\x14\0\0\0\x08\0" + LONG), "a zip file", /unpack/],
  [latin1("PK\x05\x06" + "\0".repeat(18)), "a zip file", /unpack/],
  [latin1("7z\xbc\xaf\x27\x1c\0\x04"), "a 7z file", /unpack/],
  [latin1("Rar!\x1a\x07\x01\0"), "a RAR file", /unpack/],
  [latin1("\xfd7zXZ\0\0\x04\xe6\xd6"), "xz data", /gzip instead/],
  [latin1("BZh91AY&SY\x99"), "bzip2 data", /gzip instead/],
  [new Uint8Array(zstdCompressSync(archive)), "zstd data", /gzip instead/],
  [latin1("\x04\x22\x4d\x18\x64\x40"), "lz4 data", /gzip instead/],
  [latin1("\x7fELF\x02\x01\x01\0"), "an ELF program", /program/],
  [latin1("MZ\x90\0\x03"), "a Windows program", /program/],
  ["#!/bin/sh\nexit 0\n", "a script", /program/],
  [
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "a Git LFS pointer",
    /git lfs pull/,
  ],
  ["../.git/annex/objects/zz/SHA256-s1--4d", "a git-annex pointer", /git annex get/],
  [concat([latin1("\xff\xfe"), utf16("{}", true)]), "UTF-16 text", /as binary/],
  [concat([latin1("\xfe\xff"), utf16("{}", false)]), "UTF-16 text", /as binary/],
  [utf16('{"message":', true), "UTF-16 text", /as binary/],
  [
    encoder.encode(new TextDecoder().decode(archive)),
    "gzip data that a conversion to UTF-8 has destroyed",
    /as binary/,
  ],
  [archive.toBase64(), "gzip in base64", /base64 -d/],
  [archive.toHex(), "gzip in hexadecimal", /xxd -r -p/],
  ["age-encryption.org/v1\n-> X25519", "data encrypted with age", /Decrypt/],
  ["-----BEGIN PGP MESSAGE-----\n\n", "data encrypted with OpenPGP", /Decrypt/],
  ["Unauthorized", "plain text", /path/],
  [`Größe ${LONG}`, "plain text", /path/],
  ["\n", "plain text", /path/],
  [latin1("\x80\x02\x03\xff".repeat(300)), "binary data of no known kind", /path/],
  [new Uint8Array(brotliCompressSync(encoder.encode(LONG))), "binary data of no known kind", /path/],
  [new Uint8Array(deflateSync(encoder.encode(LONG))), "binary data of no known kind", /path/],
];

async function refuse(bytes: Uint8Array): Promise<ArchiveError> {
  return await assertRejects(() => readArchive(bytes, { path: "flags.tar.gz" }), ArchiveError);
}

for (const [content, name, hint] of KINDS) {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  Deno.test(`readArchive() names what is ${name} (${bytes.length} bytes), in gzip too`, async () => {
    for (
      const [what, file] of [["it is", bytes], ["it is gzip, but its content is", gzipSync(bytes)]] as const
    ) {
      const error = await refuse(new Uint8Array(file));
      assertEquals(error.reason, "not-an-archive");
      const start = `Cannot read archive "flags.tar.gz": ${what} neither gzip nor tar: it begins with `;
      assertEquals([error.message.slice(0, start.length), error.message.slice(-name.length - 2)], [
        start,
        `, ${name}`,
      ]);
      assertMatch(error.hint, hint);
    }
  });
}

Deno.test("readArchive() tells gzip that was compressed twice", async () => {
  const error = await refuse(new Uint8Array(gzipSync(archive)));
  assertEquals(
    error.message,
    'Cannot read archive "flags.tar.gz": it is gzip, but its content is not a tar: it begins with 1f 8b 08 00, gzip once more',
  );
  assertMatch(error.hint, /gunzip/);
});

Deno.test("readArchive() tells gzip with nothing in it", async () => {
  const error = await refuse(new Uint8Array(gzipSync("")));
  assertEquals(error.message, 'Cannot read archive "flags.tar.gz": it is gzip with nothing in it');
});

Deno.test("readArchive() shows four bytes of what is no archive, escaped, and no secret", async () => {
  for (
    const [content, shown] of [
      ["sdk-0123-4567-89ab-cdef", '"sdk-"'],
      ['{"sdkKey":"sdk-0123"}', '"{\\"sd"'],
      ["\r\n\u001b[2J", "0d 0a 1b 5b"],
      ["é\u202e", "c3 a9 e2 80"],
      ["\n", '"\\n"'],
    ] as const
  ) {
    const { message } = await refuse(encoder.encode(content));
    assertEquals(/begins with (.*), [^,]*$/.exec(message)?.[1], shown);
  }
});

Deno.test("readArchive() says of a tar with a damaged first header that it is damaged, and of half a one that it is cut off", async () => {
  const tar = await gunzip(archive, 100_000);
  for (const offset of [0, 101, 124, 148, 200, 258]) {
    const damaged = new Uint8Array(tar);
    damaged[offset]! ^= 0x15;
    assertMatch((await refuse(damaged)).message, /header at byte 0 is damaged/);
  }
  for (const length of [60, 107, 108, 300, 511]) {
    assertMatch((await refuse(tar.subarray(0, length))).message, /ends in the middle of the tar/);
  }
});

Deno.test("readArchive() refuses any first bytes with a reason, a hint and nothing but printable characters", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 1200 }),
    fc.string({ unit: "binary" }).map((s) => encoder.encode(s)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (content, packed) => {
      fc.pre(content.some((byte) => byte !== 0));
      const error = await refuse(packed ? new Uint8Array(gzipSync(content)) : content);
      assertMatch(error.message, /^[ -~]+$/);
      assert(error.message.length < 200 && error.hint.length > 20);
    }),
    { numRuns: 2000 },
  );
});
