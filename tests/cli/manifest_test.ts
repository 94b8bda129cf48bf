import { assert, assertEquals, assertMatch } from "@std/assert";
import { hash } from "node:crypto";
import { writeArchive } from "../../lib/archive/mod.ts";
import { runCourier } from "../../lib/cli/courier.ts";
import { run } from "../../lib/cli/mod.ts";
import { type Manifest, parseManifest } from "../../lib/trust/mod.ts";
import { makeArchive } from "../pull/_server.ts";
import { makeTerminal } from "./_terminal.ts";

const DAY = 86_400_000;
const ARCHIVE = await makeArchive(true);
const NEEDED = ["--release", "42", "--not-after", "30d", "--audience", "plant-7"];

/** Runs `manifest` on a file with this content; the folder is gone afterwards. */
async function print(
  content: Uint8Array<ArrayBuffer> | string,
  args: readonly string[],
  runProgram = run,
): Promise<[code: number, output: string, errors: string]> {
  const path = await Deno.makeTempFile({ prefix: "halyard-" });
  const terminal = makeTerminal();
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const code = await runProgram(["manifest", path, ...args], terminal);
    return [code, terminal.output, terminal.errors.replaceAll(path, "FILE")];
  } finally {
    await Deno.remove(path);
  }
}

async function read(content: Uint8Array<ArrayBuffer> | string, args: readonly string[]): Promise<Manifest> {
  const [code, output, errors] = await print(content, args);
  assertEquals([code, errors], [0, ""]);
  assert(output.endsWith("\n}\n"), output);
  return parseManifest(new TextEncoder().encode(output));
}

Deno.test("manifest prints the manifest of an archive, and nothing else, in both programs", async () => {
  const before = Math.floor(Date.now() / 1_000) * 1_000;
  const manifest = await read(ARCHIVE, NEEDED);
  const { created } = manifest;
  assert(created >= before && created <= Date.now() && created % 1_000 === 0, `${created}`);
  assertEquals(manifest, {
    format: 1,
    archiveSha256: hash("sha256", ARCHIVE),
    archiveSize: ARCHIVE.length,
    version: 42,
    epoch: 0,
    created,
    notAfter: manifest.notAfter,
    audience: "plant-7",
  });
  // It counts from when the command line was read.
  assertEquals(manifest.notAfter, created + 30 * DAY);
  assertEquals((await print(ARCHIVE, NEEDED, runCourier))[0], 0);
});

Deno.test("manifest takes an epoch, a note and a time", async () => {
  const time = Math.floor(Date.now() / 1_000) * 1_000 + 90 * DAY;
  const local = new Date(time + 3_600_000).toISOString().replace(".000Z", "+01:00");
  const args = ["--release", "9007199254740991", "--not-after", local, "--audience", "Halle 7 \u00fc"];
  const note = 'ticket "7"\u2028\u{e0041}';
  const manifest = await read(ARCHIVE, [...args, "--epoch=3", "--note", note]);
  const { version, epoch, notAfter, audience, sourceNote } = manifest;
  assertEquals(
    { version, epoch, notAfter, audience, sourceNote },
    { version: 9007199254740991, epoch: 3, notAfter: time, audience: "Halle 7 \u00fc", sourceNote: note },
  );
  assertEquals(
    (await read(ARCHIVE, ["--release=0", ...NEEDED.slice(2, 3), "720h", ...NEEDED.slice(4)])).version,
    0,
  );
});

Deno.test("manifest hashes a file of overrides as it is", async () => {
  const overrides = '{"overrides": {}}\n';
  const manifest = await read(overrides, NEEDED);
  assertEquals([manifest.archiveSha256, manifest.archiveSize], [hash("sha256", overrides), overrides.length]);
});

Deno.test("manifest exits with 1 for what serve would not load, so that nobody signs it", async () => {
  const env = { envID: "e1", sdkKey: { value: "sdk-1" }, mobKey: "mob-1" };
  const broken = await writeArchive([{
    id: "e1",
    metadata: JSON.stringify({ env, dataId: "1" }),
    data: '{"flags": {"a": {"key": "a", "version": "1"}}, "segments": {}}',
  }]);
  const cases: [content: Uint8Array<ArrayBuffer> | string, errors: RegExp][] = [
    [ARCHIVE.slice(0, 200), /^Error: Cannot read archive "FILE": it ends in the middle of .*\nhint: .*\n$/],
    ["", /^Error: Cannot read archive "FILE": it is empty\nhint: .*\n$/],
    ["[]", /^Error: Cannot read archive "FILE": it is neither gzip nor tar.*\nhint: .*\n$/],
    [broken, /^Error: .*"version" must be an integer.*\nhint: check lists all faults\n$/],
  ];
  for (const [content, message] of cases) {
    const [code, output, errors] = await print(content, NEEDED);
    assertEquals([code, output], [1, ""]);
    assertMatch(errors, message);
  }
});

// What is changed in the command line, and what is said of it.
const MISTAKES: [change: Record<string, string | undefined>, error: string, hint: RegExp][] = [
  [{ release: undefined }, "--release must be set", /^write --release N$/],
  [
    { audience: undefined, "not-after": undefined },
    "--not-after and --audience must be set",
    /^write --not-after TIME --audience SITE$/,
  ],
  [{ audience: "" }, "--audience must be set", /^write --audience SITE$/],
  [{ release: "1.5" }, '--release cannot be "1.5"', /^it is an integer from 0 to 9007199254740991$/],
  [{ release: "9007199254740992" }, '--release cannot be "9007199254740992"', /^it is an integer/],
  [{ release: "-1" }, '--release cannot be "-1"', /^it is an integer/],
  [{ release: "1e3" }, '--release cannot be "1e3"', /^it is an integer/],
  [{ epoch: "one" }, '--epoch cannot be "one"', /^it is an integer/],
  [{ "not-after": "soon" }, '--not-after cannot be "soon"', /^write it as 30d or 720h, /],
  [{ "not-after": "0d" }, '--not-after cannot be "0d"', /^write it as 30d or 720h, /],
  [{ "not-after": "30d hard" }, '--not-after cannot be "30d hard"', /^write it as 30d or 720h, /],
  [{ "not-after": "2026-02-30T00:00:00Z" }, '--not-after cannot be "2026-02-30T00:00:00Z"', /^write it as/],
  [
    { "not-after": "2020-01-01T00:00:00Z" },
    '--not-after cannot be "2020-01-01T00:00:00Z": it is in the past',
    /^name the time/,
  ],
  [
    { "not-after": "4000d" },
    '--not-after cannot be "4000d": it is more than ten years ahead',
    /^name the time/,
  ],
  [{ note: "x".repeat(12_288) }, "--audience and --note have more than 12288 bytes", /^shorten the note$/],
];

Deno.test("manifest says what is wrong with its flags, and prints nothing", async () => {
  const usual = { release: "42", "not-after": "30d", audience: "plant-7" };
  for (const [change, error, hint] of MISTAKES) {
    const flags = Object.entries({ ...usual, ...change }).flatMap(([flag, value]) =>
      value === undefined ? [] : `--${flag}=${value}`
    );
    const [code, output, errors] = await print(ARCHIVE, flags);
    assertEquals([code, output], [2, ""]);
    const [first, second] = errors.split("\nhint: ");
    assertEquals(first, `Error: ${error}`);
    assertMatch(second!.trimEnd(), hint);
  }
});
