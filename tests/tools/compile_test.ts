import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { bundle } from "../../tools/bundle.ts";
import { type Base, compile, type Compiled } from "../../tools/compile.ts";
import { buildDemo } from "../../tools/demo_archive.ts";
import { COURIER, UNIX_SOCKET } from "../../tools/permissions.ts";
import { SshKeygen } from "../trust/_ssh_keygen.ts";
import { freePort } from "../e2e/_relay.ts";
import { canRun, IMPORT_MAP } from "./_programs.ts";
import { zip } from "./_zip.ts";

const ignore = Deno.build.target !== "x86_64-unknown-linux-gnu"; // elsewhere, there has to be Deno's runtime base

const folder = await Deno.makeTempDir({ prefix: "halyard-compile-" });
const unixSocket = `${folder}/halyard.sock`;
const stateDirectory = `${folder}/state`;
const script = `${folder}/halyard.js`;
const program = `${folder}/halyard`;
const archive = `${folder}/demo.tar.gz`;

Deno.test.beforeAll(async () => {
  await bundle({ importMap: IMPORT_MAP, output: script, unixSocket, stateDirectory });
  await Deno.writeFile(archive, await buildDemo(new URL("../../examples/", import.meta.url)));
  if (!ignore) await compile({ script, output: program, base: "deno", unixSocket, stateDirectory });
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with nothing in its environment but what is given. */
async function run(command: string[], env: Record<string, string> = {}, cwd = folder): Promise<Outcome> {
  const [name, ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(name!, { args, env, cwd, clearEnv: true }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** The flags that docs/deploy.md gives, with the archive's folder. */
const DEPLOY_FLAGS = [
  ...["--no-prompt", "--allow-net=127.0.0.1:0", `--allow-read=${folder}`, "--no-config"],
  "--allow-env=FILE_DATA_SOURCE,PORT,BIND_ADDRESS,EXIT_ALWAYS",
  "--ignore-env",
];

Deno.test("bundle() makes one file that needs nothing else", async () => {
  const flags = [...DEPLOY_FLAGS, "--no-remote", "--no-npm"];
  const env = { DENO_DIR: "/proc/self/exe", FILE_DATA_SOURCE: archive, EXIT_ALWAYS: "true" };
  const { code, stdout, stderr } = await run([Deno.execPath(), "run", ...flags, script, "--from-env"], env);
  assertEquals(stderr, "");
  assertEquals(code, 0);
  assertStringIncludes(stdout, `Loaded data path=${archive}`);
});

Deno.test("compile() gives a program that tells its version and its own help", { ignore }, async () => {
  assertMatch((await run([program, "--version"])).stdout, /^halyard \d+\.\d+\.\d+/);
  assertStringIncludes((await run([program, "--help"])).stdout, "Usage: halyard");
});

const canFakeTerminal = await canRun("script");

Deno.test("compile() gives a program that says nothing of its own on a terminal", {
  ignore: ignore || !canFakeTerminal, // util-linux
}, async () => {
  const { stdout } = await run(["script", "-qec", `${program} --version`, "/dev/null"], {
    PATH: "/usr/bin:/bin",
  });
  assertMatch(stdout, /^halyard \d[^\n]*\n$/);
});

Deno.test("compile() gives a program that serves, and ends with 0 on a signal", { ignore }, async () => {
  const port = freePort();
  const relay = new Deno.Command(program, {
    clearEnv: true,
    env: { FILE_DATA_SOURCE: archive, PORT: `${port}` },
    stdout: "piped",
  }).spawn();
  let said = "";
  let answer: Response | undefined;
  for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
    const listening = said.includes("Listening on");
    said += text;
    if (listening || !said.includes("Listening on")) continue;
    const headers = { authorization: "sdk-de300000-0001-4000-8000-000000000001" };
    answer = await fetch(`http://localhost:${port}/sdk/latest-all`, { method: "HEAD", headers });
    relay.kill("SIGTERM");
  }
  assertEquals((await relay.status).code, 0, said);
  assertEquals(answer?.status, 200);
  assert(answer?.headers.has("etag"));
});

Deno.test("compile() gives a program that has the explorer's page in it", { ignore }, async () => {
  const [port, adminPort] = [freePort(), freePort()];
  const relay = new Deno.Command(program, {
    clearEnv: true,
    env: { FILE_DATA_SOURCE: archive, PORT: `${port}`, ADMIN_PORT: `${adminPort}`, ADMIN_EXPLORER: "true" },
    stdout: "piped",
  }).spawn();
  const origin = `http://localhost:${adminPort}`;
  const types: (string | null)[] = [];
  let said = "";
  for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
    const listening = said.includes("Ready");
    said += text;
    if (listening || !said.includes("Ready")) continue;
    const page = await (await fetch(`${origin}/explorer`)).text();
    for (const [, path] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const { ok, headers, body } = await fetch(`${origin}/${path}`);
      types.push(ok ? headers.get("content-type") : path!);
      await body?.cancel();
    }
    relay.kill("SIGTERM");
  }
  assertEquals((await relay.status).code, 0, said);
  assert(types.length > 2);
  const expected = ["image/svg+xml", "text/css", "text/javascript"].map((type) => `${type}; charset=utf-8`);
  assertEquals([...new Set(types)].sort(), ["application/json", ...expected]);
});

Deno.test("compile() gives a program that ends with 1 when it cannot start", { ignore }, async () => {
  const { code, stderr } = await run([program], { FILE_DATA_SOURCE: `${folder}/none.tar.gz` });
  assertEquals(code, 1);
  assertStringIncludes(stderr, `${folder}/none.tar.gz`);
});

Deno.test(
  "compile() gives a program that says which build option allows another address",
  { ignore },
  async () => {
    const env = { FILE_DATA_SOURCE: archive, BIND_ADDRESS: "127.0.0.2", PORT: `${freePort()}` };
    const { code, stderr } = await run([program], env);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "--allow-net");
  },
);

Deno.test(
  "compile() gives a program that listens on the one Unix socket that it is built for, and removes it",
  {
    ignore,
  },
  async () => {
    const env = { FILE_DATA_SOURCE: archive, PORT: `${freePort()}` };
    const other = `${folder}/elsewhere.sock`;
    const { code, stderr } = await run([program], { ...env, UNIX_SOCKET: other });
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `Unable to create relay: Cannot listen on the Unix socket "${other}": this executable is built for "${unixSocket}"\n` +
        `hint: set UNIX_SOCKET ([Main] unixSocket) to that, or build one with: deno task compile --unix-socket ${other}\n`,
    );
    const command = { clearEnv: true, env: { ...env, UNIX_SOCKET: unixSocket }, stdout: "piped" } as const;
    const relay = new Deno.Command(program, command).spawn();
    let said = "";
    let answer = "";
    for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (answer !== "" || !said.includes("Listening on a Unix socket")) continue;
      using connection = await Deno.connect({ transport: "unix", path: unixSocket });
      await connection.write(
        new TextEncoder().encode(
          "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ),
      );
      answer = await new Response(connection.readable).text();
      relay.kill("SIGTERM");
    }
    assertEquals((await relay.status).code, 0, said);
    assertMatch(answer, /^HTTP\/1\.1 200 /);
    await assertRejects(() => Deno.lstat(unixSocket), Deno.errors.NotFound);
  },
);

Deno.test(
  "compile() gives a program that writes to the one state directory that it is built for, and goes on from there",
  { ignore },
  async () => {
    const source = `${folder}/source.tar.gz`;
    const env = { FILE_DATA_SOURCE: source, PORT: `${freePort()}` };
    await Deno.copyFile(archive, source);
    const other = `${folder}/elsewhere`;
    const { code, stderr } = await run([program], { ...env, STATE_DIRECTORY: other });
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `Unable to create relay: Cannot use the state directory "${other}": this executable is built for "${stateDirectory}"\n` +
        `hint: set STATE_DIRECTORY ([State] directory) to that, or build one with: deno task compile --state ${other}\n`,
    );
    for (const expected of ["Loaded data", "Serving the last known good archive"]) {
      const relay = new Deno.Command("sh", {
        args: ["-c", 'exec "$0" 2>&1', program],
        clearEnv: true,
        env: { ...env, STATE_DIRECTORY: stateDirectory },
        stdout: "piped",
      }).spawn();
      let said = "";
      for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
        const isListening = said.includes("Listening on");
        said += text;
        if (!isListening && said.includes("Listening on")) relay.kill("SIGTERM");
      }
      assertEquals((await relay.status).code, 0, said);
      assertStringIncludes(said, expected);
      await Deno.remove(source).catch(() => {});
    }
  },
);

Deno.test("compile() gives a program that leaves nothing behind", { ignore }, async () => {
  const home = await Deno.makeTempDir();
  const env = { HOME: home, TMPDIR: home, FILE_DATA_SOURCE: archive, EXIT_ALWAYS: "true" };
  assertEquals((await run([program], env, home)).code, 0);
  assertEquals(await Array.fromAsync(Deno.readDir(home)), []);
  await Deno.remove(home);
});

const canBeNobody = Deno.build.os === "linux" && Deno.uid() === 0 && await canRun("unshare") &&
  await canRun("ldd");

Deno.test("compile() gives a program that runs as nobody on a read-only root with nothing but libc", {
  ignore: ignore || !canBeNobody, // namespaces need root
}, async () => {
  const root = `${folder}/root`;
  const libraries = (await run(["ldd", program])).stdout.match(/\/\S+/g)!.map((path) => path.split(":")[0]!);
  for (const path of [...libraries, program, archive]) {
    const copy = `${root}/${path}`;
    await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(path, copy);
  }
  await Deno.chmod(`${root}${folder}`, 0o755);
  await Deno.mkdir(`${root}/proc`);
  const asNobody = `set -e
    mount --bind "$1" "$1"
    mount -t proc proc "$1/proc"
    mount -o remount,bind,ro "$1"
    root=$1; shift
    exec chroot --userspec=65532:65532 "$root" "$@"`;
  const command = [
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "sh",
    "-c",
    asNobody,
    "sh",
    root,
    program,
  ];
  const { code, stdout, stderr } = await run(command, {
    PATH: Deno.env.get("PATH")!,
    FILE_DATA_SOURCE: archive,
    EXIT_ALWAYS: "true",
  });
  assertEquals(stderr, "");
  assertEquals(code, 0);
  assertStringIncludes(stdout, `Loaded data path=${archive}`);
});

const REFUSED = new RegExp(
  [
    "^NotCapable: ",
    "^Error: (send UNKNOWN|getaddrinfo EPERM) ",
    "^TypeError: .*(--allow-import|--no-remote|--no-npm)",
    "^NotADirectory: ",
    "^denied: $",
  ].join("|"),
);

Deno.test("compile() gives a program that can listen and read, and nothing else", { ignore }, async () => {
  const attempts = `${folder}/attempts`;
  const script = new URL("_attempts.js", import.meta.url).pathname;
  const unixSocket = `${folder}/allowed.sock`;
  await compile({ script, output: attempts, base: "deno", allowNet: ["127.0.0.3"], unixSocket });
  const other = `${folder}/other.sock`;
  using _ = Deno.listen({ transport: "unix", path: other });
  const { code, stdout, stderr } = await run([attempts, "7", unixSocket, other], {
    PORT: "8031",
    SECRET: "1",
  });
  assertEquals(stderr, "");
  assertEquals(code, 7);
  const { args, outcomes } = JSON.parse(stdout) as { args: string[]; outcomes: Record<string, string> };
  assertEquals(args, ["7", unixSocket, other]);
  const entries = Object.entries(outcomes);
  const possible = entries.filter(([, outcome]) => outcome === "possible").map(([attempt]) => attempt);
  assertEquals(possible, [
    "listen on ::",
    "listen on 0.0.0.0",
    "listen on ::1",
    "listen on 127.0.0.1",
    "listen on localhost",
    "listen on 127.0.0.3",
    "listen on the Unix socket",
    "see a variable of Halyard's",
    "see another variable",
    "see all variables",
  ]);
  assertEquals(entries.length, possible.length + 31);
  for (const [attempt, outcome] of entries) {
    if (!possible.includes(attempt)) assertMatch(outcome, REFUSED, attempt);
  }
});

/** Runs `compile()` with a variable of the environment set. */
async function compileWith(name: string, value: string, base?: Base): Promise<Compiled> {
  const before = Deno.env.get(name);
  Deno.env.set(name, value);
  try {
    return await compile({ script, output: `${folder}/official`, base });
  } finally {
    if (before === undefined) Deno.env.delete(name);
    else Deno.env.set(name, before);
  }
}

async function readOfficial(): Promise<string> {
  return new TextDecoder().decode(await Deno.readFile(`${folder}/official`));
}

/** Any executable will do to see what is put into it. */
const STAND_IN = "/bin/true";

Deno.test("compile() takes the runtime base that DENORT_BIN names, with the same permissions", {
  ignore,
}, async () => {
  const { base, unguarded } = await compileWith("DENORT_BIN", STAND_IN);
  assertEquals(base, "official");
  assertMatch(unguarded!, /^Cannot put machine code into Deno: /); // this one is too small to read its environment
  const compiled = await readOfficial();
  assertStringIncludes(
    compiled,
    `"allow_net":["0.0.0.0","127.0.0.1","[::]","[::1]","localhost","unix:${UNIX_SOCKET}"]`,
  );
  assertStringIncludes(compiled, `"allow_write":["${UNIX_SOCKET}"]`);
  assertStringIncludes(compiled, `"allow_sys":["systemMemoryInfo"]`);
  for (const access of ["run", "ffi"]) {
    assertStringIncludes(compiled, `"allow_${access}":null`);
  }
  assertStringIncludes(compiled, `"allow_read":[]`);
  assertStringIncludes(compiled, `"ignore_env":[]`);
  assertStringIncludes(compiled, `"deny_import":[]`);
  assertStringIncludes(compiled, `"prompt":false`);
  assertStringIncludes(compiled, `"code_cache_key":null`);
});

Deno.test("compile() puts the machine code into the runtime base that DENORT_BIN names", {
  ignore,
}, async () => {
  // Deno itself is like its runtime base, but for the part that reads what `deno compile` has added.
  assertEquals(await compileWith("DENORT_BIN", Deno.execPath()), { base: "official" });
  assertStringIncludes(await readOfficial(), `"allow_read":[]`);
  const show = "console.log(JSON.stringify([Deno.args, Deno.env.toObject()]))";
  const env = {
    COMPLETE: "bash",
    DENO_V8_FLAGS: "--bogus",
    HOME: "/nowhere",
    SECRET: "1",
    PORT: "8031",
    LANG: "C",
  };
  const { code, stdout, stderr } = await run([`${folder}/official`, "eval", show, "a"], env);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), [["a"], {
    DENO_DIR: "/proc/self/exe",
    DENO_LOG: "error,deno::cache=off",
    DENO_NO_UPDATE_CHECK: "1",
    HOME: "/proc",
    LC_ALL: "C",
    PORT: "8031",
    LANG: "C",
  }]);
});

Deno.test("compile() leaves a runtime base able to find what deno compile has added", {
  ignore: ignore || !await canRun("gcc"),
}, async () => {
  const source = new URL("_note_reader.c", import.meta.url).pathname;
  const build = ["gcc", "-fPIC", "-pie", "-o", `${folder}/reader`, source];
  const built = await run(build, { PATH: Deno.env.get("PATH")! });
  assertEquals(built.code, 0, built.stderr);
  assertEquals(await compileWith("DENORT_BIN", `${folder}/reader`), { base: "official" });
  const { stdout } = await run([`${folder}/official`, "a", ""], {
    PORT: "1",
    NODE_OPTIONS: "2",
    LD_ENV_x: "3",
  });
  const [found, first, second, ...env] = stdout.trim().split("\n");
  assertEquals([found, first, second], ["found", "a", ""]);
  const baked = [
    "DENO_DIR=/proc/self/exe",
    "DENO_LOG=error,deno::cache=off",
    "DENO_NO_UPDATE_CHECK=1",
    "HOME=/proc",
    "LC_ALL=C",
  ];
  assertEquals(env.sort(), [...baked, "LD_ENV_x=3", "PORT=1"]);
});

Deno.test("compile() takes the runtime base that lies in Deno's cache", { ignore }, async () => {
  const cache = `${folder}/cache`;
  const release = `${cache}/dl/release/v${Deno.version.deno}`;
  await Deno.mkdir(release, { recursive: true });
  await Deno.writeFile(
    `${release}/denort-${Deno.build.target}.zip`,
    zip("denort", await Deno.readFile(STAND_IN)),
  );
  assertEquals(await compileWith("DENO_DIR", cache, "official"), {
    base: "official",
    unguarded: "it can only be put into a runtime base that DENORT_BIN names",
  });
  assertStringIncludes(await readOfficial(), `"allow_read":[]`);
});

Deno.test("compile() refuses another machine without Deno's runtime base", async () => {
  await assertRejects(
    () => compile({ script, output: `${folder}/none`, target: "aarch64-apple-darwin", base: "deno" }),
    Error,
    "Cannot compile for aarch64-apple-darwin without Deno's runtime base: --base=deno was asked for\nhint: ",
  );
});

Deno.test(
  "compile() gives a courier that packs and downloads, also through a proxy, and signs",
  { ignore },
  async () => {
    const courier = `${folder}/halyard-courier`;
    await bundle({ importMap: IMPORT_MAP, entrypoint: "courier.ts", output: `${courier}.js` });
    await compile({ product: COURIER, script: `${courier}.js`, output: courier, base: "deno" });
    await Deno.mkdir(`${folder}/flags`);
    await Deno.writeTextFile(`${folder}/flags/plant.production.json`, '{"beta": true}');
    const packed = await run([courier, "pack", "flags", "-o", "packed.tar.gz"]);
    assertEquals([packed.code, packed.stderr], [0, ""]);
    const bytes = await Deno.readFile(`${folder}/packed.tar.gz`);
    const urls: string[] = [];
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    await using proxy = Deno.serve(options, ({ url }) => {
      urls.push(url);
      return new Response(bytes);
    });
    const pull = [courier, "pull", "--base-uri", "http://flags.invalid/all.tar.gz", "-o", "pulled.tar.gz"];
    const pulled = await run(pull, { HTTP_PROXY: `http://127.0.0.1:${proxy.addr.port}` });
    assertEquals([pulled.code, pulled.stderr], [0, ""]);
    assertEquals(urls, ["http://flags.invalid/all.tar.gz"]);
    assertEquals(await Deno.readFile(`${folder}/pulled.tar.gz`), bytes);

    // It finds ssh-keygen whatever PATH says, and hands on what asks for a passphrase.
    using keygen = new SshKeygen();
    await keygen.makeKey("key", "-t", "ed25519");
    await keygen.run(["-q", "-p", "-P", "", "-N", "hunter2", "-f", "key"]);
    const askpass = `${keygen.folder}/askpass`;
    const script = `#!/bin/sh\n[ "$HOME:$DISPLAY:$FOO" = "${folder}:seven:" ] && echo hunter2\n`;
    await Deno.writeTextFile(askpass, script, { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/ssh-keygen`, "#!/bin/sh\necho SHA256:none\n", { mode: 0o755 });
    const sign = ["--sign-with", `${keygen.folder}/key`, "--audience", "plant-7", "--not-after", "30d"];
    const signed = await run([...pull, ...sign], {
      ...{ HTTP_PROXY: `http://127.0.0.1:${proxy.addr.port}`, PATH: folder, FOO: "x" },
      ...{ HOME: folder, DISPLAY: "seven", SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force" },
    });
    assertEquals([signed.code, signed.stderr], [0, ""]);
    assertStringIncludes(signed.stdout, `\nsigned by ${await keygen.fingerprint("key")}\n`);
  },
);
