import { assert, assertEquals, assertMatch } from "@std/assert";
import { run } from "../../lib/cli/mod.ts";
import { makeRelease, type Release, Signer } from "../trust/_signer.ts";
import { readSchema } from "./_schema.ts";
import { makeTerminal } from "./_terminal.ts";

const folder = await Deno.makeTempDir({ prefix: "halyard-verify-" });
const file = `${folder}/flags.tar.gz`;
const [ann, bob] = [await Signer.create(), await Signer.create()];
const ARCHIVE = new TextEncoder().encode("archive");
const HOUR = 3_600_000;

Deno.test.beforeAll(async () => {
  await Deno.writeTextFile(
    `${folder}/allowed`,
    ann.line('namespaces="halyard-archive"') + bob.line("", "bob@corp"),
  );
  await Deno.writeTextFile(`${folder}/revoked`, `${bob.publicKey}\n`);
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** Puts a release there. */
async function put({ file: bytes, manifest, signatures }: Release): Promise<void> {
  await Deno.writeFile(file, bytes);
  await Deno.writeFile(`${file}.manifest.json`, manifest);
  for (const [i, signature] of signatures.entries()) {
    await Deno.writeTextFile(`${file}.manifest.json.sig${i === 0 ? "" : `.${i + 1}`}`, signature);
  }
}

const time = (offset: number) => new Date(Date.now() + offset).toISOString();
const fields = { created: time(-HOUR), notAfter: time(720 * HOUR), version: 42 };

async function verify(...args: string[]): Promise<[code: number, output: string, errors: string]> {
  const terminal = makeTerminal();
  const code = await run(["verify", file, ...args], terminal);
  return [code, terminal.output.replaceAll(folder, ""), terminal.errors.replaceAll(folder, "")];
}

const TRUST = ["--allowed-signers", `${folder}/allowed`];

Deno.test("halyard verify says who has signed, when, which release, and every rule", async () => {
  await put(await makeRelease(ARCHIVE, [ann, bob], fields));
  const [code, output, errors] = await verify(...TRUST, "--audience", "plant-7", "--threshold", "2");
  assertEquals([code, errors], [0, ""]);
  const lines = output.trimEnd().split("\n");
  assertMatch(lines[0]!, /^✓ {2}signatures {2}2 of 2: release@corp \(SHA256:.*, bob@corp \(SHA256:/);
  assertMatch(lines[1]!, /^✓ {2}content {5}SHA-256 [0-9a-f]{64}, 7 bytes$/);
  assertEquals(lines[2], '✓  audience    for "plant-7"');
  assertMatch(lines[3]!, /^✓ {2}created {5}20/);
  assertMatch(lines[4]!, /^✓ {2}age {9}0 days, good until 20/);
  assertEquals(lines[5], "–  release     version 42; nothing is known to have been served before");
  assertEquals(lines[6], "/flags.tar.gz: good");
});

Deno.test("halyard verify --json prints what its schema says, good or not", async () => {
  await put(await makeRelease(ARCHIVE, [ann, bob], fields));
  for (
    const args of [[], ["--audience", "plant-8"], ["--threshold", "2", "--cosign-key", `${folder}/none`]]
  ) {
    const [code, output] = await verify(...TRUST, ...args, "--json");
    if (args.includes("--cosign-key")) assertEquals([code, output], [2, ""]);
    else {
      assertEquals(readSchema("verify")(JSON.parse(output)), []);
      assertEquals(JSON.parse(output).good, code === 0);
    }
  }
});

const REFUSALS: [name: string, args: string[], line: RegExp][] = [
  ["another site", ["--audience", "plant-8"], /^✗ {2}audience {4}for "plant-7", not for "plant-8"$/m],
  ["too few signers", [
    "--threshold",
    "2",
    "--revoked",
    `${folder}/revoked`,
    "--allowed-signers",
    `${folder}/three`,
  ], /^✗ {2}signatures {2}1 of 2 .*is revoked/m],
];

for (const [name, args, line] of REFUSALS) {
  Deno.test(`halyard verify refuses ${name} with exit code 1`, async () => {
    const carol = await Signer.create();
    await Deno.writeTextFile(`${folder}/three`, ann.line() + bob.line() + carol.line());
    await put(await makeRelease(ARCHIVE, [ann, bob], fields));
    const [code, output] = await verify(...TRUST, ...args);
    assertEquals(code, 1);
    assertMatch(output, line);
    assertMatch(output, /: refused\n$/);
  });
}

Deno.test("halyard verify refuses what was tampered with, and what has no manifest", async () => {
  await put(await makeRelease(ARCHIVE, [ann], fields));
  await Deno.writeTextFile(file, "arch1ve");
  assertMatch((await verify(...TRUST))[1], /^✗ {2}content {5}the manifest is for another file/m);
  await Deno.remove(`${file}.manifest.json`);
  assertEquals(await verify(...TRUST), [
    1,
    "✗  signatures  there is no manifest\n/flags.tar.gz: refused\n",
    "",
  ]);
});

Deno.test("halyard verify takes the rules of [Trust], and the release that the state directory remembers", async () => {
  await put(await makeRelease(ARCHIVE, [ann], fields));
  const config = `${folder}/relay.conf`;
  await Deno.mkdir(`${folder}/state`, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/state/state.json`,
    JSON.stringify({
      format: 1,
      trust: { "halyard-archive": { mark: { epoch: 0, version: 43, archiveSha256: "a".repeat(64) } } },
    }),
  );
  await Deno.writeTextFile(
    config,
    `[OfflineMode]\nfileDataSource = ${file}\n[Trust]\nmode = require\nallowedSigners = ${folder}/allowed\n` +
      `audience = plant-7\nmaxAge = 30m hard\n[State]\ndirectory = ${folder}/state\n`,
  );
  const [code, output] = await verify("--config", config);
  assertEquals(code, 1);
  assertMatch(output, /^✗ {2}age {9}0 days, stale: it was good until/m);
  assertMatch(output, /^✗ {2}release {5}version 42 is older: version 43 has been served$/m);
});

Deno.test("halyard verify verifies an overrides file for its own namespace", async () => {
  const overrides = new TextEncoder().encode('{"environments":{}}');
  await put(await makeRelease(overrides, [bob], fields, "halyard-overrides"));
  assertEquals((await verify(...TRUST))[0], 0);
  await put(await makeRelease(overrides, [bob], fields));
  assertMatch((await verify(...TRUST))[1], /for "halyard-archive", not for halyard-overrides/);
});

Deno.test("halyard verify tells wrong usage from a refusal", async () => {
  await put(await makeRelease(ARCHIVE, [ann], fields));
  const [code, , errors] = await verify();
  assertEquals([code, errors.split("\n")[0]], [2, "Error: verify does not know whom to trust"]);
  for (const args of [["--threshold", "0"], ["--threshold", "x"], ["--threshold", "3"]]) {
    assertEquals((await verify(...TRUST, ...args))[0], 2, args.join());
  }
  const [missing, , message] = await verify("--allowed-signers", `${folder}/none`);
  assertEquals(missing, 2);
  assert(message.includes('Cannot use the allowed signers "/none": there is no such file'), message);
  await Deno.remove(file);
  assertEquals((await verify(...TRUST))[0], 2);
});
