import { assertEquals } from "@std/assert";
import type { CorsPolicy } from "../../lib/http/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeEnvironment, makeStore } from "../_environments.ts";
import { makeRelay, relayTest } from "./_relay.ts";

const RESTRICTED: CorsPolicy = {
  envAllowedOrigin: ["https://a.example", "https://b.example"],
  envAllowedHeader: ["X-Mine"],
};

const CONTEXT = btoa('{"kind":"user","key":"u"}');

/** Every route that browsers call, and what it answers in good and bad cases. */
const ANSWERS: [method: string, path: string, status: number][] = [
  ["GET", `/sdk/evalx/e1/contexts/${CONTEXT}`, 200],
  ["GET", `/sdk/evalx/e1/users/${CONTEXT}`, 200],
  ["GET", `/sdk/evalx/e1/contexts/!`, 400],
  ["GET", `/sdk/evalx/unknown/contexts/${CONTEXT}`, 404],
  ["POST", `/sdk/evalx/e1/contexts/${CONTEXT}`, 405],
  ["REPORT", "/sdk/evalx/e1/context", 415],
  ["REPORT", "/sdk/evalx/e1/user", 415],
  ["REPORT", "/eval/e1", 415],
  ["POST", "/sdk/evalx/e1/context", 415],
  ["POST", "/sdk/evalx/e1/user", 415],
  ["POST", "/eval/e1", 415],
  ["GET", `/eval/unknown/${CONTEXT}`, 404],
  ["GET", "/ping/unknown", 404],
  ["GET", "/sdk/goals/e1", 200],
  ["GET", "//sdk//goals/e1", 301],
  ["POST", "/events/bulk/e1", 202],
  ["POST", "/events/diagnostic/e1", 202],
  ["POST", "/events/diagnostic/unknown", 404],
  ["GET", "/a/e1.gif", 200],
];

for (const [method, path, status] of ANSWERS) {
  relayTest(
    `${method} ${path.replace(CONTEXT, "{context}")} may be read by browsers when it is ${status}`,
    async (relay) => {
      const response = await relay.fetch(path, { method, headers: { origin: "https://any.example" } });
      await response.body?.cancel();
      assertEquals(response.status, status);
      assertEquals(response.headers.get("access-control-allow-origin"), "*");
      assertEquals(
        response.headers.get("access-control-expose-headers"),
        "Date,ETag,X-LD-EnvID,X-LD-FD-Fallback,X-LD-FD-Fallback-TTL",
      );
    },
  );

  relayTest(
    `OPTIONS ${path.replace(CONTEXT, "{context}")} needs no credentials (${method}, ${status})`,
    async (relay) => {
      const response = await relay.fetch(path, {
        method: "OPTIONS",
        headers: { origin: "https://any.example" },
      });
      assertEquals([response.status, await response.text()], [200, ""]);
      assertEquals(response.headers.get("access-control-allow-origin"), "*");
      assertEquals(response.headers.get("access-control-allow-methods"), "GET,POST,REPORT,OPTIONS");
      assertEquals(response.headers.get("access-control-max-age"), "7200");
      assertEquals(response.headers.get("vary"), null);
    },
  );
}

Deno.test("a preflight is answered before there is any data", async () => {
  const relay = makeRelay(new Store());
  assertEquals((await relay.fetch("/sdk/goals/e1", { method: "OPTIONS" })).status, 200);
  const response = await relay.fetch("/sdk/goals/e1");
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  await relay.delivery.close();
});

Deno.test("503 of an environment without data may be read by browsers", async () => {
  const store = new Store();
  store.replace([{ id: "e1", metadata: makeEnvironment("e1").metadata, fault: "bad data" }]);
  const relay = makeRelay(store);
  const response = await relay.fetch("/ping/e1");
  assertEquals([response.status, response.headers.get("access-control-allow-origin")], [503, "*"]);
  await relay.delivery.close();
});

// Origin of the request, and the origin that the answer allows.
const ORIGINS: [origin: string | undefined, allowed: string][] = [
  ["https://a.example", "https://a.example"],
  ["https://b.example", "https://b.example"],
  ["https://evil.example", "https://a.example"],
  ["https://a.example.evil", "https://a.example"],
  [undefined, "https://a.example"],
];

for (const [origin, allowed] of ORIGINS) {
  Deno.test(`restricted origins: ${origin ?? "no origin"} is allowed ${allowed}, on streams, polls and 304s`, async () => {
    const relay = makeRelay(await makeStore({ e1: {} }), RESTRICTED);
    const headers: Record<string, string> = origin ? { origin } : {};
    const stream = await relay.fetch("/ping/e1", { headers });
    await stream.body!.cancel();
    const poll = await relay.fetch(`/sdk/evalx/e1/contexts/${CONTEXT}`, { headers });
    const etag = poll.headers.get("etag")!;
    const unchanged = await relay.fetch(`/sdk/evalx/e1/contexts/${CONTEXT}`, {
      headers: { ...headers, "if-none-match": etag },
    });
    assertEquals(unchanged.status, 304);
    for (const response of [stream, poll, unchanged]) {
      assertEquals(response.headers.get("access-control-allow-origin"), allowed);
      assertEquals(response.headers.get("vary")?.endsWith("Origin"), true);
    }
    await relay.delivery.close();
  });
}

Deno.test("configured headers are allowed besides those of the SDKs", async () => {
  const relay = makeRelay(await makeStore({ e1: {} }), RESTRICTED);
  const response = await relay.fetch("/events/bulk/e1", { method: "OPTIONS" });
  const allowed = response.headers.get("access-control-allow-headers")!.split(",");
  for (
    const name of [
      "Content-Type",
      "X-LaunchDarkly-User-Agent",
      "X-LaunchDarkly-Payload-ID",
      "Authorization",
      "X-Mine",
    ]
  ) {
    assertEquals(allowed.includes(name), true, name);
  }
  await relay.delivery.close();
});

relayTest(
  "routes of servers and mobile clients need no preflight and send no CORS headers",
  async (relay) => {
    assertEquals((await relay.fetch("/sdk/latest-all", { method: "OPTIONS" })).status, 405);
    assertEquals((await relay.get("/sdk/latest-all")).headers.get("access-control-allow-origin"), null);
  },
);
