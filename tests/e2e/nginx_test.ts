import { assert, assertEquals, assertMatch } from "@std/assert";
import { canRun } from "../tools/_programs.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, FROM_SOURCE, startRelay } from "./_relay.ts";

/** Longest time until nginx listens: ms. */
const DEADLINE = 10_000;

const canRunNginx = await canRun("nginx");

/** The lines of docs/deploy.md, with a port and a path of their own. */
async function readConfiguration(port: number, socket: string): Promise<string> {
  const docs = await Deno.readTextFile(new URL("../../docs/deploy.md", import.meta.url));
  const lines = /```nginx\n(.*?)```/s.exec(docs)![1]!;
  assert(lines.includes("listen 80;") && lines.includes("server unix:/run/halyard/halyard.sock;"));
  return lines.replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replaceAll("/run/halyard/halyard.sock", socket);
}

/** Runs nginx until it is disposed of. */
async function startNginx(folder: string, port: number, socket: string): Promise<AsyncDisposable> {
  const path = `${folder}/nginx.conf`;
  const bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${folder}/${name};`
  );
  await Deno.writeTextFile(
    path,
    `daemon off;
    ${Deno.uid() === 0 ? "user root;" : ""}
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events {}
    http { access_log off; ${bodies.join("")} ${await readConfiguration(port, socket)} }`,
  );
  const process = new Deno.Command("nginx", {
    args: ["-c", path, "-e", `${folder}/error.log`],
    stdin: "null",
  }).spawn();
  const deadline = AbortSignal.timeout(DEADLINE);
  while (!await Deno.connect({ hostname: "127.0.0.1", port }).then((c) => (c.close(), true), () => false)) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}

Deno.test({
  name: "nginx as docs/deploy.md configures it passes on polls, streams, REPORT and events" +
    (canRunNginx ? "" : " (ignored: no nginx)"),
  ignore: !canRunNginx,
  async fn() {
    function archiveWith(value: string, version: number): Promise<Uint8Array> {
      return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
    }
    await using file = await DataFile.create(await archiveWith("one", 1));
    const folder = await Deno.makeTempDir({ prefix: "halyard-nginx-" });
    await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
    const socket = `${folder}/halyard.sock`;
    const env = { FILE_DATA_SOURCE: file.path, UNIX_SOCKET: socket };
    await using relay = await startRelay({ env, permissions: FROM_SOURCE }, "Listening on a Unix socket");
    const port = freePort();
    await using _nginx = await startNginx(folder, port, socket);
    const url = `http://127.0.0.1:${port}`;
    const headers = { authorization: "sdk-e1" };

    const stream = await fetch(`${url}/all`, { headers });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertMatch((await reader.read()).value!, /^event: put\n.*"one"/);
    await file.replace(await archiveWith("two", 2));
    assertMatch((await reader.read()).value!, /^event: patch\n.*"two"/);
    await reader.cancel();

    const first = await fetch(`${url}/sdk/latest-all`, { headers });
    assertEquals((await first.json()).flags.f.version, 2);
    const etag = first.headers.get("etag")!;
    const again = await fetch(`${url}/sdk/latest-all`, { headers: { ...headers, "if-none-match": etag } });
    assertEquals([again.status, await again.text()], [304, ""]);
    const report = await fetch(`${url}/sdk/evalx/context`, {
      method: "REPORT",
      headers: { ...headers, "content-type": "application/json" },
      body: '{"kind":"user","key":"u"}',
    });
    assertEquals((await report.json()).f.value, "two");
    // More than nginx takes by default.
    const events = await fetch(`${url}/bulk`, { method: "POST", headers, body: "x".repeat(5_000_000) });
    assertEquals([events.status, await events.text()], [202, ""]);
    assertEquals((await relay.stop()).code, 0);
  },
});
