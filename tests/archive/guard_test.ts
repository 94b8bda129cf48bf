import { assertEquals, assertThrows } from "@std/assert";
import { ArchiveError, type ArchiveReason } from "../../lib/archive/mod.ts";
import { listFiles } from "../../lib/archive/_guard.ts";
import { concat, withByte } from "./_bytes.ts";
import { entry, type EntryFields, pax, tar } from "./_tar.ts";

const good = entry({ name: "a.json", content: "{}" });

const HOSTILE: [what: string, tar: Uint8Array, reason: ArchiveReason, problem: string][] = [
  ["text", new TextEncoder().encode("<html>".repeat(200)), "not-an-archive", "it is neither gzip nor tar"],
  ["nothing but a header", good.subarray(0, 512), "truncated", "it ends in the middle of the tar"],
  ["half a header", tar(good).subarray(0, 1024 + 300), "truncated", "it ends in the middle of the tar"],
  ["no end", good, "truncated", "it ends in the middle of the tar"],
  ["half an end", tar(good).subarray(0, 1024 + 512), "truncated", "it ends in the middle of the tar"],
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
  ["a size beyond the end", of({ size: "00000001000\0" }), "truncated", "it ends in the middle of the tar"],
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
  ["data behind the end", concat(tar(good), good), "trailing-data", "something follows the end of the tar"],
  [
    "a byte behind the end",
    concat(tar(good), new Uint8Array([1])),
    "trailing-data",
    "something follows the end of the tar",
  ],
  [
    "a block of zeros between entries",
    concat(good, new Uint8Array(512), tar(good)),
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
  [
    "a path that leads out",
    of({ name: "../a.json" }),
    "entry-name",
    'entry "../a.json" has ".." in its path',
  ],
  [
    "a directory that leads out",
    of({ name: "a/../../", type: "5" }),
    "entry-name",
    'entry "a/../../" has ".." in its path',
  ],
  ["an absolute path", of({ name: "/a.json" }), "entry-name", 'entry "/a.json" has an absolute path'],
  [
    "a prefix that is absolute",
    of({ name: "a.json", prefix: "/etc" }),
    "entry-name",
    'entry "/etc/a.json" has an absolute path',
  ],
  [
    "a backslash",
    of({ name: "..\\a.json" }),
    "entry-name",
    'entry "..\\\\a.json" has a backslash in its name',
  ],
  [
    "a drive letter",
    of({ name: "c:a.json" }),
    "entry-name",
    'entry "c:a.json" has a drive letter in its name',
  ],
  [
    "a newline",
    of({ name: "a\n.json" }),
    "entry-name",
    'entry "a\\n.json" has a control character in its name',
  ],
  [
    "an escape sequence",
    of({ name: "\x1b[2J.json" }),
    "entry-name",
    'entry "\\u001b[2J.json" has a control character in its name',
  ],
  [
    "a name that is not UTF-8",
    of({ name: new Uint8Array([0xff, 0x2e]) }),
    "entry-name",
    "an entry has a name that is not UTF-8",
  ],
  [
    "a name in decomposed form",
    of({ name: "e\u0301.json" }),
    "entry-name",
    'entry "e\u0301.json" has a name that is not in Unicode normalization form C',
  ],
  [
    "a name of 256 bytes",
    of({ name: "n".repeat(100), prefix: "p".repeat(155) }),
    "entry-name",
    `entry "${"p".repeat(155)}/${"n".repeat(100)}" has a name that is too long`,
  ],
  ["a file in a folder", of({ name: "flags/a.json" }), "entry-name", 'entry "flags/a.json" is in a folder'],
  [
    "a file in a folder by prefix",
    of({ name: "a.json", prefix: "flags" }),
    "entry-name",
    'entry "flags/a.json" is in a folder',
  ],
  ["a file without a name", of({ name: "" }), "entry-name", 'entry "" has no name'],
  [
    "an environment without an ID",
    of({ name: ".json" }),
    "entry-name",
    'entry ".json" has no environment ID in its name',
  ],
  ["a name twice", tar(good, good), "duplicate-entry", 'entry "a.json" is there already, as "a.json"'],
  [
    "a name twice, once with ./",
    tar(good, entry({ name: "./a.json" })),
    "duplicate-entry",
    'entry "./a.json" is there already, as "a.json"',
  ],
  [
    "a name in another case",
    tar(good, entry({ name: "A.JSON" })),
    "duplicate-entry",
    'entry "A.JSON" is there already, as "a.json"',
  ],
  [
    "a name with the Kelvin sign",
    tar(entry({ name: "k" }), entry({ name: "\u212a" })),
    "entry-name",
    'entry "\u212a" has a name that is not in Unicode normalization form C',
  ],
  [
    "a name with a long s",
    tar(entry({ name: "s" }), entry({ name: "\u017f" })),
    "duplicate-entry",
    'entry "\u017f" is there already, as "s"',
  ],
  [
    "a PAX path",
    tar(pax("x", ["path", "b.json"]), good),
    "pax-override",
    'a PAX header overrides "path" of an entry',
  ],
  [
    "a PAX path behind others",
    tar(pax("x", ["mtime", "1.5"], ["path", "a.json"]), good),
    "pax-override",
    'a PAX header overrides "path" of an entry',
  ],
  [
    "a PAX size",
    tar(pax("x", ["size", "0"]), good),
    "pax-override",
    'a PAX header overrides "size" of an entry',
  ],
  [
    "a PAX link",
    tar(pax("x", ["linkpath", "/etc"]), good),
    "pax-override",
    'a PAX header overrides "linkpath" of an entry',
  ],
  [
    "a PAX sparse file",
    tar(pax("x", ["GNU.sparse.major", "1"]), good),
    "pax-override",
    'a PAX header overrides "GNU.sparse.major" of an entry',
  ],
  [
    "a global PAX path",
    tar(pax("g", ["path", "b.json"]), good),
    "pax-override",
    'a PAX header overrides "path" of an entry',
  ],
  [
    "a PAX record without length",
    tar(entry({ type: "x", content: "path=b\n" }), good),
    "tar-header",
    "a PAX header is malformed",
  ],
  [
    "a PAX record that is too short",
    tar(entry({ type: "x", content: "6 abc=\n" }), good),
    "tar-header",
    "a PAX header is malformed",
  ],
  [
    "a PAX record that is too long",
    tar(entry({ type: "x", content: "99 a=b\n" }), good),
    "tar-header",
    "a PAX header is malformed",
  ],
  [
    "a PAX record without an end",
    tar(entry({ type: "x", content: "7 ab=cd" }), good),
    "tar-header",
    "a PAX header is malformed",
  ],
  [
    "a PAX header with nothing after it",
    tar(good, pax("x", ["mtime", "1"])),
    "tar-header",
    "a PAX header has no entry to go with",
  ],
  [
    "two PAX headers for one entry",
    tar(pax("x", ["mtime", "1"]), pax("x", ["mtime", "1"]), good),
    "tar-header",
    "a PAX header has no entry to go with",
  ],
];

for (const [what, bytes, reason, problem] of HOSTILE) {
  Deno.test(`listFiles() refuses ${what}`, () => {
    const error = assertThrows(() => listFiles(bytes), ArchiveError);
    assertEquals([error.reason, error.message], [reason, `Cannot read archive: ${problem}`]);
  });
}

const TOLERATED: [what: string, tar: Uint8Array, names: string[]][] = [
  ["no entries", tar(), []],
  ["zeros up to a record's end", concat(tar(good), new Uint8Array(10240 - 1024 - 1024)), ["a.json"]],
  ["zeros that are no whole block", concat(tar(good), new Uint8Array(7)), ["a.json"]],
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

Deno.test("listFiles() takes a name of 255 bytes, and refuses it for its folder alone", () => {
  const name = "n".repeat(99);
  assertThrows(() => listFiles(of({ name, prefix: "p".repeat(155) })), ArchiveError, "is in a folder");
});

function of(fields: EntryFields): Uint8Array {
  return tar(entry(fields));
}
