import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DEFAULT_SETTINGS, type Settings } from "../lib/config/mod.ts";
import { ListenError } from "../lib/http/mod.ts";
import { type Relay, startRelay } from "../lib/relay.ts";
import { makeLog } from "./_environments.ts";
import { constantFlag, DataFile, packArchive } from "./e2e/_archive.ts";

const THREADS = 2;

/**
 * How long a thread may take to be replaced: ms. A process that other tests start meanwhile inherits the Unix socket of `node:net`
 * (Deno 2.9.6), which is listened on until that one ends.
 */
const DEADLINE = 60_000;

/** Connections that nobody shares: each is given to a thread of its own. */
const ENOUGH_CONNECTIONS = 40;

function archiveWith(version: number): Promise<Uint8Array> {
  const filler = { ...constantFlag("x".repeat(100_000)), key: "filler" };
  return packArchive({ e1: { flags: { f: constantFlag(version, version), filler } } });
}

interface Running extends AsyncDisposable {
  relay: Relay;
  log: ReturnType<typeof makeLog>;
  file: DataFile;
  url: string;
}

async function start(settings: Partial<Settings> = {}): Promise<Running> {
  const file = await DataFile.create(await archiveWith(1));
  const log = makeLog();
  const relay = await startRelay({
    ...DEFAULT_SETTINGS,
    port: 0,
    bindAddress: "127.0.0.1",
    threads: THREADS,
    shutdownGracePeriod: 2_000,
    fileDataSource: file.path,
    ...settings,
  }, { log, threadUrl: new URL("./_mortal_thread.ts", import.meta.url) });
  return {
    relay,
    log,
    file,
    url: `http://127.0.0.1:${relay.address.port}`,
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await file[Symbol.asyncDispose]();
    },
  };
}

async function replaceWith({ file, relay }: Running, version: number): Promise<void> {
  await file.replace(await archiveWith(version));
  await relay.reload();
}

/** Asks on a connection of its own. */
async function get(url: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: "sdk-e1", connection: "close", ...headers },
  });
  return new Response(await response.bytes(), { status: response.status, headers: response.headers });
}

async function getVersion(url: string): Promise<number> {
  return (await (await get(url, "/sdk/flags/f")).json()).version;
}

/** Versions of flag `f` that as many connections get. */
function getVersions(url: string): Promise<number[]> {
  return Promise.all(Array.from({ length: ENOUGH_CONNECTIONS }, () => getVersion(url)));
}

/** An open stream of `/all`. */
interface Stream {
  /** Waits for text; `false` if the stream ends before. */
  waitFor(text: string): Promise<boolean>;
  close(): Promise<void>;
}

async function openStream(url: string): Promise<Stream | number> {
  const response = await fetch(`${url}/all`, { headers: { authorization: "sdk-e1" } });
  if (!response.ok) {
    await response.body!.cancel();
    return response.status;
  }
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  return {
    async waitFor(text) {
      while (!received.includes(text)) {
        const { value } = await reader.read().catch(() => ({ value: undefined }));
        if (value === undefined) return false;
        received += value;
      }
      received = "";
      return true;
    },
    close: () => reader.cancel().catch(() => {}),
  };
}

async function openStreams(url: string, count: number): Promise<Stream[]> {
  const streams = await Promise.all(Array.from({ length: count }, () => openStream(url)));
  return streams.filter((stream) => typeof stream !== "number");
}

/** Has a thread throw what nobody catches, and waits until another has taken its place. `meanwhile` is called again and again. */
async function kill(
  index: number,
  { log, file }: Running,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await Deno.writeTextFile(`${file.path}.kill${index}`, "");
  const deadline = performance.now() + DEADLINE;
  while (!log.lines.some((line) => line.includes("has been replaced"))) {
    assert(performance.now() < deadline, `No thread has been replaced:\n${log.lines.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await meanwhile();
  }
}

/** Tests what needs `--unstable-net`; ignored without, where threads cannot share a port. */
function threadTest(name: string, fn: () => Promise<void>): void {
  const ignore = !("listenDatagram" in Deno);
  Deno.test({ name, fn, ignore });
}

threadTest(
  "threads serve the same on the same ports, documents and events of shared memory too",
  async () => {
    await using running = await start({ streamPort: 0 });
    const { relay, url, log } = running;
    for (const address of [url, `http://127.0.0.1:${relay.streamAddress!.port}`]) {
      const tags = new Set<string | null>();
      for (let i = 0; i < ENOUGH_CONNECTIONS; i++) {
        for (const encoding of ["identity", "gzip"]) {
          const response = await get(address, "/sdk/latest-all", { "accept-encoding": encoding });
          assertEquals((await response.json()).flags.f.version, 1);
          tags.add(response.headers.get("etag"));
        }
      }
      assertEquals(tags.size, 1);
      const context = btoa('{"kind":"user","key":"u"}');
      const evaluated = await get(address, `/sdk/evalx/contexts/${context}`);
      assertEquals((await evaluated.json()).f, { value: 1, variation: 1, version: 1 });
      const stream = await openStream(address) as Stream;
      assert(await stream.waitFor("event: put"));
      await stream.close();
    }
    const { dataFile, environments } = await (await get(url, "/status")).json();
    assertEquals([Object.keys(environments), dataFile.digest.length], [["e1"], 64]);
    assertEquals(log.lines.filter((line) => /^(warn|error)/.test(line)), []);
  },
);

threadTest(
  "a swap reaches all threads before any stream hears of it, and brings every stream there",
  async () => {
    await using running = await start();
    const { url, relay, file } = running;
    const streams = await openStreams(url, 20);
    assertEquals(
      await Promise.all(streams.map((stream) => stream.waitFor("event: put"))),
      Array(20).fill(true),
    );
    for (let version = 2; version <= 6; version++) {
      await file.replace(await archiveWith(version));
      const reloaded = relay.reload();
      // The first stream that hears of it polls at once, by as many connections as reach both threads.
      await Promise.any(streams.map((stream) => stream.waitFor(`"version":${version}`)));
      const versions = await Promise.all(Array.from({ length: 10 }, () => getVersion(url)));
      assertEquals(new Set(versions), new Set([version]));
      await reloaded;
      const { dataFile } = await (await get(url, "/status")).json();
      assertEquals(dataFile.lastError, undefined);
    }
    await Promise.all(streams.map((stream) => stream.close()));
  },
);

threadTest("MAX_STREAMS counts the streams of all threads", async () => {
  await using running = await start({ maxStreams: 5 });
  const streams = [];
  for (let i = 0; i < 5; i++) streams.push(await openStream(running.url) as Stream);
  for (const stream of streams) assert(await stream.waitFor("event: put"));
  for (let i = 0; i < 10; i++) assertEquals(await openStream(running.url), 503);
  await streams[0]!.close();
  let again = await openStream(running.url);
  for (let i = 0; i < 100 && typeof again === "number"; i++) again = await openStream(running.url);
  assert(typeof again !== "number");
  await Promise.all([...streams, again].map((stream) => stream.close()));
});

threadTest("MAX_CONNECTIONS_PER_ADDRESS counts the connections of all threads", async () => {
  await using running = await start({ streamPort: 0, maxConnectionsPerAddress: 5 });
  const url = `http://127.0.0.1:${running.relay.streamAddress!.port}`;
  const streams: Stream[] = [];
  for (let i = 0; i < 5; i++) streams.push(await openStream(url) as Stream);
  for (const stream of streams) assert(await stream.waitFor("event: put"));
  for (let i = 0; i < 5; i++) {
    // Whoever is refused may have been answered already, but is cut off.
    const stream = await openStream(url).catch(() => 0);
    if (typeof stream !== "number") assertEquals(await stream.waitFor("nothing of that kind"), false);
  }
  await streams[0]!.close();
  let again: Stream | number = 0;
  for (let i = 0; i < 100 && typeof again === "number"; i++) {
    again = await openStream(url).catch(() => 0);
    if (typeof again !== "number" && !await again.waitFor("event: put")) again = 0;
  }
  assert(typeof again !== "number");
  assert(running.log.lines.some((line) => line.includes("MAX_CONNECTIONS_PER_ADDRESS")));
  await Promise.all([...streams, again].map((stream) => stream.close()));
});

threadTest(
  "a thread that dies closes its own connections, is replaced, and nobody else notices",
  async () => {
    await using running = await start();
    const { url, log } = running;
    await replaceWith(running, 2);
    const streams = await openStreams(url, 30);
    await Promise.all(streams.map((stream) => stream.waitFor("event: put")));

    // The other one answers all the time.
    await kill(0, running, async () => {
      assertEquals((await get(url, "/health/live").catch(() => undefined))?.status ?? 200, 200);
    });
    assertMatch(
      log.lines.find((line) => line.startsWith("error"))!,
      /A serving thread has died, its connections are closed; another takes its place thread=1 error="Error: planted/,
    );
    assertEquals(new Set(await getVersions(url)), new Set([2]), "the new one has what is served");
    await replaceWith(running, 3);
    const reached = await Promise.all(streams.map((stream) => stream.waitFor('"version":3')));
    assert(reached.includes(true) && reached.includes(false), "some streams were those of the other thread");
    assertEquals(new Set(await getVersions(url)), new Set([3]));
    // What died is no longer counted.
    const more = await openStreams(url, 30);
    assertEquals(more.length, 30);
    await Promise.all([...streams, ...more].map((stream) => stream.close()));
  },
);

/** Sends a request by a Unix socket. Returns the answer. */
async function getByUnix(path: string, target: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const request =
    `GET ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: sdk-e1\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

threadTest(
  "the first thread alone listens on a Unix socket, as does the one that takes its place",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "halyard-threads-" });
    const unixSocket = `${folder}/halyard.sock`;
    {
      await using running = await start({ unixSocket });
      assertMatch(await getByUnix(unixSocket, "/sdk/flags/f"), /"version":1[,}]/);
      await replaceWith(running, 2);
      assertMatch(await getByUnix(unixSocket, "/sdk/flags/f"), /"version":2[,}]/);
      await kill(0, running);
      assertMatch(await getByUnix(unixSocket, "/sdk/flags/f"), /"version":2[,}]/);
      const error = await assertRejects(() => start({ unixSocket }), ListenError);
      assertMatch(error.message, /^Cannot listen on the Unix socket ".*": another process listens there$/);
      assertMatch(error.hint, /UNIX_SOCKET/);
      assertMatch(await getByUnix(unixSocket, "/health/ready"), /^HTTP\/1\.1 200 /);
    }
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    await Deno.remove(folder);
  },
);

threadTest(
  "an environment with a fault keeps its data in all threads, those that start later too",
  async () => {
    await using running = await start();
    const { url, file, relay, log } = running;
    await file.replace(await packArchive({ e1: { flags: { f: { ...constantFlag(2), version: "x" } } } }));
    await relay.reload();
    assert(log.lines.some((line) => line.startsWith("error: Found invalid data")));

    await kill(1, running);
    for (let i = 0; i < 10; i++) {
      assertEquals(await getVersion(url), 1);
      assertEquals((await (await get(url, "/health/ready")).json()).status, "degraded");
    }
  },
);

threadTest("threads refuse a port that is taken, and leave nothing running", async () => {
  await using running = await start();
  const { port } = running.relay.address;
  const error = await assertRejects(() => start({ port }), ListenError);
  assertMatch(error.message, new RegExp(`^Cannot listen on port ${port} of "127.0.0.1"`));
});
