import { assert, assertEquals, assertMatch } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, startRelay } from "./_relay.ts";

/** Requests of which each makes a log line of some 80 characters: more than pipe and queue together hold. */
const REQUESTS = 8_000;

async function makeFile(): Promise<DataFile> {
  return await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(true) } } }));
}

/** Waits until a relay serves whose log nobody reads. */
async function waitUntilServing(url: string): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  while (true) {
    const response = await fetch(`${url}/health/ready`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return;
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends requests, some at a time. */
async function request(url: string, count: number): Promise<void> {
  let left = count;
  async function send(): Promise<void> {
    while (left-- > 0) {
      const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(10_000) });
      await response.body?.cancel();
      assertEquals(response.status, 200);
    }
  }
  await Promise.all(Array.from({ length: 20 }, send));
}

for (const format of ["text", "json"]) {
  Deno.test(`main.ts answers though nobody reads its log, counts what it drops and goes on in order (${format})`, async () => {
    await using file = await makeFile();
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { PORT: String(port), FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug", LOG_FORMAT: format };
    await using process = halyardCommand({ env }).spawn();
    await waitUntilServing(url);
    await request(url, REQUESTS);
    // Its reader is back.
    const decoder = new TextDecoderStream();
    const reading = process.stdout.pipeThrough(
      decoder as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>,
    )
      .getReader();
    let log = "";
    while (!/Dropped \d+ lines/.test(log)) log += (await reading.read()).value ?? "";
    await request(url, 10);
    process.kill("SIGTERM");
    for (let part = await reading.read(); !part.done; part = await reading.read()) log += part.value;
    const lines = log.trimEnd().split("\n");
    const at = lines.findIndex((line) => line.includes("Dropped "));
    assertMatch(lines[0]!, /Starting Halyard/);
    assertMatch(lines.at(-1)!, /Stopping; .*SIGTERM/);
    const times = lines.map((line) => format === "json" ? JSON.parse(line).timestamp : line.slice(0, 26));
    assertEquals(times, times.toSorted());
    const dropped = lines.reduce((sum, line) => sum + Number(/Dropped (\d+) lines/.exec(line)?.[1] ?? 0), 0);
    const requests = lines.filter((line) => /route(=|":")\/health\/live/.test(line)).length;
    assert(at > 0 && dropped > 0);
    // A look at the file may be among what was dropped.
    assert([0, 1].includes(requests + dropped - REQUESTS - 10), `${requests} written, ${dropped} dropped`);
    assertEquals((await process.status).code, 0);
    assertEquals(await new Response(process.stderr).text(), "");
  });
}

Deno.test("main.ts logs a problem once, and at the end how often it has happened since", async () => {
  // More than the kernel's buffers take, and nothing that gzip could make small.
  const huge = constantFlag(Array.from({ length: 300_000 }, () => crypto.randomUUID()).join(""));
  await using file = await DataFile.create(await packArchive({ e1: { flags: { huge } } }));
  const env = {
    FILE_DATA_SOURCE: file.path,
    LOG_LEVEL: "debug",
    CLIENT_WRITE_SLACK: "10ms",
    CLIENT_WRITE_MAX_TIME: "1s",
  };
  await using relay = await startRelay({ env });
  const connections = await Promise.all(Array.from({ length: 5 }, async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: relay.port });
    const head = "GET /all HTTP/1.1\r\nHost: x\r\nAuthorization: sdk-e1\r\n\r\n";
    await connection.write(new TextEncoder().encode(head));
    return connection;
  }));
  for (const _ of connections) await relay.waitFor("Stream closed environment=e1 kind=sdk durationMs=");
  for (const connection of connections) connection.close();
  assertEquals((await relay.stop()).code, 0);
  const message = "WARN: Client stopped reading (stalled): closed its connection environment=e1";
  assertEquals(relay.lines.filter((line) => line.includes("WARN")).map((line) => line.slice(27)), [
    message,
    `${message} repeated=4`,
  ]);
});

Deno.test("main.ts ends at a signal though nobody reads its log", async () => {
  await using file = await makeFile();
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" };
  await using process = halyardCommand({ env }).spawn();
  await waitUntilServing(url);
  await request(url, REQUESTS);
  process.kill("SIGTERM");
  assertEquals((await process.status).code, 0);
  await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
});

Deno.test({
  name: "main.ts serves, and ends well, though its log goes to a full disk",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using file = await makeFile();
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = { PORT: String(port), FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" };
    await using process = halyardCommand({ env, wrapper: ["sh", "-c", 'exec "$0" "$@" >/dev/full 2>&1'] })
      .spawn();
    await waitUntilServing(url);
    await request(url, 100);
    process.kill("SIGTERM");
    assertEquals((await process.status).code, 0);
    await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
  },
});

Deno.test("main.ts serves, and ends well, though the reader of its log has gone", async () => {
  await using file = await makeFile();
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PORT: String(port), FILE_DATA_SOURCE: file.path, LOG_LEVEL: "debug" };
  await using process = halyardCommand({ env }).spawn();
  await Promise.all([process.stdout.cancel(), process.stderr.cancel()]);
  await waitUntilServing(url);
  await request(url, 100);
  process.kill("SIGTERM");
  assertEquals((await process.status).code, 0);
});

Deno.test("main.ts prints all of --help, to a file, to a pipe that is read late, and to one whose reader goes", async () => {
  const args = ["--help"];
  const path = await Deno.makeTempFile();
  assertEquals(
    (await halyardCommand({ env: {}, args, wrapper: ["sh", "-c", `exec "$0" "$@" >${path}`] }).output()).code,
    0,
  );
  const help = await Deno.readTextFile(path);
  assertMatch(help, /^halyard [^]*docs\/settings\.md\.\n$/);
  await using late = halyardCommand({ env: {}, args }).spawn();
  assertEquals(await new Response(late.stderr).text(), "");
  assertEquals(await new Response(late.stdout).text(), help);
  await using gone = halyardCommand({ env: {}, args }).spawn();
  await gone.stdout.cancel();
  assertEquals(await new Response(gone.stderr).text(), "");
  assertEquals((await gone.status).code, 0);
  await Deno.remove(path);
});
