import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BUILD } from "../../lib/version.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, openEndlessRequest, type RelayOptions, startRelay } from "./_relay.ts";

const ENVIRONMENT = { env: { sdkKey: { value: "sdk-e1" } }, flags: { f: constantFlag(true) } };

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
async function run(options: Partial<RelayOptions>): Promise<Outcome> {
  const { code, stdout, stderr } = await halyardCommand({ env: {}, ...options }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A good archive and, beside it, a configuration file. */
async function makeFiles(config = ""): Promise<DataFile & { config: string }> {
  const file = await DataFile.create(await packArchive({ e1: ENVIRONMENT }));
  const path = file.path.replace("flags.tar.gz", "ld-relay.conf");
  await Deno.writeTextFile(path, config.replace("ARCHIVE", file.path));
  return Object.assign(file, { config: path });
}

async function getStatus(url: string): Promise<number> {
  const response = await fetch(`${url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
  await response.body?.cancel();
  return response.status;
}

/** Waits until a relay that cannot say so serves. */
async function waitUntilServing(url: string): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (await getStatus(url).catch(() => 0) !== 200) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("main.ts prints its version", async () => {
  const { code, stdout, stderr } = await run({ args: ["--version"] });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout.replace(/\(.*?\)/, "(checkout)"),
    `halyard ${BUILD}\n`,
    "a build names its commit instead",
  );
});

Deno.test("main.ts prints every flag and variable for --help", async () => {
  const { code, stdout, stderr } = await run({ args: ["--help"] });
  assertEquals([code, stderr], [0, ""]);
  for (const flag of ["--config", "--allow-missing-file", "--from-env", "--version"]) {
    assertStringIncludes(stdout, flag);
  }
  assertStringIncludes(stdout, "FILE_DATA_SOURCE, fileDataSource");
});

// A command line and an environment that cannot work: what is printed, and what the hint says.
const REFUSALS: [args: string[], env: Record<string, string>, message: string, hint: RegExp][] = [
  [["--bogus"], {}, "Error: flag provided but not defined: -bogus", /--help/],
  [["--confg", "x"], {}, "Error: flag provided but not defined: -confg", /did you mean --config\?/],
  [["--config"], {}, "Error: flag needs an argument: -config", /--help/],
  [
    ["--config", "/nonexistent/relay.conf"],
    { FILE_DATA_SOURCE: "x" },
    'Error: configuration file "/nonexistent/relay.conf" does not exist',
    /--allow-missing-file/,
  ],
  [
    ["--from-env"],
    {},
    "Unable to create relay: you must specify at least one environment in your configuration",
    /set FILE_DATA_SOURCE/,
  ],
  [
    ["--config", "/nonexistent/relay.conf", "--allow-missing-file"],
    { FILE_DATA_SOURCE: "x" },
    "Unable to create relay: you must specify at least one environment in your configuration",
    /add --from-env/,
  ],
  [
    ["--from-env"],
    { FILE_DATA_SOURCE: "x", PORT: "8o30" },
    "Configuration error: PORT: not a valid integer",
    /./,
  ],
  [
    ["--from-env"],
    { FILE_DATA_SOURCE: "/nonexistent/flags.tar.gz" },
    'Unable to create relay: Cannot read data file "/nonexistent/flags.tar.gz": no such file',
    /FILE_DATA_SOURCE/,
  ],
  [
    ["--from-env"],
    { FILE_DATA_SOURCE: "README.md" },
    'Unable to create relay: Cannot read archive "README.md": it is neither gzip nor tar: it begins with "# Ha", plain text',
    /\.tar\.gz/,
  ],
];

for (const [args, env, message, hint] of REFUSALS) {
  const what = [...Object.entries(env).map((pair) => pair.join("=")), ...args].join(" ");
  Deno.test(`main.ts ends with exit code 1, a message and a hint for ${what}`, async () => {
    const { code, stdout, stderr } = await run({ args, env });
    assertEquals(code, 1);
    const [first, second, ...rest] = stderr.split("\n");
    assertEquals([first, rest], [message, [""]]);
    assertMatch(second!, /^hint: /);
    assertMatch(second!, hint);
    const other = stdout.split("\n").filter((line) => !line.includes(" audit=refuse "));
    assert(!/error|unable/i.test(other.join("\n")), stdout);
  });
}

Deno.test("main.ts refuses a configuration file with a misspelled name and says the right one", async () => {
  await using file = await makeFiles("[OfflineMode]\nfileDataSource = ARCHIVE\n[Main]\nprot = 1\n");
  const { code, stderr } = await run({ args: ["--config", file.config] });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^Error loading config file: .*section "Main", variable "prot"\nhint: .*did you mean "?port"?\?\n$/,
  );
});

Deno.test("main.ts reads the file of --config, and with --from-env the environment wins", async () => {
  const [filePort, envPort] = [freePort(), freePort()];
  await using file = await makeFiles(`[OfflineMode]\nfileDataSource = ARCHIVE\n[Main]\nport = ${filePort}\n`);
  const env = { PORT: String(envPort) };
  {
    await using relay = await startRelay({ env, args: ["--config", file.config], port: filePort });
    assertMatch(
      relay.lines[0]!,
      /Starting Halyard version=\S+ settings="configuration file \S+ld-relay.conf"$/,
    );
    assertEquals(await getStatus(`http://127.0.0.1:${filePort}`), 200);
  }
  const args = ["-config", file.config, "-from-env"];
  await using relay = await startRelay({ env, args, port: envPort });
  assertMatch(relay.lines[0]!, /settings="configuration file \S+ld-relay.conf plus environment variables"$/);
  assertEquals(await getStatus(`http://127.0.0.1:${envPort}`), 200);
});

Deno.test("main.ts without flags reads the environment and the default file, if there is one", async () => {
  await using file = await makeFiles();
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path }, args: [] });
  const isThere = await Deno.stat("/etc/ld-relay.conf").then(() => true, () => false);
  const origin = isThere
    ? "configuration file /etc/ld-relay.conf plus environment variables"
    : "configuration from environment variables";
  assertStringIncludes(relay.lines[0]!, `settings="${origin}"`);
  assertEquals(await getStatus(relay.url), 200);
});

Deno.test("main.ts writes errors to standard error, all else to standard output", async () => {
  await using file = await makeFiles();
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  assertEquals(relay.errors, []);
  await file.replace(new TextEncoder().encode("no archive"));
  const line = await relay.waitFor("Data file reload failed");
  assertMatch(line, /^\S+ \S+ ERROR: .*serving the previous data error=.* hint=/);
  assertEquals(relay.errors, [line]);
});

Deno.test("main.ts writes its log as JSON if told so, why it cannot start included", async () => {
  await using file = await makeFiles();
  const env = { FILE_DATA_SOURCE: file.path, LOG_FORMAT: "json" };
  await using relay = await startRelay({ env });
  await relay.stop();
  for (const line of relay.lines) {
    assertEquals(Object.keys(JSON.parse(line)).slice(0, 3), ["timestamp", "level", "message"]);
  }
  const { code, stderr } = await run({ env: { ...env, FILE_DATA_SOURCE: "README.md" } });
  assertEquals([code, JSON.parse(stderr).level], [1, "error"]);
  const { message, hint } = JSON.parse(stderr);
  assertMatch(
    message,
    /^Unable to create relay: Cannot read archive "README.md": it is neither gzip nor tar/,
  );
  assertMatch(hint, /\.tar\.gz/);
});

Deno.test("main.ts prints nothing at log level none, and serves", async () => {
  await using file = await makeFiles();
  const port = freePort();
  const env = { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "none", PORT: String(port) };
  const process = halyardCommand({ env }).spawn();
  await waitUntilServing(`http://127.0.0.1:${port}`);
  process.kill("SIGTERM");
  const { code, stdout, stderr } = await process.output();
  assertEquals([code, stdout.length, stderr.length], [0, 0, 0]);
});

Deno.test("main.ts serves on when nobody reads its log any more", async () => {
  await using file = await makeFiles();
  const port = freePort();
  const env = { FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug", PORT: String(port) };
  const process = halyardCommand({ env }).spawn();
  await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
  const url = `http://127.0.0.1:${port}`;
  await waitUntilServing(url);
  const stream = await fetch(`${url}/all`, { headers: { authorization: "sdk-e1" } });
  const reader = stream.body!.getReader();
  await reader.read();
  await file.replace(await packArchive({ e1: { ...ENVIRONMENT, flags: { g: constantFlag(1) } } }));
  assertStringIncludes(new TextDecoder().decode((await reader.read()).value), '"g"');
  await reader.cancel();
  process.kill("SIGTERM");
  assertEquals((await process.status).code, 0);
});

Deno.test("main.ts listens on the bind address only", async () => {
  await using file = await makeFiles();
  const env = { FILE_DATA_SOURCE: file.path, BIND_ADDRESS: "127.0.0.1" };
  await using relay = await startRelay({ env });
  const url = `http://127.0.0.1:${relay.port}`;
  assert(
    relay.lines.some((line) => line.endsWith(`Listening on ${url} address=127.0.0.1 port=${relay.port}`)),
  );
  assertEquals(await getStatus(url), 200);
  if (Deno.build.os === "linux") {
    using other = await Deno.connect({ hostname: "127.0.0.2", port: relay.port }).catch(() => undefined);
    assertEquals(other, undefined);
  }
});

Deno.test("main.ts ends with exit code 1 when its port is taken, and leaves the other relay alone", async () => {
  await using file = await makeFiles();
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  const { code, stderr } = await run({ env: { FILE_DATA_SOURCE: file.path, PORT: String(relay.port) } });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^Unable to create relay: Cannot listen on port \d+ of "::": .*in use.*\nhint: another program has this port: /,
  );
  assertEquals(await getStatus(relay.url), 200);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`main.ts ends its streams and then itself with exit code 0 on ${signal}`, async () => {
    await using file = await makeFiles();
    await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
    const stream = await fetch(`${relay.url}/all`, { headers: { authorization: "sdk-e1" } });
    const reader = stream.body!.getReader();
    assert(!(await reader.read()).done);
    const [{ code, signal: killedBy }, { done }] = await Promise.all([relay.stop(signal), reader.read()]);
    assertEquals([code, killedBy, done], [0, null, true]);
    assertEquals(relay.errors, []);
  });
}

Deno.test("main.ts ends at once on a second signal, whatever is still open", async () => {
  await using file = await makeFiles();
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path, SHUTDOWN_GRACE_PERIOD: "1h" } });
  using _request = await openEndlessRequest(relay);
  const streams = await Promise.all(
    [1, 2].map(() => fetch(`${relay.url}/all`, { headers: { authorization: "sdk-e1" } })),
  );
  Deno.kill(relay.pid, "SIGTERM");
  await relay.waitFor("Stopping; a second signal stops at once signal=SIGTERM");
  assertEquals((await relay.stop("SIGINT")).code, 1);
  for (const stream of streams) await stream.body!.cancel().catch(() => {});
});

Deno.test("main.ts looks at the archive on SIGHUP, and is not ended by it", async () => {
  await using file = await makeFiles();
  const env = { FILE_DATA_SOURCE: file.path, FILE_DATA_SOURCE_MONITORING_INTERVAL: "1h" };
  await using relay = await startRelay({ env });
  Deno.kill(relay.pid, "SIGHUP");
  await relay.waitFor("Reading the settings and the archive on SIGHUP");
  await relay.waitFor("has the same content as before");
  assertEquals((await relay.stop()).code, 0);
});

Deno.test("main.ts ends within the grace period though a body never ends and a reader takes nothing", async () => {
  // More than the kernel's buffers take, and nothing that gzip could make small.
  const huge = constantFlag(Array.from({ length: 300_000 }, () => crypto.randomUUID()).join(""));
  await using file = await DataFile.create(await packArchive({ e1: { flags: { huge } } }));
  await using relay = await startRelay({
    env: { FILE_DATA_SOURCE: file.path, SHUTDOWN_GRACE_PERIOD: "200ms" },
  });
  using _request = await openEndlessRequest(relay);
  using stream = await Deno.connect({ hostname: "127.0.0.1", port: relay.port });
  await stream.write(
    new TextEncoder().encode("GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: sdk-e1\r\n\r\n"),
  );
  await stream.read(new Uint8Array(100));
  assertEquals((await relay.stop()).code, 0);
  assertMatch(
    relay.lines.at(-1)!,
    /WARN: Some requests are still open at the end of the grace period: they are cut off graceMs=200$/,
  );
});

// What an archive holds, and how a run with EXIT_ALWAYS ends.
const CHECKS: [
  what: string,
  archive: () => Promise<Uint8Array>,
  code: number,
  stdout: RegExp,
  stderr: RegExp,
][] = [
  ["a good archive", () => packArchive({ e1: ENVIRONMENT }), 0, /Loaded data .*environments=1 /, /^$/],
  [
    "a faulty environment",
    () => packArchive({ e1: ENVIRONMENT, e2: { flags: { f: { version: "1" } } } }),
    1,
    /Loaded data .*environments=2 /,
    /^\S+ \S+ ERROR: Found invalid data for an environment.* environment=e2 .*version.*\n$/,
  ],
  [
    "a bad archive",
    () => Promise.resolve(new Uint8Array(1000)),
    1,
    /Starting/,
    /^Unable to create relay: Cannot read archive .*\nhint: /,
  ],
];

for (const [what, archive, code, stdout, stderr] of CHECKS) {
  Deno.test(`main.ts with EXIT_ALWAYS reports and ends with exit code ${code} for ${what}, a taken port or not`, async () => {
    await using file = await DataFile.create(await archive());
    using taken = Deno.listen({ port: 0, hostname: "0.0.0.0" });
    const env = { FILE_DATA_SOURCE: file.path, EXIT_ALWAYS: "1", PORT: String(taken.addr.port) };
    const outcome = await run({ env });
    assertEquals(outcome.code, code);
    assertMatch(outcome.stdout, stdout);
    assertMatch(outcome.stderr, stderr);
    assert(!outcome.stdout.includes("Listening"));
  });
}
