import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { allowedVariables, permissionFlags } from "../../tools/permissions.ts";
import { buildDemo } from "../../tools/demo_archive.ts";
import { IS_NIGHTLY } from "../_nightly.ts";
import { freePort } from "../e2e/_relay.ts";
import { harmfulEnvironment } from "./_harmful_environment.ts";
import { buildProgram, locateProgram } from "./_programs.ts";

const ignore = Deno.build.target !== "x86_64-unknown-linux-gnu"; // there is machine code for no other

const TLS = new URL("../fixtures/tls/", import.meta.url).pathname;

/** Variables that are let through, with values that are as bad as can be. */
const LET_THROUGH = {
  LANG: "../../tmp",
  LC_ALL: "none".repeat(1000),
  LC_MESSAGES: "/",
  TZ: "No/Where",
  NO_COLOR: "0",
  TERM: "/dev/null",
  COLUMNS: "-1",
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
};

const strace = ignore ? undefined : await findStrace();

const folder = await Deno.makeTempDir({ prefix: "halyard-environment-" });
const program = locateProgram(folder);
const script = `${program}.js`;
const trap = `${folder}/trap`;
const env = {
  FILE_DATA_SOURCE: `${folder}/demo.tar.gz`,
  TLS_ENABLED: "true",
  TLS_CERT: `${TLS}localhost.pem`,
  TLS_KEY: `${TLS}localhost.key`,
};

Deno.test.beforeAll(async () => {
  if (ignore) return;
  await buildProgram(program);
  await Deno.writeFile(env.FILE_DATA_SOURCE, await buildDemo(new URL("../../examples/", import.meta.url)));
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

/** The path of `strace`, if it is there and may watch system calls. */
async function findStrace(): Promise<string | undefined> {
  const { success, stdout } = await new Deno.Command("sh", {
    args: ["-c", "strace -qq -o /dev/null true && command -v strace"],
    stderr: "null",
  }).output();
  return success ? new TextDecoder().decode(stdout).trim() : undefined;
}

/** Lays out what would do harm if it were read. */
async function setTrap(): Promise<void> {
  await Deno.remove(trap, { recursive: true }).catch(() => {});
  await Deno.mkdir(trap);
  await Deno.writeTextFile(`${trap}/.npmrc`, "registry=none\n");
  await Deno.writeTextFile(`${trap}/ca.pem`, "none");
  await Deno.writeTextFile(`${trap}/code.cjs`, 'console.log("other code")');
  await Deno.writeTextFile(`${trap}/node`, "#!/bin/sh\n", { mode: 0o755 });
}

/** The files in the trap, with what is in them. */
async function readTrap(): Promise<Record<string, string>> {
  const names = (await Array.fromAsync(Deno.readDir(trap))).map(({ name, isFile }) =>
    [name, isFile] as const
  );
  const contents = names.sort().map(async ([name, isFile]) => [
    name,
    isFile ? await Deno.readTextFile(`${trap}/${name}`) : "no file",
  ]);
  return Object.fromEntries(await Promise.all(contents));
}

interface Outcome {
  code: number;
  output: string;
  errors: string;
}

/** Runs a program to its end. */
async function run(command: string[], env: Record<string, string>): Promise<Outcome> {
  const [name, ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(name!, {
    args,
    env,
    clearEnv: true,
    cwd: folder,
    signal: AbortSignal.timeout(10_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

/** What can be seen of a relay, from its start to its end. */
interface Life {
  code: number;
  /** Without times and the port. */
  log: string;
  errors: string;
  status: number;
  flags: string;
}

/** What serves, and the beginning of the files to which its system calls are written, if they are. */
interface Served {
  command?: string[];
  trace?: string;
}

/** Serves, is asked, and is stopped. */
async function serve(env: Record<string, string>, served: Served = {}): Promise<Life> {
  const { command = [program], trace } = served;
  const port = freePort();
  const watch = trace ? [strace!, "-qq", "-ff", "-e", "trace=%file,%net", "-o", trace] : [];
  const [name, ...args] = [...watch, ...command];
  const relay = new Deno.Command(name!, {
    args,
    env: { ...env, PORT: `${port}` },
    clearEnv: true,
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(relay.stderr).text();
  let log = "";
  let answer: Response | undefined;
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(`${TLS}ca.pem`)] });
  const headers = { authorization: "sdk-de300000-0001-4000-8000-000000000001" };
  for await (const text of relay.stdout.pipeThrough(new TextDecoderStream())) {
    log += text;
    if (answer || !/Listening on .*\n/.test(log)) continue;
    answer = await fetch(`https://localhost:${port}/sdk/latest-all`, { headers, client });
    const pid = trace
      ? Number(await Deno.readTextFile(`/proc/${relay.pid}/task/${relay.pid}/children`))
      : relay.pid;
    Deno.kill(pid, "SIGTERM");
  }
  return {
    code: (await relay.status).code,
    log: log.replaceAll(/^\S+ \S+ /gm, "").replaceAll(`${port}`, "PORT").replaceAll(/Ms=\d+/g, "Ms=MS"),
    errors: await errors,
    status: answer?.status ?? 0,
    flags: await answer?.text() ?? "",
  };
}

/** The system calls of all threads. */
async function readTrace(trace: string): Promise<string[]> {
  const name = trace.slice(trace.lastIndexOf("/") + 1);
  const calls: string[] = [];
  for await (const file of Deno.readDir(folder)) {
    if (!file.name.startsWith(`${name}.`)) continue;
    calls.push(...(await Deno.readTextFile(`${folder}/${file.name}`)).trim().split("\n"));
  }
  return calls;
}

/** Takes what may not have been connected to. */
async function hasVisitor(listener: Deno.TcpListener): Promise<boolean> {
  const [visitor, own] = await Promise.all([
    listener.accept(),
    Deno.connect({ port: listener.addr.port }),
  ]);
  const isOwn = (visitor.remoteAddr as Deno.NetAddr).port === (own.localAddr as Deno.NetAddr).port;
  visitor.close();
  own.close();
  return !isOwn;
}

const NAMES = Object.values(harmfulEnvironment({ folder: "", port: 0 })).flatMap(Object.keys);

Deno.test("allowedVariables() lets the settings through, the language, the time zone, the terminal, no others", () => {
  assertGreaterOrEqual(NAMES.length, 57);
  const loader = ["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_DEBUG", "LD_PROFILE", "GLIBC_TUNABLES"];
  const isAllowed = (name: string) =>
    allowedVariables().some((allowed) =>
      allowed.endsWith("*") ? name.startsWith(allowed.slice(0, -1)) : name === allowed
    );
  assertEquals([...NAMES, ...loader].filter(isAllowed), []);
  assertEquals(["LD_ENV_x", "PORT", ...Object.keys(LET_THROUGH)].filter((name) => !isAllowed(name)), []);
});

Deno.test("compile() gives a program that starts the same with any variable set", {
  ignore: ignore || !IS_NIGHTLY, // the tests below set them family by family
}, async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  await setTrap();
  const before = await readTrap();
  const expected = await run([program, "--version"], {});
  const families = Object.values(harmfulEnvironment({ folder: trap, port: listener.addr.port }));
  for (const [name, value] of [...families, LET_THROUGH].flatMap(Object.entries)) {
    assertEquals(await run([program, "--version"], { [name]: value }), expected, `${name}=${value}`);
    assertEquals(await readTrap(), before, `${name}=${value}`);
  }
  assert(!await hasVisitor(listener));
});

for (const family of [...Object.keys(harmfulEnvironment({ folder: "", port: 0 })), "what is let through"]) {
  Deno.test(`compile() gives a program that serves the same with the variables of ${family} set`, {
    ignore,
  }, async () => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    await setTrap();
    const before = await readTrap();
    const harmful = harmfulEnvironment({ folder: trap, port: listener.addr.port })[family] ?? LET_THROUGH;
    const expected = await serve(env);
    assertEquals([expected.code, expected.errors, expected.status], [0, "", 200]);
    assertEquals(await serve({ ...harmful, ...env }), expected);
    assertEquals(await readTrap(), before);
    assert(!await hasVisitor(listener));
  });
}

/** System calls that can change a file, or make one. */
const WRITES = /O_WRONLY|O_RDWR|O_CREAT|^(mkdir|rename|unlink|link|symlink|chmod|chown|truncate|mknod)\w*\(/;

Deno.test("compile() gives a program that touches no other file and connects to nothing, whatever is set", {
  ignore: strace === undefined,
}, async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  await setTrap();
  const trace = `${folder}/trace`;
  const harmful = harmfulEnvironment({ folder: trap, port: listener.addr.port });
  const everything = Object.assign({}, ...Object.values(harmful));
  const { code, status, errors } = await serve({ ...everything, ...env }, { trace });
  assertEquals([code, status, errors], [0, 200, ""]);
  const calls = await readTrace(trace);
  assert(calls.some((call) => call.includes(env.FILE_DATA_SOURCE)), "nothing was traced");
  assertEquals(calls.filter((call) => call.includes(trap)), []);
  assertEquals(calls.filter((call) => call.startsWith("connect(")), []);
  assertEquals(calls.filter((call) => WRITES.test(call) && !/ = -1 E/.test(call)), []);
  // Who runs it is not looked up either: there may be services behind it.
  assertEquals(calls.filter((call) => /passwd|nsswitch|\.npmrc".* = \d/.test(call)), []);
});

// Deno itself, with the same script and permissions: what the tests above look at does show harm.
const HARM: [name: string, value: string][] = [
  ["COMPLETE", "bash"],
  ["SIMDUTF_FORCE_IMPLEMENTATION", "none"],
  ["DENO_V8_FLAGS", "--bogus"],
  ["DENO_TOKIO_MAX_IO_EVENTS_PER_TICK", "0"],
  ["DENO_LOG", "trace"],
  ["DENO_PERMISSION_BROKER_PATH", `${trap}/broker`],
  ["NODE_CHANNEL_FD", "none"],
  ["NODE_OPTIONS", `--require ${trap}/code.cjs`],
  ["HOME", trap],
  ["DENO_AUDIT_PERMISSIONS", `${trap}/audit`],
  ["DENO_COVERAGE_DIR", `${trap}/coverage`],
  ["DENO_DIR", `${trap}/deno`],
];

Deno.test("deno run obeys such variables", { ignore }, async () => {
  const deno = [Deno.execPath(), "run", "--quiet", "--no-config", ...permissionFlags(), script];
  const command = [...deno, "--version"];
  const clean = { HOME: "/proc", DENO_DIR: "/proc/self/exe", DENO_NO_UPDATE_CHECK: "1" };
  await setTrap();
  const expected = [await run(command, clean), await readTrap()];
  for (const [name, value] of HARM) {
    await setTrap();
    const outcome = await run(command, { ...clean, [name]: value });
    assertNotEquals([outcome, await readTrap()], expected, `${name}=${value}`);
  }
  await setTrap();
  await serve({ ...clean, ...env, SSLKEYLOGFILE: `${trap}/keys` }, { command: deno });
  assertStringIncludes((await readTrap()).keys!, "SECRET");
});

Deno.test("docs/compile.md gives a line that keeps all of them from deno run", { ignore }, async () => {
  await setTrap();
  const before = await readTrap();
  const docs = await Deno.readTextFile(new URL("../../docs/compile.md", import.meta.url));
  const [, line] = /```sh\n(env -i .*?)```/s.exec(docs)!;
  const command = line!.replace("env -i", "env -i EXIT_ALWAYS=true").replace("dist/halyard.js", script)
    .replace("/data/flags.tar.gz", env.FILE_DATA_SOURCE);
  const families = Object.values(harmfulEnvironment({ folder: trap, port: 9 }));
  const harmful = { ...Object.assign({}, ...families), PATH: Deno.env.get("PATH") };
  const { code, output, errors } = await run(["sh", "-c", command], harmful);
  assertEquals([code, errors], [0, ""]);
  assertStringIncludes(output, `Loaded data path=${env.FILE_DATA_SOURCE}`);
  assertEquals(output.includes("steer Deno"), false, output);
  assertEquals(await readTrap(), before);
});

Deno.test(
  "compile() gives a program that starts in a folder that is gone, outside of it",
  { ignore },
  async () => {
    const gone = `${folder}/gone`;
    await Deno.mkdir(gone);
    const command = ["sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0"', program, gone];
    const path = { PATH: "/usr/bin:/bin", FILE_DATA_SOURCE: "halyard-none.tar.gz" };
    const { code, output, errors } = await run(command, path);
    assertEquals(code, 1);
    assertStringIncludes(output, "Starting Halyard");
    assertStringIncludes(
      errors,
      'Warning: the working directory does not exist any more; relative paths start at "/" now\n' +
        'Unable to create relay: Cannot read data file "halyard-none.tar.gz": no such file\n',
    );
  },
);
