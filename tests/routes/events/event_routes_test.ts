import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { relayTest } from "../../http/_relay.ts";

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
