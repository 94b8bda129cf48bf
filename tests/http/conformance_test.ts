import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { createAddressCounter, type Server } from "../../lib/http/mod.ts";
import { makeSnapshot, makeStore, text } from "../_environments.ts";
import { describe, parseAnswer } from "./_answer.ts";
import { makeRelay } from "./_relay.ts";
import { IS_NIGHTLY } from "../_nightly.ts";
import { connect, exchange, isNode, type Way, WAYS, wayTest, withServer, write } from "./_server.ts";

const LARGE = "x".repeat(400_000);
const FLAGS = {
  f: { on: true, variations: [1, 2], fallthrough: { variation: 0 }, clientSide: true },
  large: { text: LARGE },
};
const CONTEXT = btoa('{"kind":"user","key":"u"}');
const BODY = '{"kind":"user","key":"u"}';
const JSON_TYPE = "Content-Type: application/json\r\n";

// Every route: method, path, what identifies the client, and a body.
const SDK = "Authorization: sdk-e1\r\n";
const MOBILE = "Authorization: mob-e1\r\n";
const ROUTES: [method: string, path: string, headers: string, body?: string][] = [
  ["GET", "/", ""],
  ["GET", "/status", ""],
  ["GET", "/health/live", ""],
  ["GET", "/health/ready", ""],
  ["GET", "/sdk/latest-all", SDK],
  ["GET", "/sdk/flags", SDK],
  ["GET", "/sdk/flags/f", SDK],
  ["GET", "/sdk/flags/large", SDK],
  ["GET", "/sdk/flags/none", SDK],
  ["GET", "/sdk/segments/s", SDK],
  ["GET", `/sdk/evalx/contexts/${CONTEXT}`, SDK],
  ["GET", `/sdk/evalx/users/${CONTEXT}?withReasons=true`, SDK],
  ["REPORT", "/sdk/evalx/context", SDK + JSON_TYPE, BODY],
  ["POST", "/sdk/evalx/user", SDK + JSON_TYPE, BODY],
  ["GET", `/msdk/evalx/contexts/${CONTEXT}`, MOBILE],
  ["REPORT", "/msdk/evalx/context", MOBILE + JSON_TYPE, BODY],
  ["GET", `/sdk/evalx/e1/contexts/${CONTEXT}`, "Origin: https://a.example\r\n"],
  ["OPTIONS", `/sdk/evalx/e1/contexts/${CONTEXT}`, "Origin: https://a.example\r\n"],
  ["REPORT", "/sdk/evalx/e1/context", JSON_TYPE, BODY],
  ["REPORT", "/sdk/evalx/e1/context", JSON_TYPE, "{"],
  ["GET", "/sdk/goals/e1", ""],
  ["GET", "/a/e1.gif?d=x", ""],
  ["POST", "/bulk", SDK + JSON_TYPE, "[]"],
  ["POST", "/diagnostic", SDK + JSON_TYPE, "{}"],
  ["POST", "/mobile", MOBILE, "[]"],
  ["POST", "/mobile/events/bulk", MOBILE, "[]"],
  ["POST", "/events/bulk/e1", JSON_TYPE, "[]"],
  ["GET", "/nope", ""],
  ["DELETE", "/status", ""],
  ["GET", "/sdk/latest-all", "Authorization: sdk-none\r\n"],
  ["GET", `/eval/none/${CONTEXT}`, ""],
];

// Every stream: path, what identifies the client, and what it begins with.
const STREAMS: [method: string, path: string, headers: string, first: string, body?: string][] = [
  ["GET", "/all", SDK, "event: put\ndata: "],
  ["GET", "/flags", SDK, "event: put\ndata: "],
  ["GET", `/eval/e1/${CONTEXT}`, "", "event: put\ndata: "],
  ["REPORT", "/eval/e1", JSON_TYPE, "event: put\ndata: ", BODY],
  ["GET", `/meval/${CONTEXT}`, MOBILE, "event: put\ndata: "],
  ["REPORT", "/meval", MOBILE + JSON_TYPE, "event: put\ndata: ", BODY],
  ["GET", "/ping/e1", "", "event: ping\n"],
  ["GET", "/mping", MOBILE, "event: ping\n"],
];

function makeTestRelay() {
  return makeStore({ e1: { flags: FLAGS, segments: { s: {} } } }).then((store) => ({
    store,
    relay: makeRelay(store),
  }));
}

function requestOf(method: string, path: string, headers: string, body?: string): string {
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}${length}\r\n${body ?? ""}`;
}

/** What is never sent: with it, a connection is read to its end. */
const THE_END = "the end of the connection";

/** Reads from a connection until what came contains a text, or its end. */
async function readUntil(connection: Deno.Conn, wanted: string): Promise<string> {
  let received = "";
  const buffer = new Uint8Array(65_536);
  while (!received.includes(wanted)) {
    const length = await connection.read(buffer).catch(endOf);
    if (length === null) break;
    received += text(buffer.slice(0, length));
  }
  return received;
}

/** A connection that is cut off while its client does not read may end without a word of TLS. */
function endOf(error: unknown): null {
  if (error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.ConnectionReset) return null;
  throw error;
}

async function send(connection: Deno.Conn, request: string): Promise<void> {
  await write(connection, new TextEncoder().encode(request));
}

for (const [name, way] of WAYS) {
  wayTest(way, `every route answers by ${name} as it does without a transport`, async () => {
    const { relay } = await makeTestRelay();
    await withServer(way, relay.handler, async (server, log) => {
      for (const [method, path, headers, body] of ROUTES) {
        const request = requestOf(method, path, `${headers}Connection: close\r\n`, body);
        const answer = parseAnswer(await exchange(server, way, request));
        const expected = await describe(
          await relay.fetch(path, {
            method,
            headers: headers.split("\r\n").filter(Boolean).map((line) =>
              line.split(": ") as [string, string]
            ),
            ...body !== undefined && { body },
          }),
        );
        const known = { ...expected, body: path.startsWith("/a/") ? answer.body : expected.body };
        assertEquals(answer, known, `${method} ${path}`);
      }
      assertEquals(log.lines, []);
    });
    await relay.delivery.close();
  });

  wayTest(way, `every stream begins by ${name}, is updated, and ends with its client`, async () => {
    const { relay, store } = await makeTestRelay();
    await withServer(way, relay.handler, async (server) => {
      const connections = [];
      for (const [method, path, headers, first, body] of STREAMS) {
        const connection = await connect(server, way);
        await send(connection, requestOf(method, path, headers, body));
        const received = await readUntil(connection, first);
        assertMatch(received, /^HTTP\/1\.1 200 OK\r\n/, path);
        assertStringIncludes(received, "text/event-stream", path);
        connections.push(connection);
      }
      assertEquals(relay.delivery.size, STREAMS.length);
      const changed = { ...FLAGS, f: { ...FLAGS.f, version: 2, variations: ["changed", 2] } };
      store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: changed }) }]);
      await relay.delivery.update();
      for (const [i, connection] of connections.entries()) {
        const ping = STREAMS[i]![1].includes("ping");
        await readUntil(connection, ping ? "event: ping\n" : '"changed"');
        connection.close();
      }
      await untilTrue(() => relay.delivery.size === 0);
    });
    await relay.delivery.close();
  });

  wayTest(
    way,
    `${name} answers one request after the other on a connection, large ones and 304 too`,
    async () => {
      const { relay } = await makeTestRelay();
      const etag = (await relay.get("/sdk/latest-all")).headers.get("etag");
      await withServer(way, relay.handler, async (server) => {
        using connection = await connect(server, way);
        const requests = [
          requestOf("GET", "/sdk/latest-all", SDK),
          requestOf("GET", "/sdk/latest-all", `${SDK}If-None-Match: ${etag}\r\n`),
          requestOf("HEAD", "/sdk/latest-all", SDK),
          requestOf("GET", "/sdk/flags/f", `${SDK}Accept-Encoding: gzip\r\n`),
          requestOf("REPORT", "/sdk/evalx/context", SDK + JSON_TYPE, BODY),
          requestOf("GET", "/sdk/latest-all", `${SDK}Connection: close\r\n`),
        ];
        const received =
          (await Promise.all([readUntil(connection, THE_END), send(connection, requests.join(""))]))[0];
        const statuses = [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
        assertEquals(statuses, [200, 304, 200, 200, 200, 200]);
        assertEquals(received.split(LARGE).length - 1, 2);
      });
      await relay.delivery.close();
    },
  );

  wayTest(way, `${name} answers on a connection that waits for each answer`, async () => {
    const { relay } = await makeTestRelay();
    const etag = (await relay.get("/sdk/latest-all")).headers.get("etag");
    await withServer(way, relay.handler, async (server) => {
      using connection = await connect(server, way);
      const exchanges: [request: string, answer: string][] = [
        [requestOf("GET", "/health/live", ""), '"live"'],
        [requestOf("POST", "/bulk", SDK, "[]"), "HTTP/1.1 202"],
        [requestOf("POST", "/sdk/latest-all", SDK, "not read"), "HTTP/1.1 405"],
        [requestOf("GET", "/nope", ""), "page not found"],
        [requestOf("GET", "/sdk/latest-all", `${SDK}If-None-Match: ${etag}\r\n`), "HTTP/1.1 304"],
        [requestOf("HEAD", "/sdk/latest-all", SDK), "HTTP/1.1 200"],
        [requestOf("GET", "/sdk/latest-all", SDK), '"segments":{"s"'],
        [requestOf("GET", "/health/live", `Connection: close\r\n`), '"live"'],
      ];
      for (const [request, answer] of exchanges) {
        await send(connection, request);
        assertStringIncludes(await readUntil(connection, answer), answer);
      }
    });
    await relay.delivery.close();
  });

  wayTest(
    way,
    `${name} leaves nothing behind of a client that asks for streams without waiting, and goes`,
    async () => {
      const { relay } = await makeTestRelay();
      await withServer(way, relay.handler, async (server, log) => {
        for (const path of ["/all", "/sdk/latest-all"]) {
          const connection = await connect(server, way);
          await send(connection, requestOf("GET", path, SDK).repeat(3));
          await readUntil(connection, LARGE.slice(-1000));
          connection.close();
          await untilTrue(() => relay.delivery.size === 0);
        }
        assertEquals(log.lines, []);
      });
      await relay.delivery.close();
    },
  );

  wayTest(way, `${name} sends gzip as the handler compressed it`, async () => {
    const { relay } = await makeTestRelay();
    await withServer(way, relay.handler, async (server) => {
      for (const path of ["/sdk/latest-all", "/sdk/flags/f", `/sdk/evalx/contexts/${CONTEXT}`]) {
        using connection = await connect(server, way);
        await send(
          connection,
          requestOf("GET", path, `${SDK}Accept-Encoding: gzip\r\nConnection: close\r\n`),
        );
        const bytes = await new Response(connection.readable).bytes();
        const end = bytes.findIndex((_, i) => text(bytes.slice(i, i + 4)) === "\r\n\r\n") + 4;
        assertStringIncludes(text(bytes.slice(0, end)), "content-encoding: gzip");
        const plain = await (await relay.get(path)).text();
        assertEquals(gunzipSync(bytes.slice(end)).toString(), plain, path);
      }
    });
    await relay.delivery.close();
  });

  wayTest(
    way,
    `${name} takes a peer that has closed its half for one that has gone, and leaves nothing behind`,
    async () => {
      // TLS has no half-closed connections.
      if (way.tls) return;
      const { relay } = await makeTestRelay();
      await withServer(way, relay.handler, async (server, log) => {
        for (const path of ["/sdk/latest-all", "/all"]) {
          using connection = await connect(server, way);
          await send(connection, requestOf("GET", path, `${SDK}Connection: close\r\n`));
          await (connection as Deno.TcpConn | Deno.UnixConn).closeWrite();
          await readUntil(connection, THE_END);
        }
        await untilTrue(() => relay.delivery.size === 0);
        assertEquals(log.lines, []);
      });
      await relay.delivery.close();
    },
  );

  wayTest(way, `${name} keeps a reader that takes its time, and sends each piece once`, async () => {
    const { relay } = await makeTestRelay();
    await withServer(way, relay.handler, async (server) => {
      for (const [path, end] of [["/sdk/latest-all", "}}"], ["/all", "}\n\n"]] as const) {
        using connection = await connect(server, way);
        await send(connection, requestOf("GET", path, `${SDK}Connection: close\r\n`));
        let received = "";
        const buffer = new Uint8Array(30_000);
        while (
          !received.includes(`${LARGE.slice(0, 100)}"}`) ||
          !received.trimEnd().includes(end.trimEnd(), LARGE.length)
        ) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          const length = await connection.read(buffer);
          if (length === null) break;
          received += text(buffer.slice(0, length));
        }
        const isChunked = received.includes("transfer-encoding: chunked") ||
          received.includes("Transfer-Encoding: chunked");
        const body = received.slice(received.indexOf("\r\n\r\n") + 4);
        assert((isChunked ? body.replaceAll(/\r\n[\da-f]+\r\n|\r\n/g, "") : body).includes(LARGE), path);
      }
    });
    await relay.delivery.close();
  });

  wayTest(
    way,
    `${name} ends streams and finishes documents when it shuts down, and then refuses`,
    async () => {
      const { relay } = await makeTestRelay();
      let stopped: Server;
      await withServer(way, relay.handler, async (server) => {
        stopped = server;
        using streaming = await connect(server, way);
        await send(streaming, requestOf("GET", "/all", SDK));
        await readUntil(streaming, LARGE.slice(0, 10));
        using polling = await connect(server, way);
        await send(polling, requestOf("GET", "/sdk/latest-all", `${SDK}Connection: close\r\n`));
        // Its answer is on its way when its first byte is there.
        const start = await readUntil(polling, "HTTP/1.1 200 OK");
        const polled = readUntil(polling, THE_END);
        const first = readUntil(streaming, THE_END);
        await Promise.all([relay.delivery.close(), server.shutdown(), first, polled]);
        assert((start + await polled).includes(LARGE));
      });
      await assertRejects(() => connect(stopped, way));
    },
  );
}

async function untilTrue(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(10_000);
  while (!condition()) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const [name, way] of WAYS.filter(([, way]) => isNode(way))) {
  const obstacle = IS_NIGHTLY ? "" : " (ignored: it takes half a minute, see deno task test:nightly)";
  wayTest(
    way,
    `${name} closes connections on which nothing comes after half a minute${obstacle}`,
    async () => {
      await withServer(way, () => new Response(), async (server) => {
        // Without a word of TLS either.
        const { tls: _, ...plain } = way;
        using silent = await connect(server, plain);
        using halting = await connect(server, way);
        await send(halting, "GET / HTTP/1.1\r\nHost: ");
        const start = performance.now();
        await Promise.all([readUntil(silent, THE_END), readUntil(halting, THE_END)]);
        const seconds = (performance.now() - start) / 1000;
        assert(seconds > 25 && seconds < 35, `${seconds} s`);
      });
    },
    { ignore: !IS_NIGHTLY },
  );
}

const LIMITED: Way = { isForStreams: true, addressCounter: createAddressCounter(3) };

wayTest(
  LIMITED,
  "MAX_CONNECTIONS_PER_ADDRESS closes what is above, says so, and counts again what has closed",
  async () => {
    const { relay } = await makeTestRelay();
    await withServer(LIMITED, relay.handler, async (server, log) => {
      const connections = [];
      for (let i = 0; i < 3; i++) {
        const connection = await connect(server, LIMITED);
        await send(connection, requestOf("GET", "/health/live", ""));
        assertStringIncludes(await readUntil(connection, "live"), "200 OK");
        connections.push(connection);
      }
      assertEquals(await exchange(server, LIMITED, requestOf("GET", "/health/live", "")), "");
      assertMatch(log.lines[0]!, /^warn: Closed connections: .* address=.* count=1$/);
      for (const connection of connections) connection.close();
      let answer = "";
      const deadline = AbortSignal.timeout(10_000);
      while (answer === "") {
        deadline.throwIfAborted();
        answer = await exchange(server, LIMITED, requestOf("GET", "/health/live", "Connection: close\r\n"));
      }
      assertMatch(answer, /^HTTP\/1\.1 200 /);
      assertEquals(log.lines.length, 1, "one line a minute");
    });
    await relay.delivery.close();
  },
);
