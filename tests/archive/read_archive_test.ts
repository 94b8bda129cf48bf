import { readArchive } from "./_environments.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import {
  ArchiveError,
  type ArchiveReason,
  type ReadArchiveOptions,
  writeArchive,
} from "../../lib/archive/mod.ts";
import { entry, tar } from "./_tar.ts";

/** Packs files by name, with the checksum of those that `checked` names, in that order. */
function pack(files: Record<string, string>, checked: string[] = Object.keys(files).sort()): Uint8Array {
  const hash = createHash("md5");
  for (const name of checked) hash.update(files[name]!);
  const entries = Object.entries(files).map(([name, content]) => entry({ name, content }));
  return tar(...entries, entry({ name: "checksum.md5", content: hash.digest() }));
}

function metadataOf(id: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ env: { envID: id, ...more } });
}

async function refusal(bytes: Uint8Array, options?: ReadArchiveOptions): Promise<[ArchiveReason, string]> {
  const { reason, message } = await assertRejects(() => readArchive(bytes, options), ArchiveError);
  return [reason, message];
}

const files = { "e1.json": metadataOf("e1"), "e1-data.json": "{}" };

Deno.test("readArchive() reads .tar and .tar.gz, and never asks which", async () => {
  const plain = pack(files);
  const read = await readArchive(plain);
  assertEquals(read.environments.map(({ id }) => id), ["e1"]);
  assertEquals(await readArchive(new Uint8Array(gzipSync(plain))), read);
});

Deno.test("readArchive() reports the fault of the gzip, not that the file is no tar", async () => {
  const packed = new Uint8Array(gzipSync(pack(files)));
  assertEquals(await refusal(packed.subarray(0, 40), { path: "flags.tar.gz" }), [
    "truncated",
    'Cannot read archive "flags.tar.gz": it ends in the middle of the gzip data',
  ]);
});

Deno.test("readArchive() says in the error where, why and what to do", async () => {
  const bytes = pack({ ...files, "e1-data.json": '{"flags":{}}' }, []);
  const error = await assertRejects(() => readArchive(bytes, { path: "flags.tar.gz" }), ArchiveError);
  assertEquals(error.message, 'Cannot read archive "flags.tar.gz": checksum does not match');
  assertEquals([error.path, error.entry, error.reason], [
    "flags.tar.gz",
    "checksum.md5",
    "checksum-mismatch",
  ]);
  assertStringIncludes(error.hint, "download the archive again");
});

Deno.test("readArchive() refuses an empty file, and hints at a copy under way", async () => {
  const error = await assertRejects(() => readArchive(new Uint8Array()), ArchiveError);
  assertEquals([error.reason, error.message], ["truncated", "Cannot read archive: it is empty"]);
  assertStringIncludes(error.hint, "copy may still be under way");
});

Deno.test("readArchive() takes a file at the limit and refuses one byte more", async () => {
  const bytes = pack(files);
  await readArchive(bytes, { maxCompressedBytes: bytes.length + 1 });
  await readArchive(bytes, { maxCompressedBytes: bytes.length });
  assertEquals(await refusal(bytes, { maxCompressedBytes: bytes.length - 1 }), [
    "too-large",
    `Cannot read archive: it has ${bytes.length} bytes, more than ${bytes.length - 1}`,
  ]);
});

Deno.test("readArchive() lets eight times the limit come out of the gzip", async () => {
  const plain = pack(files);
  const packed = new Uint8Array(gzipSync(plain));
  await readArchive(packed, { maxCompressedBytes: plain.length / 8 });
  const [reason] = await refusal(packed, { maxCompressedBytes: plain.length / 8 - 1 });
  assertEquals(reason, "unpacked-too-large");
});

Deno.test("readArchive() computes the checksum in byte order of names, a prefix of an ID included", async () => {
  const all = {
    "e.json": metadataOf("e"),
    "e-data.json": "{}",
    "e-1.json": metadataOf("e-1"),
    "e-1-data.json": '{"flags":null}',
    "\uff5e.json": metadataOf("\uff5e"),
    "\uff5e-data.json": " {}",
    "😀.json": metadataOf("😀"),
    "😀-data.json": "{} ",
  };
  // The last two differ in order of UTF-16 code units.
  const order = [
    "e-1-data.json",
    "e-1.json",
    "e-data.json",
    "e.json",
    "\uff5e-data.json",
    "\uff5e.json",
    "😀-data.json",
    "😀.json",
  ];
  const { environments } = await readArchive(pack(all, order));
  assertEquals(environments.map((loaded) => [loaded.id, "error" in loaded]), [
    ["e", false],
    ["e-1", false],
    ["😀", false],
    ["\uff5e", false],
  ]);
});

Deno.test("readArchive() ignores what belongs to no environment, also in the checksum", async () => {
  const stray = { "notes.txt": "n", "lost-data.json": "no JSON", "._e1.json": "\0" };
  const { environments } = await readArchive(pack({ ...stray, ...files }, ["e1-data.json", "e1.json"]));
  assertEquals(environments.map(({ id }) => id), ["e1"]);
});

const REFUSED: [what: string, bytes: Uint8Array, reason: ArchiveReason, problem: string][] = [
  [
    "no checksum",
    tar(entry({ name: "e1.json" }), entry({ name: "e1-data.json" })),
    "checksum-missing",
    '"checksum.md5" is missing',
  ],
  ["a tar of nothing but zeros", new Uint8Array(10_240), "truncated", "there is nothing in it but zeros"],
  [
    "a checksum of 17 bytes",
    tar(entry({ name: "checksum.md5", content: "\n".repeat(17) })),
    "checksum-form",
    '"checksum.md5" is 17 bytes, not 16 bytes',
  ],
  ["a checksum of something else", pack(files, []), "checksum-mismatch", "checksum does not match"],
  [
    "a checksum in another order",
    pack(files, ["e1.json", "e1-data.json"]),
    "checksum-mismatch",
    "checksum does not match",
  ],
  [
    "metadata without data",
    pack({ "e1.json": files["e1.json"] }),
    "data-missing",
    '"e1.json" is without "e1-data.json"',
  ],
  [
    "a stray JSON file",
    pack({ ...files, "manifest.json": "{}" }),
    "data-missing",
    '"manifest.json" is without "manifest-data.json"',
  ],
];

for (const [what, bytes, reason, problem] of REFUSED) {
  Deno.test(`readArchive() refuses ${what}`, async () => {
    assertEquals(await refusal(bytes), [reason, `Cannot read archive: ${problem}`]);
  });
}

const HEX = "d41d8cd98f00b204e9800998ecf8427e";
const CHECKSUM_TEXTS: [what: string, content: string | Uint8Array, kind: string][] = [
  ["32 digits", HEX, "hexadecimal text"],
  ["32 capital digits", HEX.toUpperCase(), "hexadecimal text"],
  ["32 digits and a newline", `${HEX}\n`, "hexadecimal text"],
  ["32 digits and a newline of Windows", `${HEX}\r\n`, "hexadecimal text"],
  ["what md5sum prints for its input", `${HEX}  -\n`, "hexadecimal text"],
  ["what md5sum prints for a file", `${HEX} *flags.bin\n`, "hexadecimal text"],
  ["what md5 of BSD prints", `MD5 (flags.bin) = ${HEX}\n`, "hexadecimal text"],
  [
    "what PowerShell writes",
    new Uint8Array([0xff, 0xfe, ...[...HEX].flatMap((digit) => [digit.charCodeAt(0), 0])]),
    "hexadecimal text",
  ],
  ["base64", "1B2M2Y8AsgTpgAmY7PhCfg==\n", "base64 text"],
  ["nothing", "", "0 bytes"],
];

for (const [what, content, kind] of CHECKSUM_TEXTS) {
  Deno.test(`readArchive() says of a checksum that is ${what} that it must be 16 bytes`, async () => {
    const bytes = tar(entry({ name: "checksum.md5", content }));
    const error = await assertRejects(() => readArchive(bytes), ArchiveError);
    assertEquals(error.message, `Cannot read archive: "checksum.md5" is ${kind}, not 16 bytes`);
    assertStringIncludes(error.hint, "xxd -r -p");
  });
}

Deno.test("readArchive() names the setting in the hint of each limit that it sets", async () => {
  const plain = pack(files);
  for (
    const [bytes, maxCompressedBytes] of [[plain, plain.length - 1], [
      new Uint8Array(gzipSync(plain)),
      400,
    ]] as const
  ) {
    const error = await assertRejects(() => readArchive(bytes, { maxCompressedBytes }), ArchiveError);
    assertStringIncludes(error.hint, "MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize");
  }
});

Deno.test("readArchive() reads a tar without its last zeros, and tells one that is cut off between two files", async () => {
  const plain = pack(files);
  for (const missing of [512, 1024]) {
    assertEquals((await readArchive(plain.subarray(0, -missing))).environments.length, 1);
  }
  for (const missing of [2048, 3072]) {
    assertEquals(await refusal(plain.subarray(0, -missing)), [
      "truncated",
      "Cannot read archive: it ends before the end of the tar",
    ]);
  }
});

Deno.test("readArchive() names both environments that claim a key, and says what to do", async () => {
  const [first, second] = [["e1", "Line 3"], ["e2", "Line\u202e4"]].map(([id, envName]) => ({
    id: id!,
    metadata: metadataOf(id!, { envName, projName: "Plant", mobKey: "mob-0123-secret-4567" }),
    data: "{}",
  }));
  const bytes = await writeArchive([first!, second!]);
  const error = await assertRejects(() => readArchive(bytes), ArchiveError);
  assertEquals(
    error.message,
    'Cannot read archive: mobile key …4567 belongs to both environment "e1" ("Plant Line 3") and ' +
      '"e2" ("Plant Line\\u{202e}4")',
  );
  assertStringIncludes(error.hint, "reset it in LaunchDarkly in one of the two");
});

Deno.test("readArchive() refuses a key that two environments claim, and shows four characters of it", async () => {
  const sdkKey = { value: "sdk-0123-secret-4567" };
  const expiring = { value: "sdk-other", expiring: { value: sdkKey.value, timestamp: 1 } };
  const first = { id: "e1", metadata: metadataOf("e1", { sdkKey }), data: "{}" };
  const second = { id: "e2", metadata: metadataOf("e2", { sdkKey: expiring }), data: "no JSON" };
  assertEquals(await refusal(await writeArchive([first, second])), [
    "shared-credential",
    'Cannot read archive: SDK key …4567 belongs to both environment "e1" and "e2"',
  ]);
  const mobile = ["e1", "e2"].map((id) => ({
    id,
    metadata: metadataOf(id, { mobKey: "mob-short" }),
    data: "{}",
  }));
  assertEquals(await refusal(await writeArchive(mobile)), [
    "shared-credential",
    'Cannot read archive: mobile key … belongs to both environment "e1" and "e2"',
  ]);
});

Deno.test("readArchive() keeps kinds of keys apart", async () => {
  const first = { id: "e1", metadata: metadataOf("e1", { sdkKey: { value: "k" } }), data: "{}" };
  const second = { id: "e2", metadata: metadataOf("e2", { mobKey: "k" }), data: "{}" };
  assertEquals((await readArchive(await writeArchive([first, second]))).environments.length, 2);
});

Deno.test("readArchive() tells the fault of one environment beside the others", async () => {
  const good = { id: "e2", metadata: metadataOf("e2"), data: "{}" };
  const { environments } = await readArchive(
    await writeArchive([
      { id: "e3", metadata: metadataOf("e3", { envName: "Line 3" }), data: "{" },
      good,
      { id: "e1", metadata: "{", data: "{}" },
    ]),
  );
  const [e1, e2, e3] = environments;
  assert(e1 && "error" in e1 && e2 && "environment" in e2 && e3 && "error" in e3);
  assertEquals([e1.metadata, e1.error.environment, e1.error.entry], [undefined, "e1", "e1.json"]);
  assertEquals([e3.metadata?.name, e3.error.environment, e3.error.entry], ["Line 3", "e3", "e3-data.json"]);
});
