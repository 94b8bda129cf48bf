import { hash } from "node:crypto";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { pull, PullError, type SigningOptions } from "../../lib/pull/mod.ts";
import { SshKeygen } from "../trust/_ssh_keygen.ts";
import { archiveAnswer, head, makeArchive, prepare, serveAnswers, type Setup } from "./_server.ts";
import { checkSet, DAY, signWith } from "./_signer.ts";

const ARCHIVE = await makeArchive(true);
const OTHER = await makeArchive(false);

/** The files of a signed archive. */
const SET = ["flags.tar.gz", "flags.tar.gz.manifest.json", "flags.tar.gz.manifest.json.sig"];

/** Reads all files of a folder. */
function readFolder({ list, options }: Setup): Record<string, string> {
  const folder = options.path.slice(0, options.path.lastIndexOf("/") + 1);
  return Object.fromEntries(list().map((name) => [name, Deno.readFileSync(folder + name).toHex()]));
}

/** The release that lies beside the file. */
function readVersion({ options: { path } }: Setup): [epoch: number, version: number] {
  const { epoch, version } = JSON.parse(Deno.readTextFileSync(`${path}.manifest.json`));
  return [epoch, version];
}

for (const args of [["-t", "ed25519"], ["-t", "ecdsa", "-b", "384"], ["-t", "rsa", "-b", "3072"]]) {
  Deno.test(`pull() signs with a key of ${args.join(" ")} what OpenSSH and a relay accept`, async () => {
    using keygen = new SshKeygen();
    const line = await keygen.makeKey("key", ...args);
    await using server = serveAnswers(archiveAnswer(ARCHIVE));
    const signing = { ...await signWith(keygen, "key"), sourceNote: "ticket 7" };
    await using setup = await prepare(server.url, { signing });
    const { path, timing } = setup.options;
    const now = timing.now();
    const { archive, release } = await pull(setup.options);
    const notAfter = now + 30 * DAY;
    const { fingerprint: signer } = signing.key;
    assertEquals(release, { version: 1, epoch: 0, audience: "plant-7", notAfter, signer });
    assertEquals(setup.list(), SET);
    const modes = setup.list().map((name) =>
      Deno.statSync(`${path.replace(SET[0]!, "")}${name}`).mode! & 0o777
    );
    assertEquals(modes, [0o600, 0o600, 0o600]);
    assertEquals(await checkSet(path, keygen, line, now), {
      format: 1,
      archiveSha256: archive!.digest,
      archiveSize: ARCHIVE.length,
      version: 1,
      epoch: 0,
      created: now,
      notAfter,
      audience: "plant-7",
      sourceNote: "ticket 7",
    });
  });
}

Deno.test("pull() gives manifest and signature the mode of the file", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url, { signing: await signWith(keygen, "key") });
  const { path } = setup.options;
  await Deno.writeFile(path, OTHER, { mode: 0o640 });
  await pull(setup.options);
  for (const suffix of ["", ".manifest.json", ".manifest.json.sig"]) {
    assertEquals((await Deno.stat(`${path}${suffix}`)).mode! & 0o777, 0o640, suffix);
  }
});

Deno.test("pull() numbers releases one by one, epochs from 1 again, or as told", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  const signing = await signWith(keygen, "key");
  await using setup = await prepare(server.url);
  const steps: [wanted: Partial<SigningOptions>, number: [epoch: number, version: number]][] = [
    [{}, [0, 1]],
    [{}, [0, 2]],
    [{ version: 7 }, [0, 7]],
    [{ version: 7 }, [0, 7]], // the same archive
    [{}, [0, 8]],
    [{ epoch: 2 }, [2, 1]],
    [{}, [2, 2]],
    [{ epoch: 3, version: 0 }, [3, 0]],
    [{ version: Number.MAX_SAFE_INTEGER }, [3, Number.MAX_SAFE_INTEGER]],
  ];
  for (const [wanted, number] of steps) {
    const { release } = await pull({ ...setup.options, signing: { ...signing, ...wanted } });
    assertEquals([release!.epoch, release!.version], number);
    assertEquals(readVersion(setup), number);
  }
  const error = await assertRejects(() => pull({ ...setup.options, signing }), PullError);
  assertStringIncludes(error.message, "has the last number there is");
});

Deno.test("pull() signs no release that relays with the former one would refuse, and touches nothing", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE), archiveAnswer(OTHER));
  const signing = await signWith(keygen, "key");
  await using setup = await prepare(server.url);
  await pull({ ...setup.options, signing: { ...signing, epoch: 1, version: 7 } });
  const before = readFolder(setup);
  for (const wanted of [{ version: 6 }, { version: 7 }, { epoch: 0 }, { epoch: 0, version: 8 }]) {
    const error = await assertRejects(
      () => pull({ ...setup.options, signing: { ...signing, ...wanted } }),
      PullError,
      "7 of epoch 1, would refuse it",
    );
    assertEquals([error.isRefusal, readFolder(setup)], [false, before]);
  }
});

Deno.test("pull() counts on from no manifest that cannot be read", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  const signing = await signWith(keygen, "key");
  await using setup = await prepare(server.url);
  const path = `${setup.options.path}.manifest.json`;
  for (const text of ["", "{}", "x".repeat(20_000)]) {
    await Deno.writeTextFile(path, text);
    await assertRejects(
      () => pull({ ...setup.options, signing }),
      PullError,
      `Cannot number the release: "${path}" cannot be read: `,
    );
    assertEquals([setup.list(), await Deno.readTextFile(path)], [[SET[1]!], text]);
  }
  await pull({ ...setup.options, signing: { ...signing, version: 5 } });
  assertEquals(readVersion(setup), [0, 5]);
});

Deno.test("pull() removes further signatures of the former manifest, and nothing else", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  await using setup = await prepare(server.url, { signing: await signWith(keygen, "key") });
  const manifest = `${setup.options.path}.manifest.json`;
  for (const suffix of ["sig", "sig.2", "sig.16", "sigstore.json", "sig.17", "sig.old"]) {
    await Deno.writeTextFile(`${manifest}.${suffix}`, "of another manifest");
  }
  await pull(setup.options);
  assertEquals(setup.list(), [...SET, `${SET[2]}.17`, `${SET[2]}.old`]);
});

/** Pulls again and again, at another time or with other options, and says which releases are there then. */
async function pullAtTimes(
  setup: Setup,
  signing: SigningOptions,
  steps: readonly [day: number, wanted: Partial<SigningOptions>, version: number][],
): Promise<void> {
  const start = setup.options.timing.now();
  for (const [day, wanted, version] of steps) {
    const timing = { ...setup.options.timing, now: () => start + day * DAY };
    const before = readVersion(setup);
    const { release } = await pull({ ...setup.options, timing, signing: { ...signing, ...wanted } });
    assertEquals([day, readVersion(setup)], [day, [0, version]]);
    assertEquals(release?.version, version === before[1] ? undefined : version);
  }
}

const [ANEW, SAME] = [archiveAnswer(ARCHIVE, { ETag: '"1"' }), [head("304 Not Modified")]];

for (
  const [what, ...answers] of [
    ["that is downloaded again", archiveAnswer(ARCHIVE)],
    // What is not signed by the key is downloaded, whatever lies there.
    ["that the server says has not changed", ...[ANEW, SAME, SAME, SAME, SAME, SAME, ANEW, ANEW]]
      .concat([SAME, SAME, SAME, SAME, SAME, ANEW, SAME]),
  ] as [string, ...typeof ANEW[]][]
) {
  Deno.test(`pull() with ifChanged signs an archive ${what} when half of the time is over, or more is to change`, async () => {
    using keygen = new SshKeygen();
    await keygen.makeKey("key", "-t", "ed25519");
    await keygen.makeKey("other", "-t", "ed25519");
    await using server = serveAnswers(...answers);
    const signing = await signWith(keygen, "key");
    await using setup = await prepare(server.url, { ifChanged: true, signing });
    await pull(setup.options);
    const { ino } = await Deno.stat(setup.options.path);
    const time = setup.options.timing.now() + 200 * DAY;
    await pullAtTimes(setup, signing, [
      [0, {}, 1],
      [14.9, {}, 1],
      [15.1, {}, 2],
      [15.1, {}, 2],
      [15.1, { audience: "plant-8" }, 3],
      [15.1, { audience: "plant-8", key: (await signWith(keygen, "other")).key }, 4],
      [15.1, {}, 5],
      [15.1, { version: 9 }, 9],
      [15.1, { findNotAfter: () => time }, 10],
      [190, { findNotAfter: () => time }, 10], // no later than that
      [190, {}, 11],
      [230, {}, 12],
    ]);
    await Deno.writeTextFile(`${setup.options.path}.manifest.json.sig`, "none");
    await pullAtTimes(setup, signing, [[230, {}, 13]]);
    assertEquals((await Deno.stat(setup.options.path)).ino, ino);
    await assertRejects(
      () => pull({ ...setup.options, signing: { ...signing, audience: "plant-8", findNotAfter: () => 0 } }),
      PullError,
      "the time of --not-after is over",
    );
  });
}

Deno.test("pull() signs an archive that is there already, but looks into it before", async () => {
  using keygen = new SshKeygen();
  const line = await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(archiveAnswer(ARCHIVE), archiveAnswer(ARCHIVE.slice(0, 100)));
  await using setup = await prepare(server.url, { ifChanged: true, signing: await signWith(keygen, "key") });
  const { path, timing } = setup.options;
  await Deno.writeFile(path, ARCHIVE);
  const { archive, release } = await pull(setup.options);
  assertEquals([archive, release?.version], [undefined, 1]);
  await checkSet(path, keygen, line, timing.now());
  await Deno.writeFile(path, ARCHIVE.slice(0, 100));
  const error = await assertRejects(() => pull(setup.options), PullError);
  assertEquals([error.isRefusal, readVersion(setup)], [true, [0, 1]]);
});

Deno.test("pull() with ifChanged signs nothing that somebody has put there, though its entity tag is the server's", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await using server = serveAnswers(ANEW);
  await using setup = await prepare(server.url, { ifChanged: true, signing: await signWith(keygen, "key") });
  const { path } = setup.options;
  await pull(setup.options);
  const other = new Uint8Array([...ARCHIVE, 0]); // As good, and not the server's.
  await Deno.writeFile(path, other);
  const tag = JSON.parse(await Deno.readTextFile(`${path}.etag`));
  await Deno.writeTextFile(`${path}.etag`, JSON.stringify({ ...tag, sha256: hash("sha256", other) }));
  await pull(setup.options);
  assertEquals(await Deno.readFile(path), ARCHIVE);
  assertEquals(server.requests.map((request) => /if-none-match/i.test(request)), [false, false]);
});
