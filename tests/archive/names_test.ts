import { assertThrows } from "@std/assert";
import { ArchiveError } from "../../lib/archive/mod.ts";
import { listFiles } from "../../lib/archive/_guard.ts";
import { type Hostile, testRefusals } from "./_hostile.ts";
import { entry, type EntryFields, tar } from "./_tar.ts";

const good = entry({ name: "a.json", content: "{}" });

const HOSTILE: Hostile[] = [
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
  ["a name twice", tar(good, good), "duplicate-entry", 'entry "a.json" duplicates entry "a.json"'],
  [
    "a name twice, once with ./",
    tar(good, entry({ name: "./a.json" })),
    "duplicate-entry",
    'entry "./a.json" duplicates entry "a.json"',
  ],
  [
    "a name in another case",
    tar(good, entry({ name: "A.JSON" })),
    "duplicate-entry",
    'entry "A.JSON" duplicates entry "a.json"',
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
    'entry "\u017f" duplicates entry "s"',
  ],
];

testRefusals(HOSTILE);

Deno.test("listFiles() takes a name of 255 bytes, and refuses it for its folder alone", () => {
  const name = "n".repeat(99);
  assertThrows(() => listFiles(of({ name, prefix: "p".repeat(155) })), ArchiveError, "is in a folder");
});

function of(fields: EntryFields): Uint8Array {
  return tar(entry(fields));
}
