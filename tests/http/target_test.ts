import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { connect as connectHttp2 } from "node:http2";
import { createHandler, type Route } from "../../lib/http/mod.ts";
import { rootRoute } from "../../lib/routes/admin/root_route.ts";
import { encodeTarget, readTarget } from "../../lib/http/target.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeLog } from "../_environments.ts";
import { exchange, type Way, WAYS, wayTest, withServer } from "./_server.ts";

// What the Host header says, and whether it is `host[:port]`.
const HOSTS: [host: string, isValid: boolean][] = [
  ["localhost", true],
  ["relay.internal:8030", true],
  ["relay_1.internal.", true],
  ["xn--tda.example", true],
  ["%41.example", true],
  ["192.0.2.1:80", true],
  ["x:", true],
  ["x:00080", true],
  ["x:65535", true],
  ["[::1]", true],
  ["[2001:db8::192.0.2.1]:8030", true],
  ["[v1.fe80::a+en1]", true],
  ["!$&'()*+,;=", true],
  ["x/status?", false],
  ["x/status#", false],
  ["x/status", false],
  ["x?", false],
  ["x#", false],
  ["x\\status", false],
  ["user@x", false],
  ["user:pass@x", false],
  ["x status", false],
  ["x\ty", false],
  ["[", false],
  ["]", false],
  ["[]", false],
  ["[::1", false],
  ["::1", false],
  ["[::g]", false],
  ["[1::2::3]", false],
  ["[fe80::1%25lo]", false],
  ["[::1]x", false],
  ["[v1]", false],
  ["x:y", false],
  ["x:80:80", false],
  ["x:65536", false],
  ["x:99999999999999999999", false],
  ["x:-1", false],
  ["x:+80", false],
  ["x: 80", false],
  [":80", false],
  ["%", false],
  ["%4", false],
  ["%zz", false],
  ["x\u00fc", false],
  ["x\xff", false],
  ["\u20ac", false],
  ['x"y', false],
  ["<x>", false],
  ["x^|`{}", false],
  ["x\x7f", false],
];

Deno.test("readTarget() refuses a Host that is not host[:port], wherever it is said", () => {
  for (const [host, isValid] of HOSTS) {
    const expected = isValid ? { path: "/nope", query: "" } : undefined;
    assertEquals(readTarget("http://localhost/nope", host), expected, `Host: ${host}`);
    // Cut off at "/", "?" or "#", a part of the text may well be an authority; then the rest is no path or another one.
    if (!/[/?#]/.test(host)) assertEquals(readTarget(`http://${host}/nope`, null), expected, host);
  }
});

// URLs as servers make them, and the target; `undefined` for what is malformed.
const URLS: [url: string, target: ReturnType<typeof readTarget>][] = [
  ["http://x/", { path: "/", query: "" }],
  ["http://x/a?b=/c?d", { path: "/a", query: "b=/c?d" }],
  ["https://x:1//a/../b", { path: "//a/../b", query: "" }],
  ["http://x", { path: "/", query: "" }],
  ["http://x?q=/status", { path: "/", query: "q=/status" }],
  ["http://x/a#b?c", { path: "/a#b", query: "c" }],
  ["http://x/\u20ac\\", { path: "/\u20ac\\", query: "" }],
  ["http://x#y/status", undefined],
  ["http://x\\y/status", undefined],
  ["http://a@x/status", undefined],
  ["http:///status", undefined],
  ["http:/status", undefined],
  ["/status", undefined],
  ["", undefined],
];

Deno.test("readTarget() takes path and query as they are written, and no authority for a path", () => {
  for (const [url, target] of URLS) {
    assertEquals(readTarget(url, null), target, url);
    assertEquals(readTarget(url, ""), target, url);
  }
});

Deno.test("encodeTarget() writes what a header can hold and keeps what is encoded already", () => {
  const targets: [text: string, encoded: string][] = [
    ["/\u20ac", "/%E2%82%AC"],
    ["/%E2%82%AC%zz%", "/%E2%82%AC%zz%"],
    ["/\\evil.example", "/%5Cevil.example"],
    ['/a#b "<>^`{|}\x7f', "/a%23b%20%22%3C%3E%5E%60%7B%7C%7D%7F"],
    ["a=b&c=/?:@!$'()*+,;~-._", "a=b&c=/?:@!$'()*+,;~-._"],
  ];
  for (const [text, encoded] of targets) assertEquals(encodeTarget(text), encoded);
});

const ROUTES: Route[] = [
  rootRoute({
    status: () => ({
      version: "1.2.3",
      isClosing: false,
      dataFile: { path: "" },
      trust: { mode: "off" },
      evaluationLimitsReached: new Map(),
    }),
  }),
  { method: "GET", path: "/secret", handle: () => new Response("secret") },
  { method: "GET", path: "/items/{key}", handle: (_, { params }) => Response.json(params) },
];

/** Answers as a relay does, with a route that a request for another path must not reach. */
const answer = createHandler(ROUTES, {
  store: new Store(),
  log: makeLog(),
  cors: { envAllowedOrigin: [], envAllowedHeader: [] },
});

/** Bytes of a text, as characters up to U+00FF: what `exchange` sends. */
function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function statusOf(response: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3}) /.exec(response)?.[1] ?? 0);
}

/** Any byte but those that would end the line. */
const BYTES = fc.array(fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 10 && byte !== 13), {
  maxLength: 30,
}).map((bytes) => String.fromCharCode(...bytes));

const HOST_TEXT = fc.oneof(
  BYTES,
  fc.array(
    fc.constantFrom("x", "/secret", "?", "#", "@", ":", "80", "[", "]", "::1", "\\", " ", "%", "%41", "\t"),
  )
    .map((parts) => parts.join("")),
);

/** Runs a property over requests, a few at a time, and prints the seed when it does not hold. */
function check<T>(
  way: Way,
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, property), { seed: Date.now(), numRuns: way.tls ? 50 : 300 });
}

for (const [name, way] of WAYS) {
  wayTest(way, `listen() by ${name} answers 400 to a Host that is none, and serves without one`, async () => {
    await withServer(way, answer, async (server, log) => {
      for (const [host, isValid] of HOSTS) {
        const request = `GET /nope HTTP/1.1\r\nHost: ${bytesOf(host)}\r\nConnection: close\r\n\r\n`;
        assertEquals(statusOf(await exchange(server, way, request)), isValid ? 404 : 400, host);
      }
      for (
        const request of [
          "GET /secret HTTP/1.1\r\nConnection: close\r\n\r\n",
          "GET /secret HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
          "GET /secret HTTP/1.0\r\n\r\n",
          "GET http://other.example/secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ]
      ) assertEquals(statusOf(await exchange(server, way, request)), 200, request);
      for (
        const request of [
          "GET /secret HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n",
          "GET http://x/secret HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
          "GET http://user@x/secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
          "GET http://x\\y/secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
          "GET http://x:99999/secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ]
      ) assertEquals(statusOf(await exchange(server, way, request)), 400, request);
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() by ${name} lets no Host change the path`, async () => {
    await withServer(way, answer, async (server, log) => {
      await check(way, HOST_TEXT, async (host) => {
        const request = `GET /nope HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        const status = statusOf(await exchange(server, way, request));
        assertEquals(status === 400 || status === 404, true, `${status} for ${JSON.stringify(host)}`);
      });
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() by ${name} answers any bytes of a path, and never 500`, async () => {
    const targets = fc.tuple(
      fc.constantFrom(
        "/",
        "//",
        "/items/",
        "//items/",
        "/./",
        "/../",
        "http://x/",
        "http://x//",
        "/?",
        "//?",
      ),
      fc.oneof(BYTES, fc.string({ unit: "binary" }).map(bytesOf)),
    ).map((parts) => parts.join("").replace(/[\r\n]/g, ""));
    await withServer(way, answer, async (server, log) => {
      await check(way, targets, async (target) => {
        const response = await exchange(
          server,
          way,
          `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        const status = statusOf(response);
        assertEquals([200, 301, 400, 404].includes(status), true, `${status} for ${JSON.stringify(target)}`);
        if (status === 301) assertMatch(response, /^location: \/(?![/\\])[!-[\]-~]*\r$/m);
      });
      assertEquals(log.lines, []);
    });
  });

  wayTest(way, `listen() by ${name} answers 301 or 400 to raw UTF-8 in a path that is cleaned`, async () => {
    await withServer(way, answer, async (server, log) => {
      const request = `GET ${bytesOf("//\u20ac?\u20ac")} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const response = await exchange(server, way, request);
      if (statusOf(response) === 301) assertMatch(response, /^location: \/%E2%82%AC\?%E2%82%AC\r$/m);
      else assertEquals(statusOf(response), 400);
      assertEquals(log.lines, []);
    });
  });
}

Deno.test("listen() serves HTTP/2 with and without an authority, and refuses one that is none", async () => {
  await withServer({}, answer, async ({ addr: { port } }) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    function request(authority: string | undefined): Promise<number> {
      return new Promise((resolve) => {
        const headers = {
          ":path": "/secret",
          ...authority === undefined ? { host: "x" } : { ":authority": authority },
        };
        const stream = session.request(headers);
        stream.on("response", ({ ":status": status }) => resolve(Number(status)));
        // Its own parser may refuse the stream before any handler.
        stream.on("error", () => resolve(400));
        stream.on("close", () => resolve(400));
        stream.resume();
        stream.end();
      });
    }
    for (const authority of ["x", "x:1", "[::1]:1", undefined]) assertEquals(await request(authority), 200);
    for (const authority of ["x/secret?", "a b", "a@x", "[", "x:99999"]) {
      assertEquals(await request(authority), 400, authority);
    }
    session.close();
  });
});

Deno.test("rootRoute() answers / with one line of text that says where to look", async () => {
  for (const method of ["GET", "HEAD"]) {
    const response = await answer(new Request("http://x/", { method }));
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assertMatch(await response.text(), /^Halyard 1\.2\.3 .*\/status.*\/health\/ready\n$/);
  }
});
