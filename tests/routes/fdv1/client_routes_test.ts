import { assert, assertEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { type EnvironmentParts, makeSnapshot, makeStore, text } from "../../_environments.ts";
import { makeRelay, relayTest } from "../../http/_relay.ts";

/** On for "u", off for everybody else. */
function targetedFlag(availability?: Record<string, boolean>): Record<string, unknown> {
  return {
    version: 3,
    on: true,
    variations: ["no", "yes"],
    targets: [{ variation: 1, values: ["u"] }],
    fallthrough: { variation: 0 },
    ...availability && { clientSideAvailability: availability },
  };
}

const PARTS: EnvironmentParts = {
  flags: {
    both: targetedFlag({ usingMobileKey: true, usingEnvironmentId: true }),
    browser: targetedFlag({ usingMobileKey: false, usingEnvironmentId: true }),
    mobile: targetedFlag({ usingMobileKey: true, usingEnvironmentId: false }),
    unmarked: targetedFlag(),
  },
};

const CONTEXT = '{"kind":"user","key":"u"}';

function encode(json: string): string {
  return new TextEncoder().encode(json).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Families of clients: where they poll, what they send and which flags they see. */
const FAMILIES = [
  { prefix: "/sdk/evalx/e1", headers: {}, keys: ["both", "browser"] },
  { prefix: "/msdk/evalx", headers: { authorization: "mob-e1" }, keys: ["both", "mobile", "unmarked"] },
  {
    prefix: "/sdk/evalx",
    headers: { authorization: "sdk-e1" },
    keys: ["both", "browser", "mobile", "unmarked"],
  },
];

for (const { prefix, headers, keys } of FAMILIES) {
  for (const segment of ["contexts", "users"]) {
    relayTest(
      `GET ${prefix}/${segment}/{context} evaluates the flags that the client may see`,
      async (relay) => {
        const response = await relay.fetch(`${prefix}/${segment}/${encode(CONTEXT)}`, { headers });
        assertEquals(response.headers.get("content-type"), "application/json");
        const result = await response.json();
        assertEquals(Object.keys(result), keys);
        assertEquals(result.both, { value: "yes", variation: 1, version: 3 });
      },
      PARTS,
    );
  }
  for (
    const [method, segment] of [
      ["REPORT", "context"],
      ["REPORT", "user"],
      ["POST", "context"],
      ["POST", "user"],
    ] as const
  ) {
    relayTest(
      `${method} ${prefix}/${segment} takes the context as JSON, with parameters of the type`,
      async (relay) => {
        for (const type of ["application/json", "application/json; charset=utf-8", "Application/JSON"]) {
          const init = { method, body: CONTEXT, headers: { ...headers, "content-type": type } };
          const result = await (await relay.fetch(`${prefix}/${segment}?withReasons=true`, init)).json();
          assertEquals(result.both, {
            value: "yes",
            variation: 1,
            version: 3,
            reason: { kind: "TARGET_MATCH" },
          });
        }
      },
      PARTS,
    );
  }
}

relayTest("GET evalx gives reasons for withReasons=true only", async (relay) => {
  for (
    const [query, hasReason] of [["?withReasons=true", true], ["?withReasons=1", false], ["", false]] as const
  ) {
    const result = await (await relay.fetch(`/sdk/evalx/e1/contexts/${encode(CONTEXT)}${query}`)).json();
    assertEquals("reason" in result.both, hasReason);
  }
}, PARTS);

// Spellings of one context in a URL.
const SPELLINGS = [
  btoa(CONTEXT),
  encode(CONTEXT),
  encodeURIComponent(btoa('{"kind":"user","key":"u","name":"??>>~~"}')),
  encodeURIComponent(
    btoa(`{"kind":"user","key":"u","name":"${"x".repeat(100)}"}`).replace(/.{76}/g, "$&\r\n"),
  ),
  `${btoa(CONTEXT)}%0A`,
  encode('{"key":"u"}'),
  encode('{"kind":"multi","user":{"key":"u"},"org":{"key":"o"}}'),
];

for (const spelling of SPELLINGS) {
  relayTest(`GET evalx decodes ${spelling}`, async (relay) => {
    const result = await (await relay.fetch(`/sdk/evalx/e1/contexts/${spelling}`)).json();
    assertEquals(result.both.value, "yes");
  }, PARTS);
}

const NOT_BASE64 = "context part of URL path did not decode as valid base64";
const NOT_A_CONTEXT = "context part of URL path did not decode to valid evaluation context as JSON";

// What is sent, and how it is refused.
const BAD_URLS: [what: string, encoded: string, message: string][] = [
  ["no base64", "!!!", NOT_BASE64],
  ["no JSON", encode("nonsense"), NOT_A_CONTEXT],
  ["no UTF-8", "gIGC", NOT_A_CONTEXT],
  ["no object", encode("[]"), NOT_A_CONTEXT],
  ["a context without a key", encode('{"kind":"user"}'), NOT_A_CONTEXT],
  ["a bad kind", encode('{"kind":"a b","key":"x"}'), NOT_A_CONTEXT],
  ["a legacy user with an empty key", encode('{"key":""}'), "User must have a 'key' attribute"],
];

for (const [what, encoded, message] of BAD_URLS) {
  relayTest(`GET evalx and eval refuse ${what}`, async (relay) => {
    for (const path of [`/sdk/evalx/e1/contexts/${encoded}`, `/eval/e1/${encoded}`]) {
      const response = await relay.fetch(path);
      assertEquals(response.status, 400);
      assertEquals(response.headers.get("content-type"), "application/json");
      assertEquals(await response.json(), { message });
    }
  }, PARTS);
}

// Body, type, status and the start of what is answered.
const BAD_BODIES: [body: string, type: string, status: number, answer: string][] = [
  [CONTEXT, "text/plain", 415, "Content-Type must be application/json."],
  [CONTEXT, "application/jsonx", 415, "Content-Type must be application/json."],
  ["{", "application/json", 400, '{"message":"The body is not JSON"}'],
  ["\xff", "application/json", 400, '{"message":"The body is not JSON"}'],
  ["{}", "application/json", 400, '{"message":"'],
  [
    `{"kind":"user","key":"${"x".repeat(1_000_000)}"}`,
    "application/json",
    413,
    '{"message":"A context may have 1000000 bytes at most"}',
  ],
];

for (const [body, type, status, answer] of BAD_BODIES) {
  relayTest(
    `REPORT and POST evalx answer ${status} to ${JSON.stringify(body.slice(0, 20))} as ${type}`,
    async (relay) => {
      for (const method of ["REPORT", "POST"]) {
        const init = { method, body, headers: { "content-type": type } };
        const response = await relay.fetch("/sdk/evalx/e1/context", init);
        assertEquals(response.status, status);
        const received = await response.text();
        assert(received.startsWith(answer), received);
      }
    },
    PARTS,
  );
}

relayTest("GET evalx has a tag of its content: 304 for the same context, 200 for another", async (relay) => {
  const path = `/sdk/evalx/e1/contexts/${encode(CONTEXT)}`;
  const etag = (await relay.fetch(path)).headers.get("etag")!;
  const headers = { "if-none-match": etag };
  assertEquals((await relay.fetch(path, { headers })).status, 304);
  const other = `/sdk/evalx/e1/contexts/${encode('{"kind":"user","key":"other"}')}`;
  assertEquals((await relay.fetch(other, { headers })).status, 200);
  assertEquals((await relay.fetch(`${path}?withReasons=true`, { headers })).status, 200);
}, PARTS);

relayTest("GET evalx is compressed for who takes gzip", async (relay) => {
  const path = `/sdk/evalx/e1/contexts/${encode(CONTEXT)}`;
  const plain = await (await relay.fetch(path)).text();
  const response = await relay.fetch(path, { headers: { "accept-encoding": "gzip" } });
  assertEquals(response.headers.get("content-encoding"), "gzip");
  assertEquals(text(gunzipSync(new Uint8Array(await response.arrayBuffer()))), plain);
}, PARTS);

function hash(key: string, message: string): string {
  return createHmac("sha256", key).update(message).digest("hex");
}

const SECURE: EnvironmentParts = {
  ...PARTS,
  env: {
    secureMode: true,
    sdkKey: { value: "new", expiring: { value: "old", timestamp: Date.now() + 600_000 } },
    sdkKeys: [{ value: "new" }, { value: "past", expiry: 1 }],
  },
};

// Context, hash, and whether it proves the context.
const PROOFS: [json: string, h: string | undefined, proven: boolean][] = [
  [CONTEXT, hash("new", "u"), true],
  [CONTEXT, hash("old", "u"), true],
  [CONTEXT, hash("past", "u"), false],
  [CONTEXT, hash("new", "other"), false],
  [CONTEXT, hash("new", "u").toUpperCase(), false],
  [CONTEXT, "", false],
  [CONTEXT, undefined, false],
  ['{"kind":"org","key":"a:b%"}', hash("new", "org:a%3Ab%25"), true],
  ['{"kind":"multi","user":{"key":"u"},"org":{"key":"o"}}', hash("new", "org:o:user:u"), true],
];

for (const [json, h, proven] of PROOFS) {
  relayTest(`secure mode ${proven ? "accepts" : "refuses"} ${h ?? "no hash"} for ${json}`, async (relay) => {
    const query = h === undefined ? "" : `?h=${h}`;
    const report = { method: "REPORT", body: json, headers: { "content-type": "application/json" } };
    const answers = [
      await relay.fetch(`/sdk/evalx/e1/contexts/${encode(json)}${query}`),
      await relay.fetch(`/sdk/evalx/e1/context${query}`, report),
      await relay.fetch(`/eval/e1/${encode(json)}${query}`),
      await relay.fetch(`/eval/e1${query}`, report),
    ];
    for (const response of answers) {
      assertEquals(response.status, proven ? 200 : 400);
      if (proven) await response.body!.cancel();
      else {assertEquals(
          (await response.json()).message,
          "Environment is in secure mode, and context hash does not match.",
        );}
    }
  }, SECURE);
}

relayTest(
  "secure mode is not asked of mobile clients, servers and pings, which carry no browser's context",
  async (relay) => {
    const mobile = await relay.fetch(`/msdk/evalx/contexts/${encode(CONTEXT)}`, {
      headers: { authorization: "mob-e1" },
    });
    const server = await relay.fetch(`/sdk/evalx/contexts/${encode(CONTEXT)}`, {
      headers: { authorization: "new" },
    });
    const ping = await relay.fetch("/ping/e1");
    assertEquals([mobile.status, server.status, ping.status], [200, 200, 200]);
    for (const response of [mobile, server, ping]) await response.body!.cancel();
  },
  SECURE,
);

async function readEvent(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read();
  return done ? undefined : text(value);
}

/** The streams that carry evaluations: path, and how the request is made. */
const STREAMS: [name: string, path: string, init: RequestInit][] = [
  ["GET /eval/{envId}/{context}", `/eval/e1/${encode(CONTEXT)}`, {}],
  ["GET /meval/{context}", `/meval/${encode(CONTEXT)}`, { headers: { authorization: "mob-e1" } }],
  ...["REPORT", "POST"].flatMap((method): [string, string, RequestInit][] => {
    const json = { "content-type": "application/json" };
    return [
      [`${method} /eval/{envId}`, "/eval/e1", { method, body: CONTEXT, headers: json }],
      [`${method} /meval`, "/meval", {
        method,
        body: CONTEXT,
        headers: { authorization: "mob-e1", ...json },
      }],
    ];
  }),
];

for (const [name, path, init] of STREAMS) {
  Deno.test(`${name} puts the evaluation at connect, patches it, and puts it again when versions fall`, async () => {
    const store = await makeStore({ e1: PARTS });
    const relay = makeRelay(store);
    const response = await relay.fetch(path, init);
    assertEquals(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const reader = response.body!.getReader();
    const put = (await readEvent(reader))!;
    assert(put.startsWith('event: put\ndata: {"both":{"value":"yes","variation":1,"version":3}'), put);

    // A change that this context does not see is not sent.
    for (const flags of [{ unseen: targetedFlag({}) }, { both: { ...PARTS.flags!["both"], version: 4 } }]) {
      const parts = { flags: { ...PARTS.flags, ...flags } };
      store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", parts, store.get("e1")!.snapshot) }]);
      await relay.delivery.update();
    }
    assertEquals(
      await readEvent(reader),
      'event: patch\ndata: {"key":"both","value":"yes","variation":1,"version":4}\n\n',
    );
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", PARTS, store.get("e1")!.snapshot) }]);
    await relay.delivery.update();
    assertEquals(await readEvent(reader), put);
    await relay.delivery.close();
    assertEquals(await readEvent(reader), undefined);
  });
}

for (
  const [path, headers] of [["/ping/e1", {}], ["/mping", { authorization: "mob-e1" }]] as [
    string,
    HeadersInit,
  ][]
) {
  Deno.test(`GET ${path} pings at connect and after a reload`, async () => {
    const store = await makeStore({ e1: PARTS });
    const relay = makeRelay(store);
    const reader = (await relay.fetch(path, { headers })).body!.getReader();
    assertEquals(await readEvent(reader), "event: ping\ndata:  \n\n");
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1") }]);
    await relay.delivery.update();
    assertEquals(await readEvent(reader), "event: ping\ndata:  \n\n");
    await relay.delivery.close();
  });
}

Deno.test("secure mode switched on closes the streams that did not prove their context", async () => {
  const store = await makeStore({ e1: PARTS });
  const relay = makeRelay(store);
  const unproven = (await relay.fetch(`/eval/e1/${encode(CONTEXT)}`)).body!.getReader();
  const proven = (await relay.fetch(`/eval/e1/${encode(CONTEXT)}?h=${hash("sdk-e1", "u")}`)).body!
    .getReader();
  for (const reader of [unproven, proven]) await readEvent(reader);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { ...PARTS, env: { secureMode: true } }) }]);
  await relay.delivery.update();
  assertEquals(await readEvent(unproven), undefined);
  assertEquals(relay.delivery.size, 1);
  await relay.delivery.close();
});

relayTest("GET /sdk/goals and the event picture answer without any outbound connection", async (relay) => {
  assertEquals(await (await relay.fetch("/sdk/goals/e1")).json(), []);
  const picture = await relay.fetch("/a/e1.gif?d=e30");
  assertEquals([picture.status, picture.headers.get("content-type")], [200, "image/gif"]);
  assertEquals(text(await picture.bytes()).slice(0, 6), "GIF89a");
});

for (const path of ["/mobile", "/mobile/events", "/mobile/events/bulk", "/mobile/events/diagnostic"]) {
  relayTest(`POST ${path} takes a mobile key`, async (relay) => {
    const init = { method: "POST", body: "[]" };
    assertEquals((await relay.fetch(path, { ...init, headers: { authorization: "mob-e1" } })).status, 202);
    assertEquals((await relay.fetch(path, { ...init, headers: { authorization: "sdk-e1" } })).status, 401);
  });
}
