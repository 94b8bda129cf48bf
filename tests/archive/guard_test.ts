import { assertEquals, assertThrows } from "@std/assert";
import { ArchiveError } from "../../lib/archive/mod.ts";
import { listFiles } from "../../lib/archive/_guard.ts";
import { concat } from "../../lib/wire/mod.ts";
import { withByte } from "./_bytes.ts";
import { type Hostile, testRefusals } from "./_hostile.ts";
import { entry, type EntryFields, pax, tar } from "./_tar.ts";

const good = entry({ name: "a.json", content: "{}" });

const HOSTILE: Hostile[] = [
  [
    "a first header that is damaged",
    withByte(tar(good), 3, 0x7a),
    "tar-header",
    "tar header at byte 0 is damaged",
  ],
  ["nothing but a header", good.subarray(0, 512), "truncated", "it ends in the middle of the tar"],
  ["half a header", tar(good, good).subarray(0, 1024 + 300), "truncated", "it ends in the middle of the tar"],
  [
    "content without the zeros up to its block's end",
    good.subarray(0, 512 + 2),
    "truncated",
    "it ends in the middle of the tar",
  ],
  [
    "a second header that is damaged",
    withByte(tar(good, good), 1024 + 3, 0x7a),
    "tar-header",
    "tar header at byte 1024 is damaged",
  ],
  [
    "a checksum that is no number",
    tar(good, entry({ checksum: "-00001\0 " })),
    "tar-header",
    "tar header at byte 1024 is damaged",
  ],
  [
    "a checksum without digits",
    tar(good, entry({ checksum: "      \0 " })),
    "tar-header",
    "tar header at byte 1024 is damaged",
  ],
  [
    "a negative size",
    of({ size: "-0000000001\0" }),
    "tar-header",
    'entry "a.txt" has a size that is not an octal number',
  ],
  [
    "an empty size",
    of({ size: "            " }),
    "tar-header",
    'entry "a.txt" has a size that is not an octal number',
  ],
  [
    "a decimal size",
    of({ size: "00000000009\0" }),
    "tar-header",
    'entry "a.txt" has a size that is not an octal number',
  ],
  [
    "a size with something behind it",
    of({ size: "0000001\x000009" }),
    "tar-header",
    'entry "a.txt" has a size that is not an octal number',
  ],
  [
    "a base-256 size",
    of({ size: new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) }),
    "tar-header",
    'entry "a.txt" has a size that is not an octal number',
  ],
  ["a size beyond the end", of({ size: "00000002001\0" }), "truncated", "it ends in the middle of the tar"],
  [
    "a size beyond the limit",
    of({ size: "77777777777\0" }),
    "entry-too-large",
    'entry "a.txt" has more than 268435456 bytes',
  ],
  [
    "data in the padding",
    of({ content: "x", padding: 1 }),
    "trailing-data",
    'entry "a.txt" has data in its padding',
  ],
  ["data behind the end", concat([tar(good), good]), "trailing-data", "something follows the end of the tar"],
  [
    "two newlines behind the end",
    concat([tar(good), new Uint8Array([10, 10])]),
    "trailing-data",
    "something follows the end of the tar",
  ],
  [
    "a newline with zeros behind it",
    concat([tar(good), new Uint8Array([10, 0])]),
    "trailing-data",
    "something follows the end of the tar",
  ],
  [
    "a byte behind an end that is missing",
    concat([good, new Uint8Array([13])]),
    "truncated",
    "it ends in the middle of the tar",
  ],
  [
    "a byte behind the end",
    concat([tar(good), new Uint8Array([1])]),
    "trailing-data",
    "something follows the end of the tar",
  ],
  [
    "a block of zeros between entries",
    concat([good, new Uint8Array(512), tar(good)]),
    "trailing-data",
    "something follows the end of the tar",
  ],
  ["a hard link", of({ type: "1" }), "entry-type", 'entry "a.txt" is a hard link'],
  ["a symbolic link", of({ type: "2" }), "entry-type", 'entry "a.txt" is a symbolic link'],
  ["a character device", of({ type: "3" }), "entry-type", 'entry "a.txt" is a character device'],
  ["a block device", of({ type: "4" }), "entry-type", 'entry "a.txt" is a block device'],
  ["a FIFO", of({ type: "6" }), "entry-type", 'entry "a.txt" is a FIFO'],
  ["a contiguous file", of({ type: "7" }), "entry-type", 'entry "a.txt" is of type "7"'],
  [
    "a GNU long name",
    of({ type: "L", name: "././@LongLink" }),
    "entry-type",
    'entry "././@LongLink" is a GNU long name',
  ],
  [
    "a GNU long link name",
    of({ type: "K", name: "././@LongLink" }),
    "entry-type",
    'entry "././@LongLink" is a GNU long link name',
  ],
  ["a sparse file", of({ type: "S" }), "entry-type", 'entry "a.txt" is a sparse file'],
  [
    "a type that is a control character",
    of({ type: "\x1b" }),
    "entry-type",
    'entry "a.txt" is of type "\\u001b"',
  ],
  [
    "a link under a name that is passed over",
    of({ type: "2", name: "._a" }),
    "entry-type",
    'entry "._a" is a symbolic link',
  ],
  [
    "a directory with content",
    of({ type: "5", content: "x" }),
    "tar-header",
    'entry "a.txt" is a directory with content',
  ],
];

testRefusals(HOSTILE);

const TOLERATED: [what: string, tar: Uint8Array, names: string[]][] = [
  ["no entries", tar(), []],
  ["zeros up to a record's end", concat([tar(good), new Uint8Array(10240 - 1024 - 1024)]), ["a.json"]],
  ["an end of one block", concat([good, new Uint8Array(512)]), ["a.json"]],
  ["no end", good, ["a.json"]],
  ["a newline behind the end", concat([tar(good), new Uint8Array([10])]), ["a.json"]],
  ["a newline in place of the end", concat([good, new Uint8Array([10])]), ["a.json"]],
  ["zeros that are no whole block", concat([tar(good), new Uint8Array(7)]), ["a.json"]],
  ["./ before names", tar(entry({ name: "./", type: "5" }), entry({ name: "./a.json" })), ["a.json"]],
  ["./ as prefix", tar(entry({ name: "a.json", prefix: "." })), ["a.json"]],
  ["directories", tar(entry({ name: "x/y/", type: "5" }), good), ["a.json"]],
  ["directories of v7", tar(entry({ name: "x/", type: "\0", magic: "" }), good), ["a.json"]],
  ["headers of v7", tar(entry({ name: "a.json", type: "\0", magic: "", prefix: "no/prefix" })), ["a.json"]],
  ["headers of GNU", tar(entry({ name: "a.json", magic: "ustar  \0", prefix: "14371573170" })), ["a.json"]],
  ["sizes with spaces", tar(entry({ name: "a.json", content: "{}", size: "          2 " })), ["a.json"]],
  ["sizes of twelve digits", tar(entry({ name: "a.json", content: "{}", size: "000000000002" })), ["a.json"]],
  [
    "PAX times, owners and attributes",
    tar(
      pax("g", ["comment", "made\nby hand"]),
      pax("x", ["mtime", "1700000000.5"], ["LIBARCHIVE.xattr.com.apple.provenance", "AQ"], [
        "SCHILY.xattr.user.x",
        "é=\n",
      ]),
      good,
    ),
    ["a.json"],
  ],
  ["what macOS adds", tar(entry({ name: "./._a.json", content: "\0\x05\x16\x07" }), good), ["a.json"]],
  ["what macOS adds, twice", tar(entry({ name: "._a.json" }), entry({ name: "._a.json" }), good), ["a.json"]],
  [
    "files that an archive has no use for",
    tar(entry({ name: "README" }), entry({ name: "a.JSON.bak" }), good),
    ["a.json"],
  ],
  [
    "the checksum between environments",
    tar(good, entry({ name: "checksum.md5" }), entry({ name: "b-data.json" })),
    ["a.json", "checksum.md5", "b-data.json"],
  ],
];

for (const [what, bytes, names] of TOLERATED) {
  Deno.test(`listFiles() tolerates ${what}`, () => {
    assertEquals(listFiles(bytes).map((file) => file.name), names);
  });
}

Deno.test("listFiles() gives each file's content, padded", () => {
  const content = "x".repeat(513);
  const [file] = listFiles(tar(entry({ name: "a.json", content })));
  assertEquals(file?.size, 513);
  assertEquals(new TextDecoder().decode(file?.blocks), content + "\0".repeat(511));
});

Deno.test("listFiles() takes an entry at the limit and refuses one byte more", () => {
  const bytes = of({ content: "x".repeat(1000) });
  listFiles(bytes, 1001);
  listFiles(bytes, 1000);
  assertEquals(assertThrows(() => listFiles(bytes, 999), ArchiveError).reason, "entry-too-large");
});

Deno.test("listFiles() takes 4096 entries, of whatever kind, and refuses one more", () => {
  const directories = Array.from({ length: 4095 }, () => entry({ name: "d/", type: "5" }));
  assertEquals(listFiles(tar(...directories)).length, 0);
  assertEquals(listFiles(tar(...directories, good)).length, 1);
  const error = assertThrows(() => listFiles(tar(...directories, good, directories[0]!)), ArchiveError);
  assertEquals([error.reason, error.message], [
    "too-many-entries",
    "Cannot read archive: it has more than 4096 entries",
  ]);
});

function of(fields: EntryFields): Uint8Array {
  return tar(entry(fields));
}
