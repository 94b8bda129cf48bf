import { assert, assertEquals } from "@std/assert";
import { gunzipSync, gzipSync } from "node:zlib";
import { createHandler, eventRoutes, phpRoutes, serverSdkRoutes, statusRoute } from "../../lib/http/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { Hub } from "../../lib/stream/mod.ts";
import { type EnvironmentParts, makeEnvironment, makeLog, makeStore, text } from "../_environments.ts";

const PARTS: EnvironmentParts = {
  env: { secureMode: true },
  flags: { f: { on: true, unknown: 1.0 }, gone: { deleted: true }, "ü key": {} },
  segments: { s: {} },
};

/** A whole relay but for file and socket. */
function makeRelay(store: Store) {
  const log = makeLog();
  const hub = new Hub({
    store,
    log,
    heartbeatInterval: 0,
    maxClientConnectionTime: 0,
    expiredCredentialCleanupInterval: 60_000,
  });
  const dataFile = { path: "flags.tar.gz", digest: "ab", loadedAt: 1 };
  const routes = [
    ...serverSdkRoutes(hub),
    ...phpRoutes(),
    ...eventRoutes(1_000),
    statusRoute(store, "1.2.3", () => dataFile),
  ];
  const handler = createHandler(routes, store, log);
  function fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return handler(new Request(`http://localhost${path}`, init));
  }
  function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(path, { headers: { authorization: "sdk-e1", ...headers } });
  }
  return { fetch, get, log, hub };
}

/** Runs a test against a relay that serves environment `e1`. */
function relayTest(
  name: string,
  run: (relay: ReturnType<typeof makeRelay>) => Promise<void>,
  parts = PARTS,
): void {
  Deno.test(name, async () => {
    const relay = makeRelay(await makeStore({ e1: parts }));
    try {
      await run(relay);
    } finally {
      relay.hub.close();
    }
  });
}

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
  relay.hub.close();
});

Deno.test("createHandler() answers 503 for a known environment without data", async () => {
  const store = new Store();
  store.replace([{ id: "e1", metadata: makeEnvironment("e1").metadata, fault: "bad data" }]);
  const relay = makeRelay(store);
  const response = await relay.get("/sdk/latest-all");
  assertEquals([response.status, await response.text()], [503, "client was not initialized"]);
  assertEquals(response.headers.get("x-ld-envid"), "e1");
  relay.hub.close();
});

relayTest("createHandler() ignores a payload filter and says so once", async (relay) => {
  for (const query of ["?filter=a", "?filter=b", "?x=filter="]) {
    assertEquals((await relay.get(`/sdk/latest-all${query}`)).status, 200);
  }
  assertEquals(relay.log.lines.filter((line) => line.startsWith("warn")), [
    "warn: A client of environment e1 asks for a payload filter; archives have none, it gets all flags",
  ]);
});

relayTest("createHandler() logs routes, never URLs or keys", async (relay) => {
  await relay.get("/sdk/flags/f?secret=1");
  await relay.fetch("/elsewhere/secret");
  assertEquals(relay.log.lines, [
    "debug: Request: method=GET route=/sdk/flags/{key} status=200",
    "debug: Request: method=GET route=none status=404",
  ]);
});

relayTest("GET /sdk/latest-all answers with all data, a weak tag and Vary", async (relay) => {
  const response = await relay.get("/sdk/latest-all");
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.headers.get("vary"), "Accept-Encoding");
  assertEquals(response.headers.get("content-encoding"), null);
  assert(/^W\/"[^"]+"$/.test(response.headers.get("etag")!));
  assertEquals(Object.keys((await response.json()).flags), ["f", "ü key"]);
});

relayTest("GET /sdk/latest-all answers 304 to the tag of any encoding, weak or strong", async (relay) => {
  const { headers } = await relay.get("/sdk/latest-all", { "accept-encoding": "gzip" });
  const etag = headers.get("etag")!;
  for (const tag of [etag, etag.slice(2), `"other", ${etag}`, "*"]) {
    const response = await relay.get("/sdk/latest-all", { "if-none-match": tag });
    assertEquals([response.status, await response.text(), response.headers.get("etag")], [304, "", etag]);
    assertEquals(response.headers.get("vary"), "Accept-Encoding");
  }
  assertEquals((await relay.get("/sdk/latest-all", { "if-none-match": '"other"' })).status, 200);
});

// What a client says about encodings, and whether it gets gzip.
const ENCODINGS: [header: string, gzip: boolean][] = [
  ["gzip", true],
  ["gzip, deflate, br", true],
  ["*", true],
  ["identity", false],
  ["gzip;q=0", false],
  ["deflate", false],
  ["gzip;q=0.2, identity;q=0.9", false],
];

for (const [header, gzip] of ENCODINGS) {
  relayTest(`GET /sdk/latest-all ${gzip ? "sends" : "does not send"} gzip to "${header}"`, async (relay) => {
    const plain = await (await relay.get("/sdk/latest-all")).text();
    const response = await relay.get("/sdk/latest-all", { "accept-encoding": header });
    assertEquals(response.headers.get("content-encoding"), gzip ? "gzip" : null);
    const body = new Uint8Array(await response.arrayBuffer());
    assertEquals(text(gzip ? gunzipSync(body) : body), plain);
  });
}

relayTest("GET /sdk/flags and single items give the PHP SDK the archive's own text", async (relay) => {
  assertEquals(
    await (await relay.get("/sdk/flags")).text(),
    '{"f":{"key":"f","version":1,"on":true,"unknown":1},"ü key":{"key":"ü key","version":1}}',
  );
  const flag = await relay.get("/sdk/flags/f");
  assertEquals(await flag.text(), '{"key":"f","version":1,"on":true,"unknown":1}');
  assertEquals((await relay.get("/sdk/flags/f", { "if-none-match": flag.headers.get("etag")! })).status, 304);
  assertEquals(await (await relay.get("/sdk/flags/%C3%BC%20key")).text(), '{"key":"ü key","version":1}');
  assertEquals(await (await relay.get("/sdk/segments/s")).text(), '{"key":"s","version":1}');
  for (const path of ["/sdk/flags/none", "/sdk/flags/gone", "/sdk/segments/f", "/sdk/flags/toString"]) {
    const response = await relay.get(path);
    assertEquals([response.status, await response.text()], [404, ""], path);
  }
});

relayTest("GET /sdk/flags sets no Expires without a time to live", async (relay) => {
  assertEquals((await relay.get("/sdk/flags")).headers.get("expires"), null);
});

relayTest("GET /sdk/flags sets Expires on 200 and 304 with a time to live", async (relay) => {
  const before = Date.now();
  const first = await relay.get("/sdk/flags");
  const second = await relay.get("/sdk/flags", { "if-none-match": first.headers.get("etag")! });
  assertEquals(second.status, 304);
  for (const { headers } of [first, second]) {
    const expires = Date.parse(headers.get("expires")!);
    assert(expires >= before + 119_000 && expires <= Date.now() + 121_000);
    assertEquals(headers.get("vary"), "Authorization, Accept-Encoding");
  }
}, { env: { defaultTtl: 2 } });

relayTest("GET /all opens a stream with the headers that proxies need; HEAD opens none", async (relay) => {
  const head = await relay.get("/all");
  assertEquals(head.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals(head.headers.get("cache-control"), "no-cache, no-store, must-revalidate");
  assertEquals(head.headers.get("x-accel-buffering"), "no");
  const reader = head.body!.getReader();
  assert(
    text((await reader.read()).value!).startsWith('event: put\ndata: {"path":"/","data":{"flags":{"f":'),
  );
  assertEquals(relay.hub.size, 1);
  await reader.cancel();
  const headers = { authorization: "sdk-e1" };
  assertEquals((await relay.fetch("/all", { method: "HEAD", headers })).body, null);
  assertEquals(relay.hub.size, 0);
});

// Bodies that must all be answered with 202: any refusal makes SDKs stop sending.
const BODIES: [what: string, body: BodyInit | null, headers: Record<string, string>][] = [
  ["no body", null, {}],
  ["JSON", "[]", { "content-type": "application/json" }],
  ["gzip", new Uint8Array(gzipSync("[]")), { "content-encoding": "gzip" }],
  ["what claims to be gzip", "not gzip", { "content-encoding": "gzip" }],
  ["more than the limit", "x".repeat(100_000), {}],
  ["chunks", ReadableStream.from(["a", "b"]).pipeThrough(new TextEncoderStream()), {}],
];

for (const [what, body, headers] of BODIES) {
  relayTest(`POST /bulk and /diagnostic answer 202 to ${what}`, async (relay) => {
    const response = await relay.fetch("/bulk", {
      method: "POST",
      body,
      headers: { authorization: "sdk-e1", ...headers },
    });
    assertEquals([response.status, await response.text()], [202, ""]);
  });
}

relayTest("POST /bulk and /diagnostic check the key", async (relay) => {
  for (const path of ["/bulk", "/diagnostic"]) {
    assertEquals((await relay.fetch(path, { method: "POST", body: "[]" })).status, 401);
  }
});

Deno.test("GET /status describes environments and the data file, with keys masked", async () => {
  const expiry = Date.now() + 60_000;
  const sdkKey = {
    value: "sdk-11111111-2222-3333-4444-555555555555",
    expiring: { value: "sdk-zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", timestamp: expiry },
  };
  const store = await makeStore({ e1: { env: { sdkKey, envKey: "test", mobKey: "" } } }, () => 1_000);
  const relay = makeRelay(store);
  const response = await relay.fetch("/status");
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(await response.json(), {
    environments: {
      e1: {
        sdkKey: "sdk-********-****-****-****-*******55555",
        envId: "e1",
        envKey: "test",
        envName: "Test",
        projName: "Project",
        expiringSdkKey: "sdk-********-****-****-****-*******zzzzz",
        sdkKeys: [
          { value: "sdk-********-****-****-****-*******55555" },
          { value: "sdk-********-****-****-****-*******zzzzz", expiry },
        ],
        mobileKeys: [],
        status: "connected",
        connectionStatus: { state: "VALID", stateSince: 1_000 },
        dataStoreStatus: { state: "VALID", stateSince: 1_000 },
      },
    },
    status: "healthy",
    version: "1.2.3",
    clientVersion: "1.2.3",
    dataFile: { path: "flags.tar.gz", digest: "ab", loadedAt: 1 },
  });
  relay.hub.close();
});

Deno.test("GET /status is degraded while an environment has no data", async () => {
  const store = new Store(() => 1_000);
  store.replace([{ id: "e1", fault: "bad metadata" }]);
  const relay = makeRelay(store);
  const { status, environments } = await (await relay.fetch("/status")).json();
  assertEquals(status, "degraded");
  assertEquals(environments.e1.status, "disconnected");
  assertEquals(environments.e1.fault, "bad metadata");
  relay.hub.close();
});
