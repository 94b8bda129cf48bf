import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { assertEquals, assertMatch } from "@std/assert";
import { finish, inFolder, list, startPull } from "./_process.ts";
import { archiveAnswer, head, KEY, makeArchive, serveAnswers } from "./_server.ts";

const ARCHIVE = await makeArchive(true);

function fixture(name: string): string {
  return new URL(`../fixtures/tls/${name}`, import.meta.url).pathname;
}

/** Waits until a server has had so many requests of a process. */
async function waitFor(
  requests: readonly string[],
  count: number,
  process: Deno.ChildProcess,
): Promise<void> {
  let isOver = false;
  process.status.then(() => isOver = true);
  while (requests.length < count && !isOver) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("pull --every follows a server until a signal, which is no failure", () =>
  inFolder(async (folder) => {
    await using server = serveAnswers(
      archiveAnswer(ARCHIVE, { ETag: '"1"' }),
      [head("304 Not Modified")],
      [head("404 Not Found", { "Content-Length": 0 })],
    );
    const process = startPull(folder, server.url, ["--every", "1s"]);
    await waitFor(server.requests, 4, process);
    process.kill("SIGTERM");
    const [code, output, errors] = await finish(process);
    assertEquals(code, 0);
    assertMatch(
      output,
      /^flags\.tar\.gz: \d+ bytes, SHA-256 [\da-f]{64}\n.*\n.*line-control\/production.*\n$/,
    );
    assertMatch(errors, /^(Error: Cannot download the archive .* status 404\nhint: .*\n)+$/);
    assertEquals(list(folder), ["flags.tar.gz", "flags.tar.gz.etag"]);
  }));

Deno.test("pull leaves nothing behind when a signal stops it", () =>
  inFolder(async (folder) => {
    await using server = serveAnswers([head("200 OK", { "Content-Length": 9 }), "x", "stall"]);
    const process = startPull(folder, server.url, []);
    await waitFor(server.requests, 1, process);
    assertMatch(list(folder).join(), /^\.flags\.tar\.gz\.[\da-f-]{36}\.part$/);
    process.kill("SIGINT");
    const [code, output, errors] = await finish(process);
    assertEquals([code, output], [2, ""]);
    assertEquals(errors, "Error: Cannot finish the download: a signal has stopped it\n");
    assertEquals(list(folder), []);
  }));

/** A proxy that opens tunnels for those who know the password. */
async function serveProxy(): Promise<AsyncDisposable & { address: string; requests: string[] }> {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    sockets.push(client.on("error", () => {}));
    let request = "";
    client.on("data", function read(chunk) {
      request += chunk;
      if (!request.endsWith("\r\n\r\n")) return;
      client.off("data", read);
      requests.push(request);
      const isKnown = request.includes(`Basic ${btoa("me:hunter2")}`);
      if (!isKnown) return client.end("HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n");
      const upstream = connect(Number(/^CONNECT 127\.0\.0\.1:(\d+)/.exec(request)?.[1]), "127.0.0.1");
      sockets.push(upstream.on("error", () => {}));
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

Deno.test("pull goes through HTTPS_PROXY, past it for NO_PROXY, and says when it is turned away", () =>
  inFolder(async (folder) => {
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: await Deno.readTextFile(fixture("localhost.pem")),
      key: await Deno.readTextFile(fixture("localhost.key")),
      onListen() {},
    }, ({ headers }) => new Response(headers.get("authorization") === KEY ? ARCHIVE : "", { status: 200 }));
    await using proxy = await serveProxy();
    const url = new URL(`https://127.0.0.1:${server.addr.port}`);
    const args = ["--ca-file", fixture("ca.pem")];
    const HTTPS_PROXY = `http://me:hunter2@${proxy.address}`;

    assertEquals((await finish(startPull(folder, url, args, { HTTPS_PROXY })))[0], 0);
    assertEquals(proxy.requests.splice(0).length, 1);
    const past = startPull(folder, url, args, { HTTPS_PROXY, NO_PROXY: "127.0.0.1" });
    assertEquals((await finish(past))[0], 0);
    assertEquals(proxy.requests, []);
    const unknown = startPull(folder, url, args, { HTTPS_PROXY: `http://you:hunter2@${proxy.address}` });
    const [code, output, errors] = await finish(unknown);
    assertEquals([code, output], [2, ""]);
    assertMatch(
      errors,
      /proxy authentication required\nhint: write user and password into HTTPS_PROXY: .*\n$/,
    );
  }));
