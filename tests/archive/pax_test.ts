import { type Hostile, testRefusals } from "./_hostile.ts";
import { entry, pax, tar } from "./_tar.ts";

const good = entry({ name: "a.json", content: "{}" });

const HOSTILE: Hostile[] = [
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
    "a PAX header that is cut off",
    pax("x", ["comment", "x".repeat(600)]).subarray(0, 1024),
    "truncated",
    "it ends in the middle of the tar",
  ],
  [
    "a PAX record without a key",
    tar(entry({ type: "x", content: "3 \n6 a=b\n" }), good),
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

testRefusals(HOSTILE);
