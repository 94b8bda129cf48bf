import { assert, assertEquals, assertMatch } from "@std/assert";
import { hash } from "node:crypto";
import { writeArchive } from "../../lib/archive/mod.ts";
import { runCourier } from "../../lib/cli/courier.ts";
import { readSchema } from "../cli/_schema.ts";
import { SshKeygen } from "../trust/_ssh_keygen.ts";
import { makeTerminal } from "../cli/_terminal.ts";
import { type Answer, archiveAnswer, head, KEY, makeArchive, serveAnswers, type Server } from "./_server.ts";
import { DAY } from "./_signer.ts";

const ARCHIVE = await makeArchive(true);

/** What `pull` did: exit code and texts, with what differs from run to run replaced. */
interface Result {
  code: number;
  output: string;
  errors: string;
}

/** A folder with a key file and an INI that says nothing, for runs of `pull` against a server. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "halyard-" });
  readonly server: Server;

  constructor(...answers: Answer[]) {
    this.server = serveAnswers(...answers);
    Deno.writeTextFileSync(`${this.path}/relay.key`, `${KEY}\n`, { mode: 0o600 });
    Deno.writeTextFileSync(`${this.path}/relay.ini`, "");
  }

  /** Runs `pull` into the folder. */
  async pull(args: readonly string[]): Promise<Result> {
    const terminal = makeTerminal();
    const { path, server: { url } } = this;
    const base = ["--base-uri", url.origin, "-o", `${path}/flags.tar.gz`, "--config", `${path}/relay.ini`];
    const named = args.map((arg) => arg.replace("DIR", path));
    const code = await runCourier(["pull", ...base, ...named], terminal);
    const [output, errors] = [terminal.output, terminal.errors].map((text) =>
      text.replaceAll(path, "DIR").replaceAll(url.origin, "ORIGIN")
    ) as [string, string];
    for (const text of [output, errors]) assert(!text.includes(KEY.slice(4)), text);
    return { code, output, errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await Deno.remove(this.path, { recursive: true });
  }
}

const PULLED = `DIR/flags.tar.gz: ${ARCHIVE.length} bytes, SHA-256 ${hash("sha256", ARCHIVE)}
  ID                        ENVIRONMENT              FLAGS  SEGMENTS
  0123456789abcdef01234567  line-control/production  1      0
`;

Deno.test("pull prints digest, environments and counts, and then that nothing has changed", async () => {
  const answers = [archiveAnswer(ARCHIVE, { ETag: '"1"' }), [head("304 Not Modified")]];
  await using folder = new Folder(...answers);
  const args = ["--key-file", "DIR/relay.key", "--if-changed"];
  assertEquals(await folder.pull(args), { code: 0, output: PULLED, errors: "" });
  const unchanged = { code: 0, output: "DIR/flags.tar.gz has not changed\n", errors: "" };
  assertEquals(await folder.pull(args), unchanged);
});

Deno.test("pull --json prints what its schema says", async () => {
  const answers = [archiveAnswer(ARCHIVE, { ETag: '"1"' }), [head("304 Not Modified")]];
  await using folder = new Folder(...answers);
  for (const changed of [true, false]) {
    const { code, output, errors } = await folder.pull(["--if-changed", "--json"]);
    const result = JSON.parse(output);
    assertEquals([code, errors, result.changed], [0, "", changed]);
    assertEquals(readSchema("pull")(result), []);
    assertEquals(result.environments?.[0].flags, changed ? 1 : undefined);
  }
});

/** A time in a year. */
const NOT_AFTER = new Date(Date.now() + 365 * DAY).toISOString().replace(/\.\d+Z/, "Z");

Deno.test("pull --sign-with prints the release, for people and by its schema", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  const answers = [archiveAnswer(ARCHIVE, { ETag: '"1"' }), [head("304 Not Modified")]];
  await using folder = new Folder(...answers);
  const path = `${keygen.folder}/key`;
  const terms = ["--sign-with", path, "--not-after", NOT_AFTER, "--if-changed"];
  const signer = await keygen.fingerprint("key");
  assertEquals(await folder.pull([...terms, "--audience", "plant-7"]), {
    code: 0,
    output: `${PULLED}signed as release 1 for plant-7, good until ${NOT_AFTER}\nsigned by ${signer}\n`,
    errors: "",
  });
  const unchanged = { code: 0, output: "DIR/flags.tar.gz has not changed\n", errors: "" };
  assertEquals(await folder.pull([...terms, "--audience", "plant-7"]), unchanged);
  const { code, output, errors } = await folder.pull([
    ...terms,
    "--audience",
    "plant-8",
    "--epoch=2",
    "--json",
  ]);
  const result = JSON.parse(output);
  assertEquals([code, errors, readSchema("pull")(result)], [0, "", []]);
  assertEquals(result, {
    path: "DIR/flags.tar.gz",
    changed: false,
    release: { version: 1, epoch: 2, audience: "plant-8", notAfter: NOT_AFTER, signer },
  });
});

Deno.test("pull takes the key from a file, else from the configuration", async () => {
  await using folder = new Folder(archiveAnswer(ARCHIVE));
  await Deno.writeTextFile(`${folder.path}/key.ini`, `[AutoConfig]\nkey = ${KEY}2\n`);
  await folder.pull(["--config", "DIR/key.ini"]);
  await folder.pull(["--config", "DIR/key.ini", "--key-file", "DIR/relay.key"]);
  await folder.pull([]);
  const sent = folder.server.requests.map((request) => /^authorization: (.*)\r$/m.exec(request)?.[1]);
  assertEquals(sent, [`${KEY}2`, KEY, undefined]);
});

Deno.test("pull warns of a key file that others can read", async () => {
  await using folder = new Folder(archiveAnswer(ARCHIVE));
  await Deno.chmod(`${folder.path}/relay.key`, 0o644);
  const { code, errors } = await folder.pull(["--key-file", "DIR/relay.key"]);
  assertEquals(code, 0);
  assertMatch(errors, /^warning: Every user of this host can read the relay key in "DIR\/relay\.key"/);
});

Deno.test("pull exits with 1 where the server says no, or the archive is not good", async () => {
  for (
    const [answer, message] of [
      [
        [head("401 Unauthorized", { "Content-Length": 0 })],
        /^Error: Cannot download .* status 401\nhint: .*\n$/,
      ],
      [
        archiveAnswer(ARCHIVE.subarray(9)),
        /^Error: Cannot read archive "ORIGIN\/relay\/latest-all": .*\nhint: .*\n$/,
      ],
    ] as const
  ) {
    await using folder = new Folder(answer);
    const { code, output, errors } = await folder.pull(["--key-file", "DIR/relay.key"]);
    assertEquals([code, output], [1, ""]);
    assertMatch(errors, message);
  }
});

Deno.test("pull exits with 2 for wrong usage and keys that are none, without asking anybody", async () => {
  await using folder = new Folder(archiveAnswer(ARCHIVE));
  await Deno.writeTextFile(`${folder.path}/sdk.key`, `sdk-${KEY.slice(4)}\n`);
  const cases: [args: string[], message: RegExp][] = [
    [["--output="], /^Error: pull needs --output\nhint: write pull -o FILE\n$/],
    [["--instance", "eu"], /^Error: --instance and --base-uri name two servers\n/],
    [["--instance", "mars"], /"mars"/],
    [["--base-uri", "flags.example"], /not an http or https URL\nhint: /],
    [["--every", "0s"], /^Error: --every cannot be "0s"\nhint: /],
    [["--every", "25h"], /^Error: --every cannot be "25h"\n/],
    [["--every", "often"], /^Error: --every cannot be "often"\n/],
    [["--key-file", "DIR/sdk.key"], /"DIR\/sdk\.key": it is an SDK key\nhint: /],
    [["--key-file", "DIR/no.key"], /Cannot read the relay key from "DIR\/no\.key": No such file/],
    [["--ca-file", "DIR/relay.ini"], /there is no certificate in PEM in it\nhint: /],
    [["--base-uri", "https://sdk.launchdarkly.us"], /without a relay key\nhint: /],
    [
      ["--audience", "plant-7"],
      /^Error: --audience is of no use without --sign-with\nhint: add --sign-with KEY/,
    ],
    [["--sign-with", "k"], /^Error: --audience and --not-after must be set\nhint: write --audience SITE /],
    [
      ["--sign-with", "k", "--audience", "a", "--not-after", "x"],
      /^Error: --not-after cannot be "x"\nhint: /,
    ],
    [
      ["--sign-with", "k", "--every", "1s", "--release=1"],
      /^Error: --release is for one download\nhint: leave/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, output, errors } = await folder.pull(args);
    assertEquals([args, code, output], [args, 2, ""]);
    assertMatch(errors, message);
  }
  assertEquals(folder.server.requests, []);
});

Deno.test("pull prints every fault of an archive, and where it is", async () => {
  const env = { envID: "e1", sdkKey: { value: "sdk-1" }, mobKey: "mob-1" };
  const flag = { version: 1, on: true, variations: [true], fallthrough: { variation: 7 }, salt: "a" };
  const flags = { alpha: { ...flag, key: "alpha" }, beta: { ...flag, key: "beta" } };
  const archive = await writeArchive([{
    id: "e1",
    metadata: JSON.stringify({ env, dataId: "1" }),
    data: JSON.stringify({ flags, segments: {} }),
  }]);
  await using folder = new Folder(archiveAnswer(archive));
  const { code, errors } = await folder.pull([]);
  assertEquals(code, 1);
  assertMatch(errors, /^Error: Cannot use .*: environment "e1", flag "alpha": .* is 7.*, and 1 more\nhint: /);
  assertMatch(errors, /\nError: environment "e1", flag "beta": .* is 7/);
});
