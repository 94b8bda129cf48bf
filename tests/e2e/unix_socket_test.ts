import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, FROM_SOURCE, halyardCommand, type RelayOptions, startRelay } from "./_relay.ts";

/** What a relay says when it is there, on all that it listens on. */
const LISTENING = "Listening on a Unix socket";

function archiveWith(value: string, version = 1): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
}

function requestOf(path: string): Uint8Array {
  const headers = "Host: localhost\r\nAuthorization: sdk-e1\r\nConnection: close\r\n";
  return new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${headers}\r\n`);
}

/** Sends a request and reads the answer to its end. */
async function get(socket: string, path: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  await connection.write(requestOf(path));
  return await new Response(connection.readable).text();
}

/** Opens a stream. Returns what waits for text in it, and its connection. */
async function openStream(socket: string): Promise<Disposable & { waitFor(text: string): Promise<void> }> {
  const connection = await Deno.connect({ transport: "unix", path: socket });
  await connection.write(requestOf("/all"));
  const buffer = new Uint8Array(65_536);
  let received = "";
  return {
    async waitFor(text) {
      while (!received.includes(text)) {
        const length = await connection.read(buffer);
        assert(length !== null, `The stream ended without "${text}": ${received}`);
        received += new TextDecoder().decode(buffer.subarray(0, length));
      }
    },
    [Symbol.dispose]: () => connection.close(),
  };
}

/** A file, and a folder of its own with the path of a Unix socket. */
async function prepare(): Promise<
  AsyncDisposable & { file: DataFile; socket: string; options: RelayOptions }
> {
  const file = await DataFile.create(await archiveWith("one"));
  const folder = await Deno.makeTempDir({ prefix: "halyard-unix-" });
  const socket = `${folder}/halyard.sock`;
  return {
    file,
    socket,
    options: { env: { FILE_DATA_SOURCE: file.path, UNIX_SOCKET: socket }, permissions: FROM_SOURCE },
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
      await file[Symbol.asyncDispose]();
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("main.ts serves polls and streams on a Unix socket beside its port, and removes it on SIGTERM", async () => {
  await using prepared = await prepare();
  const { file, socket, options } = prepared;
  await using relay = await startRelay(options, LISTENING);
  assertMatch(await get(socket, "/health/ready"), /^HTTP\/1\.1 200 /);
  assertStringIncludes(await get(socket, "/sdk/latest-all"), '"one"');
  using stream = await openStream(socket);
  await stream.waitFor('"one"');
  await file.replace(await archiveWith("two", 2));
  await relay.waitFor("Reloaded data");
  await stream.waitFor('"two"');
  const response = await fetch(`${relay.url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
  assertStringIncludes(await response.text(), '"two"');
  assertEquals((await relay.stop()).code, 0);
  assertEquals(await isThere(socket), false);
  assertEquals(relay.errors, []);
});

Deno.test("main.ts replaces the Unix socket of a relay that was killed, and refuses that of one that runs", async () => {
  await using prepared = await prepare();
  const { socket, options } = prepared;
  await using first = await startRelay(options, LISTENING);
  await first.stop("SIGKILL");
  assertEquals(await isThere(socket), true);
  await assertRejects(() => get(socket, "/"), Deno.errors.ConnectionRefused);
  await using second = await startRelay(options, LISTENING);
  const env = { ...options.env, PORT: `${freePort()}` };
  const { code, stderr } = await halyardCommand({ ...options, env }).output();
  assertEquals(code, 1);
  assertEquals(
    new TextDecoder().decode(stderr),
    `Unable to create relay: Cannot listen on the Unix socket "${socket}": another process listens there\n` +
      "hint: stop or move what is there, or set UNIX_SOCKET ([Main] unixSocket) to another path\n",
  );
  assertMatch(await get(socket, "/health/ready"), /^HTTP\/1\.1 200 /);
  assertEquals((await second.stop()).code, 0);
});

Deno.test("main.ts needs no more than the flags that it names for a Unix socket, and names them", async () => {
  await using prepared = await prepare();
  const { file, socket, options } = prepared;
  const port = freePort();
  const code = import.meta.resolve("@std/assert").startsWith("file:") ? ",lib,tools/std" : ",lib";
  const folder = file.path.replace("/flags.tar.gz", "");
  const permissions = [
    `--allow-net=[::]:${port},0.0.0.0:${port}`,
    `--allow-read=${folder},main.ts${code}`,
    "--allow-env",
    "--allow-sys=systemMemoryInfo",
  ];
  const env = { ...options.env, PORT: `${port}` };
  const { stderr } = await halyardCommand({ env, permissions }).output();
  const [, hint = ""] = /\nhint: add (.*) to the command line\n$/.exec(new TextDecoder().decode(stderr)) ??
    [];
  assertEquals(hint, `--allow-net=unix:${socket} --allow-read=${socket} --allow-write=${socket}`);
  await using relay = await startRelay({
    ...options,
    permissions: [...permissions, ...hint.split(" ")],
    port,
  }, LISTENING);
  assertStringIncludes(await get(socket, "/sdk/latest-all"), '"one"');
  assertEquals((await relay.stop()).code, 0);
  assertEquals(await isThere(socket), false);
});

// What systemd sets (UMask=), and who may connect then: connecting needs the right to write.
for (const [umask, mode] of [["0077", 0o700], ["0007", 0o770], ["0000", 0o777]] as const) {
  Deno.test(`main.ts makes its Unix socket with the umask of its process: ${umask}`, async () => {
    await using prepared = await prepare();
    const wrapper = ["sh", "-c", `umask ${umask}; exec "$0" "$@"`];
    await using relay = await startRelay({ ...prepared.options, wrapper }, LISTENING);
    assertEquals((await Deno.lstat(prepared.socket)).mode! & 0o777, mode);
    assertEquals((await relay.stop()).code, 0);
  });
}
