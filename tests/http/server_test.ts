import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { DEFAULT_SETTINGS } from "../../lib/config/mod.ts";
import { drainBody } from "../../lib/http/body.ts";
import { createHandler, listen, ListenError, type ListenOptions } from "../../lib/http/mod.ts";
import { serverSdkRoutes } from "../../lib/routes/fdv1/server_sdk_routes.ts";
import { Delivery } from "../../lib/delivery/mod.ts";
import { makeLog, makeStore } from "../_environments.ts";
import { makeRelay } from "./_relay.ts";
import { connect, exchange, FIXTURES, isNode, TLS, WAYS, wayTest, withServer, write } from "./_server.ts";

function answerNothing(): Response {
  return new Response();
}

const KEYS = "Host: x\r\nAuthorization: sdk-e1\r\nConnection: close\r\n";
const CHUNKED = `${KEYS}Transfer-Encoding: chunked\r\n`;
const LONG = "a".repeat(1_000_000);
const GZIP = String.fromCharCode(...gzipSync("[]"));
const FLAG = "GET /sdk/flags/f HTTP/1.1\r\n";
const BULK = "POST /bulk HTTP/1.1\r\n";

// What is sent, and the status that each way answers with; 0 when it hangs up without an answer, -1 when that or 431.
const REQUESTS: [what: string, request: string, deno: number, node: number][] = [
  ["a chunked body", `${BULK}${CHUNKED}\r\n2\r\n[]\r\n0\r\n\r\n`, 202, 202],
  [
    "a gzip body",
    `${BULK}${KEYS}Content-Encoding: gzip\r\nContent-Length: ${GZIP.length}\r\n\r\n${GZIP}`,
    202,
    202,
  ],
  [
    "a gzip body in chunks",
    `${BULK}${CHUNKED}Content-Encoding: gzip\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n`,
    202,
    202,
  ],
  ["a body over the limit", `${BULK}${KEYS}Content-Length: ${LONG.length}\r\n\r\n${LONG}`, 202, 202],
  [
    "a chunk over the limit",
    `${BULK}${CHUNKED}\r\n${LONG.length.toString(16)}\r\n${LONG}\r\n0\r\n\r\n`,
    202,
    202,
  ],
  ["a chunk without a size", `${BULK}${CHUNKED}\r\nxx\r\n[]\r\n0\r\n\r\n`, 0, 400],
  ["chunks and a length", `${BULK}${CHUNKED}Content-Length: 3\r\n\r\n2\r\n[]\r\n0\r\n\r\n`, 400, 400],
  ["two lengths", `${BULK}${KEYS}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400, 400],
  ["a GET with a body", `${FLAG}${KEYS}Content-Length: 3\r\n\r\nabc`, 200, 200],
  ["60 KB of headers", `${FLAG}${KEYS}X: ${LONG.slice(0, 60_000)}\r\n\r\n`, 200, 200],
  ["1 MB of headers", `${FLAG}${KEYS}X: ${LONG}\r\n\r\n`, 400, -1],
  ["1 MB of path", `GET /${LONG} HTTP/1.1\r\n${KEYS}\r\n`, 400, -1],
  ["a NUL in a header", `${FLAG}${KEYS}X: a\0b\r\n\r\n`, 400, 400],
  ["a header beyond ASCII", `${FLAG}${KEYS}X: ü\r\n\r\n`, 200, 200],
  ["another host's URL", `GET http://evil.example/sdk/flags/f HTTP/1.1\r\n${KEYS}\r\n`, 200, 200],
  ["a path that climbs", `GET /sdk/x/../flags/f HTTP/1.1\r\n${KEYS}\r\n`, 301, 301],
  ["HTTP/1.0", `GET /sdk/flags/f HTTP/1.0\r\nAuthorization: sdk-e1\r\n\r\n`, 200, 200],
  ["CONNECT", `CONNECT x:80 HTTP/1.1\r\n${KEYS}\r\n`, 405, 0],
  ["TRACE", `TRACE /status HTTP/1.1\r\n${KEYS}\r\n`, 405, 405],
  ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${KEYS}\r\n`, 404, 400],
  [
    "an offer to upgrade",
    `${FLAG}${
      KEYS.replace("close", "Upgrade, HTTP2-Settings, close")
    }Upgrade: h2c\r\nContent-Length: 0\r\n\r\n`,
    400,
    200,
  ],
  ["what is no HTTP", "\x16\x03\x01\r\n\r\n", 400, 400],
];

for (const [name, way] of WAYS) {
  wayTest(way, `listen() answers hostile and odd requests by ${name}, and logs no error`, async () => {
    const relay = makeRelay(await makeStore({ e1: { flags: { f: {} } } }));
    await withServer(way, relay.handler, async (server, log) => {
      for (const [what, request, deno, node] of REQUESTS) {
        const [, status = 0] = /^HTTP\/1.[01] (\d+) /.exec(await exchange(server, way, request)) ?? [];
        const expected = isNode(way) ? node : deno;
        assert(
          expected < 0 ? [0, 431].includes(Number(status)) : Number(status) === expected,
          `${what}: ${status}`,
        );
      }
      assertEquals(log.lines, []);
    });
    await relay.delivery.close();
  });

  wayTest(way, `listen() answers HEAD by ${name} with headers alone`, async () => {
    const relay = makeRelay(await makeStore({ e1: { flags: { f: {} } } }));
    await withServer(way, relay.handler, async (server) => {
      for (
        const [path, type] of [["/sdk/latest-all", "application/json"], [
          "/all",
          "text/event-stream; charset=utf-8",
        ]]
      ) {
        const answer = await exchange(server, way, `HEAD ${path} HTTP/1.1\r\n${KEYS}\r\n`);
        assertMatch(answer, /^HTTP\/1.1 200 OK\r\n/);
        assertStringIncludes(answer, `content-type: ${type}\r\n`);
        assert(answer.endsWith("\r\n\r\n"));
      }
    });
    assertEquals(relay.delivery.size, 0);
    await relay.delivery.close();
  });

  wayTest(way, `listen() lets a handler by ${name} answer though the body never ends`, async () => {
    async function handler(request: Request): Promise<Response> {
      await drainBody(request, 1000, 50);
      return new Response(null, { status: 202 });
    }
    await withServer(way, handler, async (server, log) => {
      const connection = await connect(server, way);
      await write(connection, new TextEncoder().encode(`${BULK}Host: x\r\nContent-Length: 100\r\n\r\nabc`));
      const buffer = new Uint8Array(1000);
      const length = await connection.read(buffer);
      assertMatch(new TextDecoder().decode(buffer.subarray(0, length!)), /^HTTP\/1.1 202 Accepted\r\n/);
      connection.close();
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() by ${name} leaves no stream behind when clients go away`, async () => {
    const relay = makeRelay(await makeStore({ e1: { flags: { f: {} } } }));
    await withServer(way, relay.handler, async (server, log) => {
      const connections = await Promise.all(Array.from({ length: 20 }, () => connect(server, way)));
      for (const [i, connection] of connections.entries()) {
        await write(connection, new TextEncoder().encode(`GET /all HTTP/1.1\r\n${KEYS}\r\n`));
        // Every other client goes before it has got anything.
        if (i % 2 === 0) await connection.read(new Uint8Array(1000));
        connection.close();
      }
      const deadline = AbortSignal.timeout(10_000);
      do {
        deadline.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 10));
      } while (relay.delivery.size > 0);
      assertEquals(log.lines, []);
    });
    await relay.delivery.close();
  });

  wayTest(way, `listen() by ${name} cancels what answers a client that has gone before`, async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    let isCancelled = false;
    async function answer(): Promise<Response> {
      asked.resolve();
      await gone.promise;
      return new Response(new ReadableStream({ cancel: () => void (isCancelled = true) }), {
        headers: { "content-type": "text/event-stream" },
      });
    }
    await withServer(way, answer, async (server, log) => {
      const connection = await connect(server, way);
      await write(connection, new TextEncoder().encode(`GET / HTTP/1.1\r\n${KEYS}\r\n`));
      await asked.promise;
      connection.close();
      // Until the server has seen it.
      await new Promise((resolve) => setTimeout(resolve, 100));
      gone.resolve();
      const deadline = AbortSignal.timeout(10_000);
      do {
        deadline.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 10));
      } while (!isCancelled);
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() answers 400 or 431 by ${name} to what is no HTTP, to many at once`, async () => {
    const requests = [
      ...[
        "\x01\x02\r\n\r\n",
        "GET //\xff\r\n\r\n",
        "GET / HTTP/1.9\r\n\r\n",
        "GET / HTTP/1.1\r\nA b: c\r\n\r\n",
      ],
      `GET / HTTP/1.1\r\n${KEYS}X: ${LONG.slice(0, 70_000)}\r\n\r\n`,
    ];
    await withServer(way, answerNothing, async (server, log) => {
      const answers = await Promise.all(
        requests.flatMap((request) => Array.from({ length: 20 }, () => exchange(server, way, request))),
      );
      for (const answer of answers) assertMatch(answer, /^HTTP\/1\.[01] (400|431) /);
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() answers 500 by ${name} when a handler fails, and logs why`, async () => {
    function handler(): Response {
      throw new RangeError("no such thing");
    }
    await withServer(way, handler, async (server, log) => {
      assertMatch(await exchange(server, way, `${FLAG}${KEYS}\r\n`), /^HTTP\/1.1 500 /);
      assertEquals(log.lines.length, 1);
      assertMatch(
        log.lines[0]!,
        /^error: Cannot answer a request error="RangeError: no such thing\\n +at handler/,
      );
    });
  });

  for (const path of ["/all", "/sdk/latest-all"]) {
    wayTest(
      way,
      `listen() by ${name} survives a reader of ${path} that takes nothing, which is cut off`,
      async () => {
        const store = await makeStore({ e1: { flags: { f: { text: "x".repeat(20_000_000) } } } });
        const { promise: warned, resolve } = Promise.withResolvers<string>();
        const log = { ...makeLog(), warn: resolve };
        const pace = { clientWriteMinBytesPerSecond: 2 ** 30, clientWriteSlack: 100 };
        const delivery = new Delivery({ ...DEFAULT_SETTINGS, ...pace, store, log });
        const handler = createHandler(serverSdkRoutes(delivery), {
          store,
          log,
          cors: { envAllowedOrigin: [], envAllowedHeader: [] },
        });
        await withServer(way, handler, async (server, serverLog) => {
          using connection = await connect(server, way);
          await write(connection, new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${KEYS}\r\n`));
          assertStringIncludes(await warned, "Client stopped reading (stalled)");
          assertEquals(delivery.size, 0);
          assertMatch(await exchange(server, way, `HEAD /all HTTP/1.1\r\n${KEYS}\r\n`), /^HTTP\/1.1 200 /);
          assertEquals(serverLog.lines, []);
        });
        await delivery.close();
      },
    );
  }
}

// What cannot be listened on or with, the message and the hint.
const REFUSALS: [what: string, options: Partial<ListenOptions>, message: RegExp, hint: RegExp][] = [
  [
    "an address that is not this host's",
    { bindAddress: "192.0.2.1" },
    /^Cannot listen on port \d+ of "192\.0\.2\.1": /,
    /PORT and BIND_ADDRESS/,
  ],
  [
    "a missing key",
    { tls: { ...TLS, key: "/nonexistent.key" } },
    /^Cannot read "\/nonexistent\.key" for TLS: No such file/,
    /TLS_CERT and TLS_KEY/,
  ],
  [
    "a key of another certificate",
    { tls: { ...TLS, key: new URL("other.key", FIXTURES).pathname } },
    /^Cannot serve TLS with ".*localhost\.pem" and ".*other\.key": .*KeyMismatch/,
    /its own private key/,
  ],
];

for (const [what, options, message, hint] of REFUSALS) {
  Deno.test(`listen() refuses ${what} and says what to do`, async () => {
    const all = { port: 0, bindAddress: "127.0.0.1", ...options };
    const error = await assertRejects(() => listen(answerNothing, all, makeLog()), ListenError);
    assertMatch(error.message, message);
    assertMatch(error.hint, hint);
  });
}

for (const [name, way] of WAYS.filter(([, { path }]) => path === undefined)) {
  wayTest(way, `listen() by ${name} refuses a port that is taken`, async () => {
    using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const options = { port: taken.addr.port, bindAddress: "127.0.0.1", ...way };
    const error = await assertRejects(() => listen(answerNothing, options, makeLog()), ListenError, "in use");
    assertMatch(error.hint, /^another program has this port/);
  });
}

/** Runs something on a host that seems to have no IPv6. */
async function withoutIpv6(run: () => Promise<void>): Promise<void> {
  const { listen } = Deno;
  function listenIpv4(options: Deno.TcpListenOptions): Deno.TcpListener {
    if (options.hostname === "::") throw new Error("Address family not supported by protocol (os error 97)");
    return listen(options);
  }
  Object.assign(Deno, { listen: listenIpv4 });
  try {
    await run();
  } finally {
    Object.assign(Deno, { listen });
  }
}

Deno.test("listen() takes all IPv4 addresses instead of all addresses where there is no IPv6", async () => {
  await withoutIpv6(async () => {
    const server = await listen(answerNothing, { port: 0, bindAddress: "::" }, makeLog());
    assertEquals(server.addr.hostname, "0.0.0.0");
    await server.shutdown();
  });
});

Deno.test("listen() says that the port is taken where there is no IPv6 either", async () => {
  using taken = Deno.listen({ port: 0, hostname: "0.0.0.0" });
  const { port } = taken.addr;
  await withoutIpv6(async () => {
    const error = await assertRejects(
      () => listen(answerNothing, { port, bindAddress: "::" }, makeLog()),
      ListenError,
    );
    assertStringIncludes(error.message, `Cannot listen on port ${port} of "0.0.0.0": `);
  });
});

Deno.test("listen() tells the address of each client where that is asked, and else keeps it from the handler", async () => {
  for (const tellsAddresses of [true, false]) {
    const addresses: unknown[] = [];
    const server = await listen(
      (_request, transport) => {
        addresses.push(transport?.address);
        return new Response();
      },
      { port: 0, bindAddress: "127.0.0.1", tellsAddresses },
      makeLog(),
    );
    await (await fetch(`http://127.0.0.1:${server.addr.port}/`)).text();
    await server.shutdown();
    assertEquals(addresses, [tellsAddresses ? "127.0.0.1" : undefined]);
  }
});
