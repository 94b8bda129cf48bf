import { assertEquals, assertNotEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Store } from "../../../lib/store/mod.ts";
import { makeSnapshot, makeStore } from "../../_environments.ts";
import { makeRelay, relayTest } from "../../http/_relay.ts";
import { evaluate } from "./_ofrep.ts";

type Json = Record<string, unknown>;

const EVERYWHERE = { clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true } };
const MOBILE_ONLY = { clientSideAvailability: { usingEnvironmentId: false, usingMobileKey: true } };
const SERVER_ONLY = { clientSideAvailability: { usingEnvironmentId: false, usingMobileKey: false } };
const HALVES = { variations: [{ variation: 0, weight: 50_000 }, { variation: 1, weight: 50_000 }] };
const ANN = { targetingKey: "ann", plan: "pro" };
const IS_PRO = [{ attribute: "plan", op: "in", values: ["pro"] }];

function flag(fields: Json = {}): Json {
  return {
    version: 3,
    on: true,
    variations: ["no", "yes", [1, 2], { a: null }, null, 0.5],
    fallthrough: { variation: 0 },
    salt: "s",
    ...EVERYWHERE,
    ...fields,
  };
}

const FLAGS: Record<string, [flag: Json, openfeature: Json, launchdarkly?: string]> = {
  fixed: [flag(), { value: "no", reason: "STATIC", variant: "0", metadata: { ldReason: "FALLTHROUGH" } }],
  off: [flag({ on: false, offVariation: 1 }), {
    value: "yes",
    reason: "DISABLED",
    variant: "1",
    metadata: { ldReason: "OFF" },
  }],
  "off without value": [flag({ on: false }), { reason: "DISABLED", metadata: { ldReason: "OFF" } }],
  "a null": [flag({ fallthrough: { variation: 4 } }), {
    reason: "STATIC",
    variant: "4",
    metadata: { ldReason: "FALLTHROUGH" },
  }],
  array: [flag({ fallthrough: { variation: 2 } }), {
    value: [1, 2],
    reason: "STATIC",
    variant: "2",
    metadata: { ldReason: "FALLTHROUGH" },
  }],
  object: [flag({ fallthrough: { variation: 3 } }), {
    value: { a: null },
    reason: "STATIC",
    variant: "3",
    metadata: { ldReason: "FALLTHROUGH" },
  }],
  float: [flag({ fallthrough: { variation: 5 } }), {
    value: 0.5,
    reason: "STATIC",
    variant: "5",
    metadata: { ldReason: "FALLTHROUGH" },
  }],
  targeted: [flag({ targets: [{ values: ["ann"], variation: 1 }] }), {
    value: "yes",
    reason: "TARGETING_MATCH",
    variant: "1",
    metadata: { ldReason: "TARGET_MATCH" },
  }],
  rule: [flag({ rules: [{ id: "r1", clauses: IS_PRO, variation: 1 }] }), {
    value: "yes",
    reason: "TARGETING_MATCH",
    variant: "1",
    metadata: { ldReason: "RULE_MATCH", ruleIndex: 0, ruleId: "r1" },
  }],
  "needs none": [flag({ offVariation: 0, prerequisites: [{ key: "none", variation: 0 }] }), {
    value: "no",
    reason: "UNKNOWN",
    variant: "0",
    metadata: { ldReason: "PREREQUISITE_FAILED", prerequisiteKey: "none" },
  }],
};

const SPLITS: Record<string, [flag: Json, ldReason: Json]> = {
  rollout: [flag({ fallthrough: { rollout: HALVES } }), { ldReason: "FALLTHROUGH" }],
  "rule by rollout": [flag({ rules: [{ clauses: IS_PRO, rollout: HALVES }] }), {
    ldReason: "RULE_MATCH",
    ruleIndex: 0,
  }],
  experiment: [flag({ fallthrough: { rollout: { ...HALVES, kind: "experiment" } } }), {
    ldReason: "FALLTHROUGH",
    inExperiment: true,
  }],
};

const PARTS = {
  flags: {
    ...Object.fromEntries(Object.entries({ ...FLAGS, ...SPLITS }).map(([key, [flag]]) => [key, flag])),
    malformed: flag({ fallthrough: { variation: 9 } }),
    gone: { version: 4, deleted: true },
  },
};

relayTest("OFREP gives each reason, value and error of a flag, alone and with all others", async (relay) => {
  const { body: { flags }, status } = await evaluate(relay, ANN);
  assertEquals(status, 200);
  const keys = flags.map(({ key }: { key: string }) => key);
  assertEquals(keys, Object.keys(PARTS.flags).filter((key) => key !== "gone").sort());
  for (const [key, [, expected]] of Object.entries(FLAGS)) {
    const metadata = { version: 3, ...expected["metadata"] as Json };
    const result = { key, ...expected, metadata };
    assertEquals(flags.find((flag: Json) => flag["key"] === key), result);
    assertEquals((await evaluate(relay, ANN, { path: `/${encodeURIComponent(key)}` })).body, result);
  }
  for (const [key, [, ldReason]] of Object.entries(SPLITS)) {
    const { reason, metadata } = flags.find((flag: Json) => flag["key"] === key);
    assertEquals([key, reason, metadata], [key, "SPLIT", { version: 3, ...ldReason }]);
  }
  const failure = { key: "malformed", errorCode: "PARSE_ERROR", errorDetails: "The flag is malformed" };
  assertEquals(flags.find((flag: Json) => flag["key"] === "malformed"), failure);
  const alone = await evaluate(relay, ANN, { path: "/malformed" });
  assertEquals([alone.status, alone.body], [400, failure]);
  for (const key of ["none", "gone", "a/b", "a%2Fb", "fixed/", "%F0%9F%98%80"]) {
    const { status, body } = await evaluate(relay, ANN, { path: `/${key}` });
    assertEquals([key, status, body.errorCode], [key, 404, "FLAG_NOT_FOUND"]);
  }
}, PARTS);

relayTest("OFREP takes keys with slashes, escaped or not", async (relay) => {
  for (const path of ["/a/b%20c", "/a%2Fb%20c"]) {
    assertEquals((await evaluate(relay, ANN, { path })).body.key, "a/b c");
  }
}, { flags: { "a/b c": flag() } });

Deno.test("OFREP leaves LaunchDarkly's reasons as they are if it is told to", async () => {
  const relay = makeRelay(await makeStore({ e1: PARTS }), undefined, {}, { ofrepReasons: "launchdarkly" });
  const { body: { flags } } = await evaluate(relay, ANN);
  for (const { key, reason, metadata } of flags) {
    if (key !== "malformed") assertEquals([key, reason], [key, metadata.ldReason]);
  }
  await relay.delivery.close();
});

relayTest("OFREP shows each credential what it sees, however it is sent", async (relay) => {
  const seen: [credential: string, keys: string[]][] = [
    ["sdk-e1", ["all", "mobile", "server"]],
    ["mob-e1", ["all", "mobile"]],
    ["e1", ["all"]],
  ];
  for (const [credential, keys] of seen) {
    const ways: [path: string, headers: Record<string, string>][] = [
      ["", { authorization: `Bearer ${credential}` }],
      ["", { authorization: `bearer  ${credential}` }],
      ["", { authorization: credential }],
      ["", { "x-api-key": credential }],
      [`?auth=${credential}`, {}],
    ];
    for (const [path, headers] of ways) {
      const { body } = await evaluate(relay, ANN, { path, headers: { authorization: "", ...headers } });
      assertEquals(body.flags.map(({ key }: { key: string }) => key), keys);
      const one = await evaluate(relay, ANN, {
        path: `/mobile${path}`,
        headers: { authorization: "", ...headers },
      });
      assertEquals(one.status, keys.includes("mobile") ? 200 : 404);
    }
  }
  for (const authorization of ["", "Bearer", "Bearer none", "Bearer a b", "sdk-e1 x"]) {
    const { status, body } = await evaluate(relay, ANN, { headers: { authorization } });
    assertEquals([authorization, status, body], [authorization, 401, ""]);
  }
}, { flags: { all: flag(), mobile: flag(MOBILE_ONLY), server: flag(SERVER_ONLY) } });

relayTest("OFREP refuses contexts and bodies that are none, with OFREP's codes", async (relay) => {
  const cases: [body: string, status: number, code: string][] = [
    ["", 400, "PARSE_ERROR"],
    ["{", 400, "PARSE_ERROR"],
    ["[]", 400, "TARGETING_KEY_MISSING"],
    ["{}", 400, "TARGETING_KEY_MISSING"],
    ['{"context":{}}', 400, "TARGETING_KEY_MISSING"],
    ['{"context":null}', 400, "INVALID_CONTEXT"],
    ['{"context":5}', 400, "INVALID_CONTEXT"],
    ['{"context":{"targetingKey":"a","kind":"kind"}}', 400, "INVALID_CONTEXT"],
    [`{"context":{"targetingKey":"a","x":${"[".repeat(70)}${"]".repeat(70)}}}`, 400, "INVALID_CONTEXT"],
    [`{"context":{"targetingKey":"${"x".repeat(1_100_000)}"}}`, 413, "GENERAL"],
  ];
  for (const [body, status, code] of cases) {
    for (const path of ["", "/fixed"]) {
      const answer = await evaluate(relay, undefined, { body, path });
      assertEquals([body.slice(0, 50), answer.status, answer.body.errorCode], [
        body.slice(0, 50),
        status,
        code,
      ]);
      assertEquals(answer.body.key, path ? "fixed" : undefined);
    }
  }
  const other = await evaluate(relay, ANN, { headers: { "content-type": "text/plain" } });
  assertEquals([other.status, other.body.errorCode], [415, "GENERAL"]);
  const charset = { "content-type": "application/json; charset=utf-8" };
  assertEquals((await evaluate(relay, ANN, { headers: charset })).status, 200);
}, PARTS);

relayTest(
  "OFREP answers 304 while nothing has changed for the context, and its tag depends on both",
  async (relay) => {
    const { headers } = await evaluate(relay, ANN);
    const tag = headers.get("etag")!;
    for (const known of [tag, tag.slice(2), tag.slice(3, -1), `"x", ${tag}`, "*"]) {
      const again = await evaluate(relay, ANN, {
        headers: { "if-none-match": known },
        path: "?flagConfigEtag=x&flagConfigLastModified=1",
      });
      assertEquals([known, again.status, again.body], [known, 304, ""]);
      assertEquals(again.headers.get("etag"), tag);
    }
    const free = await evaluate(relay, { ...ANN, plan: "free" }, { headers: { "if-none-match": tag } });
    assertEquals(free.status, 200);
    assertNotEquals(free.headers.get("etag"), tag);
  },
  PARTS,
);

Deno.test("OFREP's tag is equal on every relay, and survives a reload that changes nothing for the context", async () => {
  const [one, two] = [await makeStore({ e1: PARTS }), await makeStore({ e1: PARTS })];
  const relays = [makeRelay(one), makeRelay(two)];
  const headers = { authorization: "Bearer e1" };
  const [first, second] = await Promise.all(relays.map((relay) => evaluate(relay, ANN, { headers })));
  assertEquals(first!.headers.get("etag"), second!.headers.get("etag"));
  const flags = { ...PARTS.flags, hidden: flag(SERVER_ONLY) };
  one.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags }) }]);
  const after = await evaluate(relays[0]!, ANN, { headers });
  assertEquals(after.headers.get("etag"), first!.headers.get("etag"));
  assertNotEquals(after.body.eventStreams, first!.body.eventStreams);
  for (const relay of relays) await relay.delivery.close();
});

relayTest("OFREP compresses what clients accept compressed", async ({ fetch }) => {
  const response = await fetch("/ofrep/v1/evaluate/flags", {
    method: "POST",
    headers: { authorization: "sdk-e1", "content-type": "application/json", "accept-encoding": "gzip" },
    body: JSON.stringify({ context: ANN }),
  });
  assertEquals(response.headers.get("content-encoding"), "gzip");
  const { flags } = JSON.parse(new TextDecoder().decode(gunzipSync(await response.bytes())));
  assertEquals(flags.length, Object.keys(PARTS.flags).length - 1);
}, PARTS);

Deno.test("OFREP demands the hash of the context of client-side IDs in secure mode", async () => {
  const relay = makeRelay(await makeStore({ e1: { env: { secureMode: true }, flags: { f: flag() } } }));
  function hash(key: string): string {
    return createHmac("sha256", "sdk-e1").update(key).digest("hex");
  }
  const headers = { authorization: "Bearer e1" };
  for (const path of ["", "/f"]) {
    for (const h of [undefined, "", hash("bob"), `${hash("ann")}0`]) {
      const query = h === undefined ? "" : `?h=${h}`;
      const { status, body } = await evaluate(relay, ANN, { headers, path: path + query });
      assertEquals([h, status, body.errorCode], [h, 400, "INVALID_CONTEXT"]);
    }
    assertEquals((await evaluate(relay, ANN, { headers, path: `${path}?h=${hash("ann")}` })).status, 200);
    const header = { ...headers, "x-launchdarkly-secure-mode-hash": hash("org:ann") };
    assertEquals((await evaluate(relay, { ...ANN, kind: "org" }, { headers: header, path })).status, 200);
    assertEquals((await evaluate(relay, ANN, { path })).status, 200);
    assertEquals((await evaluate(relay, ANN, { path, headers: { authorization: "mob-e1" } })).status, 200);
  }
  await relay.delivery.close();
});

Deno.test("OFREP answers 503 in its own terms before there is data", async () => {
  const store = new Store();
  const relay = makeRelay(store);
  const loading = await evaluate(relay, ANN);
  assertEquals([loading.status, loading.body], [503, {
    errorDetails: "Halyard has not loaded its archive yet",
  }]);
  const { metadata } = await makeSnapshot("e1");
  store.replace([{ id: "e1", metadata, fault: "bad data" }]);
  const faulty = await evaluate(relay, ANN);
  assertEquals([faulty.status, faulty.body], [503, { errorDetails: "The environment has no data" }]);
  await relay.delivery.close();
});

relayTest("OFREP is for browsers of other origins, preflights and errors included", async ({ fetch }) => {
  for (const path of ["/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/fixed", "/ofrep/v1/events"]) {
    const preflight = await fetch(path, { method: "OPTIONS", headers: { origin: "https://app.example" } });
    const allowed = preflight.headers.get("access-control-allow-headers")!.toLowerCase().split(",");
    for (
      const header of [
        "authorization",
        "content-type",
        "if-none-match",
        "x-api-key",
        "x-launchdarkly-secure-mode-hash",
      ]
    ) {
      assertEquals([header, allowed.includes(header)], [header, true]);
    }
    const method = path.endsWith("events") ? "GET" : "POST";
    const refused = await fetch(path, { method, headers: { origin: "https://app.example" } });
    assertEquals([refused.status, refused.headers.get("access-control-allow-origin")], [401, "*"]);
    assertEquals(refused.headers.get("access-control-expose-headers")?.includes("ETag"), true);
  }
}, PARTS);
