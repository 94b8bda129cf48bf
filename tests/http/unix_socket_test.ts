import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { ListenError, listenUnix } from "../../lib/http/mod.ts";
import { makeLog } from "../_environments.ts";
import { wayTest } from "./_server.ts";

/** Longest time until it listens again: ms. */
const DEADLINE = 20_000;

/** Runs a test with a path in a folder of its own. */
function socketTest(name: string, fn: (path: string) => Promise<void>): void {
  wayTest({ path: "" }, name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "halyard-socket-" });
    try {
      await fn(`${folder}/halyard.sock`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

function answer(text: string): () => Response {
  return () => new Response(text);
}

/** Sends a request by a connection of its own. Returns the body of the answer. */
async function get(path: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  return (await new Response(connection.readable).text()).split("\r\n\r\n")[1]!;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Makes a socket on which nobody listens, as a process leaves it that is killed. */
async function leaveSocket(path: string): Promise<void> {
  const script = `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });
    Deno.kill(Deno.pid, "SIGKILL");`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-config", script] }).output();
  assertEquals((await Deno.lstat(path)).isSocket, true);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE);
  while (!await condition()) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function assertRefuses(path: string, message: RegExp, hint: RegExp): Promise<void> {
  const error = await assertRejects(() => listenUnix(answer("a"), { path }, makeLog()), ListenError);
  assertMatch(error.message, message);
  assertMatch(error.hint, hint);
}

socketTest("listenUnix() removes its socket when it shuts down", async (path) => {
  const server = await listenUnix(answer("a"), { path }, makeLog());
  assertEquals(await get(path), "a");
  await server.shutdown();
  assertEquals(await exists(path), false);
});

socketTest("listenUnix() replaces a socket that a process has left behind", async (path) => {
  await leaveSocket(path);
  const server = await listenUnix(answer("a"), { path }, makeLog());
  assertEquals(await get(path), "a");
  await server.shutdown();
});

socketTest("listenUnix() refuses a path where another process listens, and leaves it alone", async (path) => {
  const first = await listenUnix(answer("first"), { path }, makeLog());
  await assertRefuses(
    path,
    /^Cannot listen on the Unix socket ".*": another process listens there$/,
    /^stop/,
  );
  assertEquals(await get(path), "first");
  await first.shutdown();
});

// What is at the path, and what the kernel says of a connection to it is "refused", as of a socket without a process.
const OTHERS: [what: string, make: (path: string) => Promise<void>][] = [
  ["a file", (path) => Deno.writeTextFile(path, "precious")],
  ["a directory", (path) => Deno.mkdir(path)],
  ["a link to a file", async (path) => {
    await Deno.writeTextFile(`${path}.file`, "precious");
    await Deno.symlink(`${path}.file`, path);
  }],
  ["a link to a socket that was left behind", async (path) => {
    await leaveSocket(`${path}.socket`);
    await Deno.symlink(`${path}.socket`, path);
  }],
  ["a link to nothing", (path) => Deno.symlink(`${path}.none`, path)],
];

for (const [what, make] of OTHERS) {
  socketTest(`listenUnix() refuses ${what}, and never removes it`, async (path) => {
    await make(path);
    const before = await Deno.lstat(path);
    await assertRefuses(
      path,
      /: something is there that is not a socket, and is not removed$/,
      /^stop or move/,
    );
    assertEquals((await Deno.lstat(path)).ino, before.ino);
  });
}

socketTest("listenUnix() says what to do about a directory that is missing", async (path) => {
  await assertRefuses(`${path}/none/a.sock`, /: listen ENOENT: /, /^make its directory/);
});

Deno.test("listenUnix() says what to do about a directory where nothing can be made", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await assertRefuses("/sys/halyard.sock", /: listen (EACCES|EROFS|EPERM): /, /^let the user/);
});

socketTest("listenUnix() leaves what has taken its path alone when it shuts down", async (path) => {
  const first = await listenUnix(answer("first"), { path }, makeLog());
  await Deno.remove(path);
  const second = await listenUnix(answer("second"), { path }, makeLog());
  await first.shutdown();
  assertEquals(await get(path), "second");
  await second.shutdown();
  assertEquals(await exists(path), false);
});

socketTest(
  "listenUnix() finishes what is under way when its path is taken and it shuts down",
  async (path) => {
    const { promise: isAsked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: response, resolve: respond } = Promise.withResolvers<Response>();
    const first = await listenUnix(
      () => {
        ask();
        return response;
      },
      { path },
      makeLog(),
    );
    const got = get(path);
    await isAsked;
    await Deno.rename(path, `${path}.moved`);
    await Deno.writeTextFile(path, "another's");
    const closed = first.shutdown();
    respond(new Response("late"));
    assertEquals(await got, "late");
    await closed;
    assertEquals(await Deno.readTextFile(path), "another's");
  },
);

socketTest(
  "listenUnix() makes its socket again when it has been removed, and serves old connections on",
  async (path) => {
    const log = makeLog();
    const server = await listenUnix(answer("a"), { path }, log);
    using connection = await Deno.connect({ transport: "unix", path });
    await Deno.remove(path);
    await until(() => exists(path));
    await until(() => log.lines.length > 0);
    assertEquals(await get(path), "a");
    const request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    assertStringIncludes(await new Response(connection.readable).text(), "\r\n\r\na");
    assertEquals(log.lines, [
      `warn: The Unix socket took no connections or was gone: listening again path=${path}`,
    ]);
    await server.shutdown();
    assertEquals(await exists(path), false);
  },
);

socketTest(
  "listenUnix() says once that its path is taken, and listens there again when it is free",
  async (path) => {
    const log = makeLog();
    const first = await listenUnix(answer("first"), { path }, log);
    await Deno.remove(path);
    const second = await listenUnix(answer("second"), { path }, makeLog());
    await until(() => log.lines.length > 0);
    assertMatch(
      log.lines[0]!,
      /^error: Cannot listen on the Unix socket .*: another process listens there hint=/,
    );
    assertEquals(await get(path), "second");
    await second.shutdown();
    await until(() => log.lines.length > 1);
    assertMatch(log.lines[1]!, /^warn: The Unix socket .*: listening again/);
    assertEquals(await get(path), "first");
    await first.shutdown();
  },
);
