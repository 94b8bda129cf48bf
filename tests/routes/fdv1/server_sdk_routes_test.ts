import { assert, assertEquals } from "@std/assert";
import { gunzipSync } from "node:zlib";
import { text } from "../../_environments.ts";
import { relayTest } from "../../http/_relay.ts";

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

relayTest("GET /all opens a stream with the headers that proxies need; HEAD opens none", async (relay) => {
  const head = await relay.get("/all");
  assertEquals(head.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals(head.headers.get("cache-control"), "no-cache, no-transform");
  assertEquals(head.headers.get("x-accel-buffering"), "no");
  const reader = head.body!.getReader();
  assert(
    text((await reader.read()).value!).startsWith('event: put\ndata: {"path":"/","data":{"flags":{"f":'),
  );
  assertEquals(relay.delivery.size, 1);
  await reader.cancel();
  const headers = { authorization: "sdk-e1" };
  assertEquals((await relay.fetch("/all", { method: "HEAD", headers })).body, null);
  assertEquals(relay.delivery.size, 0);
});

// Bodies that must all be answered with 202: any refusal makes SDKs stop sending.
