import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { canRun } from "../tools/_programs.ts";
import { SshKeygen } from "../trust/_ssh_keygen.ts";
import { finish, inFolder, list, pullCommand, startPull } from "./_process.ts";
import { archiveAnswer, head, KEY, makeArchive, serveAnswers } from "./_server.ts";
import { checkSet } from "./_signer.ts";

const ARCHIVE = await makeArchive(true);
const OTHER = await makeArchive(false);

const PATH = Deno.env.get("PATH")!;
const TERMS = ["--audience", "plant-7", "--not-after", "30d"];
const SET = ["flags.tar.gz", "flags.tar.gz.manifest.json", "flags.tar.gz.manifest.json.sig"];

/** Where an encrypted key's passphrase may be asked for, tests do not: it is the terminal of whoever runs them. */
const NOWHERE = { SSH_ASKPASS: "/bin/false", SSH_ASKPASS_REQUIRE: "force", SSH_AUTH_SOCK: "" };

function encrypt(keygen: SshKeygen, name: string): Promise<unknown> {
  return keygen.run(["-q", "-p", "-P", "", "-N", "hunter2", "-f", name]);
}

/** Writes the files of a former release, which must stay, and returns what is in them. */
async function writeFormer(folder: string): Promise<Record<string, string>> {
  await Deno.writeFile(`${folder}/flags.tar.gz`, OTHER);
  for (const suffix of ["sig", "sig.2", "sigstore.json"]) {
    await Deno.writeTextFile(`${folder}/flags.tar.gz.manifest.json.${suffix}`, suffix);
  }
  return read(folder);
}

function read(folder: string): Record<string, string> {
  return Object.fromEntries(
    list(folder).map((name) => [name, Deno.readFileSync(`${folder}/${name}`).toHex()]),
  );
}

/** Runs `pull` as `args` say, which must end with 2 and change nothing; returns what it says. */
async function fail(args: readonly string[], env: Record<string, string>, asks = true): Promise<string> {
  let errors = "";
  await inFolder(async (folder) => {
    await using server = serveAnswers(archiveAnswer(ARCHIVE));
    const before = await writeFormer(folder);
    const result = await finish(startPull(folder, server.url, args, env));
    errors = result[2];
    assertEquals([result[0], result[1], server.requests.length], [2, "", asks ? 1 : 0], errors);
    assertEquals(read(folder), before);
  });
  return errors;
}

/** What a key can be that does not sign: how it is made, and what is said of it. */
const KEYS: [what: string, make: (keygen: SshKeygen) => Promise<unknown>, asks: boolean, errors: RegExp][] = [
  ["that is not there", () => Promise.resolve(), false, /: No such file or directory\nhint: check path, /],
  [
    "that is none",
    ({ folder }) => Deno.writeTextFile(`${folder}/key`, "rel-1\n"),
    false,
    /is not a public key file\nhint: check path, permissions, passphrase and token of the key, or /,
  ],
  [
    "that others can read",
    async (keygen) => {
      await keygen.makeKey("key", "-t", "ed25519");
      await Deno.chmod(`${keygen.folder}/key`, 0o644);
    },
    true,
    /"KEY": Permissions 0644 for 'KEY' are too open; .*\nhint: check path/,
  ],
  [
    "whose private half nobody has",
    async (keygen) => {
      await keygen.makeKey("key", "-t", "ed25519");
      await Deno.rename(`${keygen.folder}/key.pub`, `${keygen.folder}/key`);
    },
    true,
    /\nhint: check path.* or add it to ssh-agent\n$/,
  ],
  [
    "with a passphrase that nobody enters",
    async (keygen) => {
      await keygen.makeKey("key", "-t", "ed25519");
      await encrypt(keygen, "key");
    },
    true,
    /incorrect passphrase supplied to decrypt private key\nhint: check path, permissions, passphrase /,
  ],
];

for (const [what, make, asks, errors] of KEYS) {
  Deno.test(`pull --sign-with a key ${what} exits with 2, and leaves everything as it was`, async () => {
    using keygen = new SshKeygen();
    await make(keygen);
    const path = `${keygen.folder}/key`;
    const said = (await fail(["--sign-with", path, ...TERMS], NOWHERE, asks)).replaceAll(path, "KEY");
    assertMatch(said, /^Error: Cannot sign with "KEY": [^\n]+\nhint: [^\n]+\n$/);
    assertMatch(said, errors);
  });
}

/** What an ssh-keygen can be that does not sign, as a script that begins with a look at the key, and what is said of it. */
const PROGRAMS: [what: string, script: string, errors: RegExp][] = [
  [
    "older than OpenSSH 8.1",
    'echo "ssh-keygen: unknown option -- Y" >&2; echo "usage: ssh-keygen [-q]" >&2; exit 1',
    /: this ssh-keygen is older than OpenSSH 8\.1\nhint: install OpenSSH 8\.1 or newer, or sign on another host/,
  ],
  [
    "whose token nobody touches",
    'echo "Confirm user presence for key ED25519-SK SHA256:x" >&2; echo "Signing x failed: device not found?" >&2; exit 255',
    /^Confirm user presence for key ED25519-SK SHA256:x\nError: .*: Signing x failed: device not found\?\nhint: .*token/,
  ],
  ["that fails without a word", "exit 3", /: ssh-keygen has failed\nhint: check path/],
  ["that signs nothing", "exit 0", /: ssh-keygen has written no signature\nhint: check path/],
  [
    "that writes no signature",
    'for f; do :; done; echo no > "$f.sig"',
    /: no relay would accept the signature: The file is not one block .*\nhint: use a key that docs\/trust\.md/,
  ],
  [
    "that signs for something else",
    'for f; do :; done; exec REAL -q -Y sign -f "$KEY" -n file "$f"',
    /: no relay would accept the signature: it is none of this manifest\nhint: /,
  ],
  [
    "that signs with another key",
    'for f; do :; done; exec REAL -q -Y sign -f "$KEY.2" -n halyard-archive "$f"',
    /: no relay would accept the signature: it is by another key\nhint: /,
  ],
];

const REAL = PATH.split(":").map((folder) => `${folder}/ssh-keygen`).find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
})!;

/** Puts a program in the place of ssh-keygen: it shows keys, and otherwise does what the script says. */
async function replaceProgram(folder: string, script: string): Promise<Record<string, string>> {
  const text = `#!/bin/sh\nif [ "$1" = -l ]; then exec ${REAL} "$@"; fi\n${
    script.replaceAll("REAL", REAL)
  }\n`;
  await Deno.writeTextFile(`${folder}/ssh-keygen`, text, { mode: 0o755 });
  return { PATH: `${folder}:${PATH}` };
}

for (const [what, script, errors] of PROGRAMS) {
  Deno.test(`pull --sign-with exits with 2 for an ssh-keygen ${what}, and leaves everything as it was`, async () => {
    using keygen = new SshKeygen();
    for (const name of ["key", "key.2"]) await keygen.makeKey(name, "-t", "ed25519");
    const KEY = `${keygen.folder}/key`;
    const env = await replaceProgram(keygen.folder, script);
    const said = await fail(["--sign-with", KEY, ...TERMS], { ...env, KEY });
    assertStringIncludes(said, `Error: Cannot sign with "${KEY}": `);
    assertMatch(said, errors);
  });
}

Deno.test("pull --sign-with says at once that there is no ssh-keygen, or none that may be run", () =>
  inFolder(async (empty) => {
    const said = await fail(["--sign-with", "key", ...TERMS], { PATH: empty }, false);
    assertEquals(
      said,
      'Error: Cannot sign with "key": ssh-keygen is not found\n' +
        "hint: install OpenSSH 8.1 or newer, or sign on another host: docs/trust.md\n",
    );
    const url = new URL("http://127.0.0.1:9");
    const [name, ...args] = pullCommand(url, ["--sign-with", "key", ...TERMS])
      .map((arg) => arg === "--allow-all" ? "--allow-env" : arg);
    const { code, stderr } = await new Deno.Command(name!, {
      args: args.toSpliced(1, 0, "--allow-read", "--allow-net", "--allow-sys"),
      cwd: empty,
    }).output();
    assertEquals(code, 2);
    assertEquals(
      new TextDecoder().decode(stderr),
      'Error: Cannot sign with "key": ssh-keygen may not be run\nhint: grant it with --allow-run=ssh-keygen,ssh-add\n',
    );
  }));

Deno.test("pull --sign-with --every says at once that a key has a passphrase", async () => {
  using keygen = new SshKeygen();
  await keygen.makeKey("key", "-t", "ed25519");
  await encrypt(keygen, "key");
  const path = `${keygen.folder}/key`;
  const said = await fail(["--sign-with", path, ...TERMS, "--every", "1s"], { SSH_AUTH_SOCK: "" }, false);
  assertMatch(said, /incorrect passphrase .*\nhint: with --every nobody is asked for a passphrase: .*\n$/);
});

Deno.test("pull --sign-with --every signs each new archive as the next release", () =>
  inFolder(async (folder) => {
    using keygen = new SshKeygen();
    const line = await keygen.makeKey("key", "-t", "ed25519");
    await using server = serveAnswers(
      archiveAnswer(ARCHIVE, { ETag: '"1"' }),
      [head("304 Not Modified")],
      archiveAnswer(OTHER, { ETag: '"2"' }),
      [head("304 Not Modified")],
    );
    const args = ["--sign-with", `${keygen.folder}/key`, ...TERMS, "--every", "1s", "--json"];
    await using process = startPull(folder, server.url, args);
    let output = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (output.split("\n").length > 2) process.kill("SIGTERM");
    }
    assertEquals((await process.status).code, 0);
    const lines = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ changed, release }) => [changed, release.version]), [[true, 1], [true, 2]]);
    assertEquals((await checkSet(`${folder}/flags.tar.gz`, keygen, line, Date.now())).version, 2);
    assertEquals(await new Response(process.stderr).text(), "");
  }));

Deno.test("pull --sign-with leaves nothing behind when a signal stops it before a token is touched", () =>
  inFolder(async (folder) => {
    using keygen = new SshKeygen();
    await keygen.makeKey("key", "-t", "ed25519");
    const script = 'echo "Confirm user presence for key x" >&2; exec sleep 600';
    const env = await replaceProgram(keygen.folder, script);
    await using server = serveAnswers(archiveAnswer(ARCHIVE));
    const before = await writeFormer(folder);
    await using process = startPull(
      folder,
      server.url,
      ["--sign-with", `${keygen.folder}/key`, ...TERMS],
      env,
    );
    let errors = "";
    for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
      errors += text;
      if (errors === "Confirm user presence for key x\n") process.kill("SIGTERM");
    }
    assertEquals((await process.status).code, 2);
    assertEquals(
      errors,
      "Confirm user presence for key x\nError: Cannot finish the download: a signal has stopped it\n",
    );
    await process.stdout.cancel();
    assertEquals(read(folder), before);
  }));

Deno.test("pull --sign-with has SSH_ASKPASS ask for the passphrase where there is no terminal", () =>
  inFolder(async (folder) => {
    using keygen = new SshKeygen();
    const line = await keygen.makeKey("key", "-t", "ed25519");
    await encrypt(keygen, "key");
    const SSH_ASKPASS = `${keygen.folder}/askpass`;
    await Deno.writeTextFile(SSH_ASKPASS, "#!/bin/sh\necho hunter2\n", { mode: 0o755 });
    await using server = serveAnswers(archiveAnswer(ARCHIVE));
    const args = ["--sign-with", `${keygen.folder}/key`, ...TERMS];
    const env = { SSH_ASKPASS, SSH_ASKPASS_REQUIRE: "force", SSH_AUTH_SOCK: "" };
    const [code, output, errors] = await finish(startPull(folder, server.url, args, env));
    assertEquals([code, errors], [0, ""]);
    assertMatch(output, /\nsigned as release 1 for plant-7, good until .*Z\nsigned by SHA256:.*\n$/);
    assertEquals(list(folder), SET);
    await checkSet(`${folder}/flags.tar.gz`, keygen, line, Date.now());
  }));

Deno.test(
  "pull --sign-with lets ssh-keygen ask for the passphrase on the terminal",
  { ignore: !await canRun("script") }, // util-linux
  () =>
    inFolder(async (folder) => {
      using keygen = new SshKeygen();
      const line = await keygen.makeKey("key", "-t", "ed25519");
      await encrypt(keygen, "key");
      await using server = serveAnswers(archiveAnswer(ARCHIVE));
      const command = pullCommand(server.url, ["--sign-with", `${keygen.folder}/key`, ...TERMS]);
      await using terminal = new Deno.Command("script", {
        args: ["-qec", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
        cwd: folder,
        env: {
          DENO_NO_UPDATE_CHECK: "1",
          NO_COLOR: "1",
          AUTO_CONFIG_KEY: KEY,
          SSH_AUTH_SOCK: "",
          DISPLAY: "",
        },
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const keyboard = terminal.stdin.getWriter();
      let screen = "";
      for await (const text of terminal.stdout.pipeThrough(new TextDecoderStream())) {
        const hadAsked = /passphrase.*: /.test(screen);
        screen += text;
        if (!hadAsked && /passphrase.*: /.test(screen)) {
          await keyboard.write(new TextEncoder().encode("hunter2\n"));
        }
      }
      assertEquals((await terminal.status).code, 0, screen);
      await keyboard.close().catch(() => {}); // It has gone.
      assert(!screen.includes("hunter2"), screen);
      assertEquals(list(folder), SET);
      await checkSet(`${folder}/flags.tar.gz`, keygen, line, Date.now());
    }),
);

/** An ssh-agent with a key in it. */
async function startAgent(keygen: SshKeygen, name: string): Promise<AsyncDisposable & { socket: string }> {
  const socket = `${keygen.folder}/agent.sock`;
  using watcher = Deno.watchFs(keygen.folder);
  const agent = new Deno.Command("ssh-agent", { args: ["-D", "-a", socket], stdout: "null" }).spawn();
  for await (const { paths } of watcher) if (paths.includes(socket)) break;
  const add = new Deno.Command("ssh-add", {
    args: ["-q", `${keygen.folder}/${name}`],
    env: { SSH_AUTH_SOCK: socket },
  });
  // The socket is there a moment before it is listened on.
  for (let tries = 100; !(await add.output()).success; tries--) {
    assert(tries > 0, "ssh-agent does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    socket,
    async [Symbol.asyncDispose]() {
      agent.kill("SIGTERM");
      await agent.status;
    },
  };
}

Deno.test(
  "pull --sign-with takes a public key whose private half ssh-agent has, and with --every a key with a passphrase too",
  { ignore: !await canRun("ssh-agent") }, // OpenSSH's client
  () =>
    inFolder(async (folder) => {
      using keygen = new SshKeygen();
      const line = await keygen.makeKey("key", "-t", "ecdsa", "-b", "384");
      await using agent = await startAgent(keygen, "key");
      const env = { SSH_AUTH_SOCK: agent.socket };
      await encrypt(keygen, "key");
      await using server = serveAnswers(archiveAnswer(ARCHIVE));
      const path = `${keygen.folder}/key`;
      await using process = startPull(
        folder,
        server.url,
        ["--sign-with", path, ...TERMS, "--every", "1s"],
        env,
      );
      for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
        if (text.includes("signed as release 1 ")) process.kill("SIGTERM");
      }
      assertEquals([(await process.status).code, await new Response(process.stderr).text()], [0, ""]);
      await Deno.remove(path);
      const [code, output, errors] = await finish(
        startPull(folder, server.url, ["--sign-with", `${path}.pub`, ...TERMS], env),
      );
      assertEquals([code, errors], [0, ""]);
      assertStringIncludes(output, "signed as release 2 ");
      await checkSet(`${folder}/flags.tar.gz`, keygen, line, Date.now());
    }),
);

Deno.test(
  "pull --sign-with agent takes the one key that ssh-agent has, and says so where there is none, or another number of them",
  { ignore: !await canRun("ssh-agent") }, // OpenSSH's client
  () =>
    inFolder(async (folder) => {
      using keygen = new SshKeygen();
      const line = await keygen.makeKey("key", "-t", "ed25519");
      await keygen.makeKey("other", "-t", "ed25519");
      await using agent = await startAgent(keygen, "key");
      const env = { SSH_AUTH_SOCK: agent.socket };
      await using server = serveAnswers(archiveAnswer(ARCHIVE));
      const sign = () => finish(startPull(folder, server.url, ["--sign-with", "agent", ...TERMS], env));
      const [code, output, errors] = await sign();
      assertEquals([code, errors], [0, ""]);
      assertStringIncludes(output, "signed as release 1 ");
      assertEquals(list(folder), SET);
      await checkSet(`${folder}/flags.tar.gz`, keygen, line, Date.now());

      const add = (...args: string[]) => new Deno.Command("ssh-add", { args, env }).output();
      await add("-q", `${keygen.folder}/other`);
      const [two, , message] = await sign();
      assertEquals(two, 2);
      assertStringIncludes(message, 'Cannot sign with "agent": ssh-agent has 2 keys\nhint: add the key');
      await add("-D");
      const [none, , empty] = await sign();
      assertEquals(none, 2);
      assertStringIncludes(empty, "The agent has no identities");
      env.SSH_AUTH_SOCK = `${folder}/nowhere`;
      assertStringIncludes((await sign())[2], 'Cannot sign with "agent": ');
      assertEquals(list(folder), SET);
    }),
);
