import { assertEquals, assertMatch } from "@std/assert";
import {
  type Access,
  createHandler,
  ENVIRONMENT_ID,
  type EnvironmentRoute,
  type Guard,
  MOBILE_KEY,
  type OpenRoute,
  SDK_KEY,
  WEB_TRANSPORT,
} from "../../lib/http/mod.ts";
import { respondWithDocument } from "../../lib/http/payload.ts";
import { respondWithStream } from "../../lib/http/stream_response.ts";
import { Store } from "../../lib/store/mod.ts";
import { type Channel, PING_CHANNEL } from "../../lib/delivery/mod.ts";
import type { Parts } from "../../lib/wire/mod.ts";
import { makeEnvironment, makeLog, makeStore } from "../_environments.ts";
import { makeDelivery } from "../delivery/_delivery.ts";
import { makeRelay, relayTest } from "./_relay.ts";

// Header and expected status and body for a route that wants an SDK key.
const AUTHORIZATIONS: [header: string | undefined, status: number, body: string | undefined][] = [
  ["sdk-e1", 200, undefined],
  ["api_key sdk-e1", 200, undefined],
  ["api_key  sdk-e1 ", 200, undefined],
  [undefined, 401, ""],
  ["", 401, ""],
  ["Bearer sdk-e1", 401, ""],
  ["API_KEY sdk-e1", 401, ""],
  [
    "mob-e1",
    401,
    "Halyard does not recognize the client credential (missing or invalid Authorization header)",
  ],
  ["e1", 401, "Halyard does not recognize the client credential (missing or invalid Authorization header)"],
];

for (const [header, status, body] of AUTHORIZATIONS) {
  relayTest(
    `createHandler() answers ${status} to the authorization ${JSON.stringify(header)}`,
    async (relay) => {
      const response = await relay.fetch(
        "/sdk/flags",
        header === undefined ? {} : { headers: { authorization: header } },
      );
      const received = await response.text();
      assertEquals(response.status, status);
      if (body !== undefined) assertEquals(received, body);
      assertEquals(response.headers.get("x-ld-envid"), status === 200 ? "e1" : null);
    },
  );
}

relayTest(
  "createHandler() answers 404 to unknown paths and 405 before looking at credentials",
  async (relay) => {
    const missing = await relay.fetch("/nowhere");
    assertEquals([missing.status, await missing.text()], [404, "404 page not found\n"]);
    assertEquals(missing.headers.get("x-content-type-options"), "nosniff");
    const wrong = await relay.fetch("/all", { method: "POST" });
    assertEquals([wrong.status, await wrong.text(), wrong.headers.get("allow")], [405, "", "GET"]);
  },
);

relayTest(
  "createHandler() redirects unclean paths to the clean one, never to another host",
  async (relay) => {
    for (
      const [path, location] of [
        ["//sdk//flags?filter=x", "/sdk/flags?filter=x"],
        ["//evil.example/", "/evil.example/"],
        ["/sdk//", "/sdk/"],
      ] as const
    ) {
      const response = await relay.get(path);
      assertEquals([response.status, response.headers.get("location")], [301, location]);
    }
  },
);

Deno.test("createHandler() answers 503 to every credential before the first data", async () => {
  const relay = makeRelay(new Store());
  const response = await relay.get("/all");
  assertEquals([response.status, await response.text()], [503, "Halyard has not loaded its archive yet"]);
  await relay.delivery.close();
});

Deno.test("createHandler() answers 503 for a known environment without data", async () => {
  const store = new Store();
  store.replace([{ id: "e1", metadata: makeEnvironment("e1").metadata, fault: "bad data" }]);
  const relay = makeRelay(store);
  const response = await relay.get("/sdk/latest-all");
  assertEquals([response.status, await response.text()], [503, "client was not initialized"]);
  assertEquals(response.headers.get("x-ld-envid"), "e1");
  await relay.delivery.close();
});

relayTest("createHandler() ignores a payload filter and says so once", async (relay) => {
  for (const query of ["?filter=a", "?filter=b", "?x=filter="]) {
    assertEquals((await relay.get(`/sdk/latest-all${query}`)).status, 200);
  }
  assertEquals(relay.log.lines.filter((line) => line.startsWith("warn")), [
    "warn: A client asks for a payload filter; archives have none, it gets all flags environment=e1",
  ]);
});

relayTest("createHandler() logs routes, never URLs, keys or methods that are none", async (relay) => {
  await relay.get("/sdk/flags/f?secret=1");
  await relay.fetch("/elsewhere/secret");
  await relay.fetch("/sdk/flags/f", { method: `SECRET${"T".repeat(10_000)}` });
  await relay.fetch("/sdk/flags/f", { method: "HEAD" });
  assertEquals(relay.log.lines.map((line) => line.replace(/ durationMs=[\d.]+$/, " in time")), [
    "debug: Request method=GET route=/sdk/flags/{key} status=200 in time",
    "debug: Request method=GET route=none status=404 in time",
    "debug: Request method=other route=/sdk/flags/{key} status=405 in time",
    "debug: Request method=HEAD route=/sdk/flags/{key} status=401 in time",
  ]);
});

relayTest(
  "createHandler() counts requests by route and status, and refused ones by reason",
  async (relay) => {
    const before = relay.meter.series;
    assertEquals(before['halyard_requests_total{route="/all",status="200"}'], 0);
    assertEquals(before['halyard_requests_refused_total{reason="loading"}'], 0);
    await relay.get("/sdk/latest-all");
    await relay.get("/sdk/flags/f?secret");
    await relay.get("/sdk/flags/g?secret");
    await relay.get("/sdk/flags/nope");
    await relay.fetch("/sdk/flags/f");
    await relay.get("/sdk/flags/f", { authorization: "secret" });
    await relay.fetch("/secret");
    await relay.get("/status", { host: "x/y?" });
    const counted = Object.entries(relay.meter.counted).filter(([name]) => /^halyard_requests_/.test(name));
    assertEquals(Object.fromEntries(counted), {
      'halyard_requests_total{route="/sdk/latest-all",status="200"}': 1,
      'halyard_requests_total{route="/sdk/flags/{key}",status="200"}': 1,
      'halyard_requests_total{route="/sdk/flags/{key}",status="404"}': 2,
      'halyard_requests_total{route="/sdk/flags/{key}",status="401"}': 2,
      'halyard_requests_total{route="none",status="404"}': 1,
      'halyard_requests_total{route="none",status="400"}': 1,
      'halyard_requests_refused_total{reason="missing credential"}': 1,
      'halyard_requests_refused_total{reason="unknown credential"}': 1,
      'halyard_requests_refused_total{reason="bad host"}': 1,
    });
  },
);

/** Access by a key in the query, as some families have it. */
const QUERY_KEY: Access = {
  kind: "sdk",
  read: (_request, _params, query) => new URLSearchParams(query).get("key") ?? undefined,
};

// What a request to a route with three accesses sends, and what it is answered.
const ACCESSES: [path: string, authorization: string, answer: string][] = [
  ["/x/e2", "sdk-e1", "e1 by sdk"],
  ["/x/e2", "mob-e1", "e1 by mobile"],
  ["/x/e2", "", "e2 by environment"],
  ["/x/e2?key=sdk-e1", "", "e1 by sdk"],
  ["/x/nope", "nope", "unknown sdk"],
  ["/x/nope?key=nope", "", "unknown sdk"],
  ["/x/nope", "", "unknown environment"],
  ["/x/e3", "", "no data environment"],
  ["/y", "", "missing sdk"],
];

Deno.test("createHandler() tries the accesses of a route in order, and refuses in its words", async () => {
  const store = await makeStore({ e1: {}, e2: {} });
  store.replace([...["e1", "e2"].map((id) => ({ id, fault: "bad" })), { id: "e3", fault: "bad" }]);
  const shared: Omit<EnvironmentRoute, "path"> = {
    method: "GET",
    access: [QUERY_KEY, SDK_KEY, MOBILE_KEY, ENVIRONMENT_ID],
    refuse: (why, kind) => new Response(`${why} ${kind}`, { status: 418 }),
    handle: (_request, { environment, credentialKind }) =>
      new Response(`${environment.id} by ${credentialKind}`),
  };
  const routes = ["/x/{envId}", "/y"].map((path) => ({ ...shared, path }));
  const cors = { envAllowedOrigin: [], envAllowedHeader: [] };
  const handler = createHandler(routes, { store, log: makeLog(), cors });
  for (const [path, authorization, answer] of ACCESSES) {
    const response = await handler(new Request(`http://localhost${path}`, { headers: { authorization } }));
    assertEquals([path, authorization, await response.text()], [path, authorization, answer]);
    assertEquals(response.status, answer.includes(" by ") ? 200 : 418);
  }
  const loading = createHandler(routes, { store: new Store(), log: makeLog(), cors });
  const response = await loading(new Request("http://localhost/x/e1"));
  assertEquals(await response.text(), "loading environment");
});

const CONTEXT = btoa('{"kind":"user","key":"u"}');

// Client-side IDs, and what X-LD-EnvID says for them.
const IDS: [id: string, header: string | null][] = [
  ["0123456789abcdef01234567", "0123456789abcdef01234567"],
  ["a b~!", "a b~!"],
  ["demo\u20131", null],
  ["Fabrik-\u03a9", null],
  ["Fabrik-\xdc", null],
  [" a", null],
  ["a ", null],
  ["a\nb", null],
  ["a\x7f", null],
  ["\u{1f600}", null],
];

for (const [id, header] of IDS) {
  Deno.test(`createHandler() serves environment ${JSON.stringify(id)}, X-LD-EnvID: ${header}`, async () => {
    const relay = makeRelay(
      await makeStore({ [id]: { env: { sdkKey: { value: "sdk-e1" }, mobKey: "mob-e1" }, flags: { f: {} } } }),
    );
    const path = encodeURIComponent(id);
    const requests: [path: string, authorization: string][] = [
      ["/all", "sdk-e1"],
      ["/sdk/latest-all", "sdk-e1"],
      ["/sdk/flags/f", "sdk-e1"],
      ["/mping", "mob-e1"],
      [`/sdk/evalx/${path}/contexts/${CONTEXT}`, ""],
      [`/eval/${path}/${CONTEXT}`, ""],
      [`/ping/${path}`, ""],
      [`/sdk/goals/${path}`, ""],
      [`/a/${path}.gif`, ""],
    ];
    for (const [path, authorization] of requests) {
      const response = await relay.fetch(path, { headers: authorization ? { authorization } : {} });
      await response.body!.cancel();
      assertEquals([response.status, response.headers.get("x-ld-envid")], [200, header], path);
    }
    assertEquals((await relay.fetch("/status")).status, 200);
    assertEquals(relay.delivery.size, 0);
    assertEquals(relay.log.lines.filter((line) => !line.startsWith("debug")), []);
    await relay.delivery.close();
  });
}

/** Fails when its headers are touched, as a response does that may not be changed. */
function withoutHeaders(answer: Response): Response {
  const response = new Response(answer.body);
  Object.defineProperty(response, "headers", {
    get() {
      throw new TypeError("headers are immutable");
    },
  });
  return response;
}

Deno.test("createHandler() leaves nothing open when a handler, a channel or an answer's headers fail", async () => {
  const store = await makeStore({ e1: { flags: { f: { text: "x".repeat(200_000) } } } });
  const [deliveryLog, log] = [makeLog(), makeLog()];
  const delivery = makeDelivery(store, { maxStreams: 1, maxWaiting: 0, log: deliveryLog });
  function fail(): never {
    throw new RangeError("no such thing");
  }
  // More than there is room for twice.
  const first: Parts = [new Uint8Array(600_000)];
  const large: Channel = { ...PING_CHANNEL, isPrivate: true, keptBytes: 200_000, begin: () => first };
  const failing: Record<string, Channel> = {
    begin: { ...large, begin: fail },
    "begin later": { ...large, begin: () => Promise.reject(new RangeError("no such thing")) },
  };
  const access = [ENVIRONMENT_ID];
  const open: OpenRoute = { method: "GET", path: "/open", handle: fail };
  const routes: EnvironmentRoute[] = [
    { method: "GET", path: "/handler/{envId}", access, handle: fail },
    ...Object.entries(failing).map(([name, channel]): EnvironmentRoute => ({
      method: "GET",
      path: `/${name.replace(" ", "-")}/{envId}`,
      access,
      handle: (request, context) => respondWithStream(delivery, request, context, { channel }),
    })),
    {
      method: "GET",
      path: "/stream-headers/{envId}",
      access,
      handle: async (request, context) =>
        withoutHeaders(
          await respondWithStream(delivery, request, context, { channel: large }),
        ),
    },
    {
      method: "GET",
      path: "/document-headers/{envId}",
      access,
      handle: async (request, context) =>
        withoutHeaders(await respondWithDocument(delivery, request, context, context.snapshot.all)),
    },
    {
      method: "GET",
      path: "/good/{envId}",
      access,
      handle: (request, context) => respondWithStream(delivery, request, context, { channel: large }),
    },
  ];
  const handler = createHandler([open, ...routes], {
    store,
    log,
    cors: { envAllowedOrigin: [], envAllowedHeader: [] },
  });
  async function get(path: string): Promise<number> {
    const response = await handler(new Request(`http://localhost${path}`));
    await response.body?.cancel();
    return response.status;
  }
  const paths = [open, ...routes.slice(0, -1)].map(({ path }) => path.replace("{envId}", "e1"));
  // More often than one stream, and the whole budget each time, would allow if anything stayed open.
  for (let round = 0; round < 3; round++) {
    for (const path of paths) {
      assertEquals([await get(path), delivery.size], [500, 0], path);
      assertEquals(await get("/good/e1"), 200, `after ${path}`);
    }
  }
  assertMatch(
    log.lines.find((line) => line.startsWith("error"))!,
    /^error: Cannot answer a request route=\/open\S* error="RangeError: no such/,
  );
  await delivery.close();
});

Deno.test("createHandler() has a guard answer for its path and all below it, and knows no path otherwise than routes do", async () => {
  const log = makeLog();
  const asked: unknown[] = [];
  const guard: Guard = {
    path: "/in",
    async answer(_request, { path, address, next }) {
      asked.push([path, address]);
      if (path === "/in/fails") throw new TypeError("not this time");
      const response = path === "/in/closed" ? new Response("closed", { status: 401 }) : await next();
      response.headers.set("x-guarded", "yes");
      return response;
    },
  };
  const route: OpenRoute = { method: "GET", path: "/in/{rest...}", handle: () => new Response("open") };
  const out: OpenRoute = { method: "GET", path: "/{name}", handle: () => new Response("out") };
  const cors = { envAllowedOrigin: [], envAllowedHeader: [] };
  const handler = createHandler([route, out], { store: new Store(), log, cors, guards: [guard] });
  async function ask(path: string, method = "GET"): Promise<unknown[]> {
    const transport = { ...WEB_TRANSPORT, url: `http://localhost${path}`, address: "10.0.0.1" };
    const response = await handler(new Request("http://localhost/", { method }), transport);
    return [response.status, response.headers.get("x-guarded"), await response.text()];
  }
  assertEquals(await ask("/in/a"), [200, "yes", "open"]);
  assertEquals(await ask("/in/closed"), [401, "yes", "closed"]);
  assertEquals(await ask("/in/closed", "DELETE"), [401, "yes", "closed"]);
  assertEquals(await ask("/in/a", "DELETE"), [405, "yes", ""]);
  assertEquals(await ask("/in/"), [404, "yes", "404 page not found\n"]);
  assertEquals(await ask("/x/..//in/./a"), [301, "yes", ""]);
  assertEquals(await ask("/in/fails"), [500, null, ""]);
  assertEquals(asked, [
    ["/in/a", "10.0.0.1"],
    ["/in/closed", "10.0.0.1"],
    ["/in/closed", "10.0.0.1"],
    ["/in/a", "10.0.0.1"],
    ["/in/", "10.0.0.1"],
    ["/in/a", "10.0.0.1"],
    ["/in/fails", "10.0.0.1"],
  ]);
  for (const path of ["/inn", "/In", "/%69n", "/in%2fa"]) assertEquals(await ask(path), [200, null, "out"]);
  assertEquals(await ask("/in/../out"), [301, null, ""]);
  assertMatch(log.lines.find((line) => line.startsWith("error"))!, /Cannot answer a request route=\/in /);
});
