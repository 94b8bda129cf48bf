import { assertEquals } from "@std/assert";
import { relayTest } from "../../http/_relay.ts";
import { evaluate } from "./_ofrep.ts";

const FLAG = {
  on: true,
  variations: ["value"],
  fallthrough: { variation: 0 },
  clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
};
const PARTS = { flags: { f: FLAG } };

/** JSON arrays in one another. */
function nest(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

function list(length: number, item: (index: number) => string): string {
  return Array.from({ length }, (_, index) => item(index)).join();
}

relayTest("OFREP outlives hostile bodies, and says what is wrong with each", async (relay) => {
  const cases: [what: string, body: string, code: string | undefined][] = [
    ["arrays without end", "[".repeat(500_000), "INVALID_CONTEXT"],
    ["objects without end", '{"a":'.repeat(100_000), "INVALID_CONTEXT"],
    ["depth beside the context", `{"x":${nest(100_000)},"context":{"key":"a"}}`, "INVALID_CONTEXT"],
    ["depth in the context", `{"context":{"key":"a","x":${nest(100_000)}}}`, "INVALID_CONTEXT"],
    [
      "too many kinds",
      `{"context":{"kind":"multi",${list(20_000, (i) => `"k${i}":{"key":"a"}`)}}}`,
      "INVALID_CONTEXT",
    ],
    ["too many attributes", `{"context":{"key":"a",${list(20_000, (i) => `"k${i}":1`)}}}`, "INVALID_CONTEXT"],
    ["a context in the prototype", '{"__proto__":{"context":{"key":"a"}}}', "TARGETING_KEY_MISSING"],
    ["a key in the prototype", '{"context":{"__proto__":{"targetingKey":"a"}}}', "TARGETING_KEY_MISSING"],
    ["a prototype as a kind", '{"context":{"kind":"multi","__proto__":{"key":"a"}}}', undefined],
    ["a number without end", `{"context":{"key":"a","x":${"9".repeat(500_000)}}}`, undefined],
    ["control characters", '{"context":{"key":"a\\r\\nX-Injected: y\\u0000"}}', undefined],
    ["half a character", '{"context":{"key":"\\ud800"}}', undefined],
  ];
  for (const [what, body, code] of cases) {
    for (const path of ["", "/f"]) {
      const answer = await evaluate(relay, undefined, { body, path, headers: { authorization: "e1" } });
      assertEquals([what, answer.status, answer.body.errorCode], [what, code ? 400 : 200, code]);
      assertEquals(answer.headers.get("x-injected"), null);
    }
  }
  assertEquals(Object.hasOwn(Object.prototype, "targetingKey"), false);
  const bytes = await relay.fetch("/ofrep/v1/evaluate/flags", {
    method: "POST",
    headers: { authorization: "e1", "content-type": "application/json" },
    body: Uint8Array.of(0x7b, 0xff, 0x7d),
  });
  assertEquals([bytes.status, (await bytes.json()).errorCode], [400, "PARSE_ERROR"]);
}, PARTS);

relayTest("OFREP knows no flags but those of the data, whatever their keys", async (relay) => {
  const keys = ["__proto__", "constructor", "toString", "\0", "\r\nX-Injected: y", "x".repeat(10_000)];
  for (const key of keys) {
    const answer = await evaluate(relay, { key: "a" }, { path: `/${encodeURIComponent(key)}` });
    assertEquals([answer.status, answer.body.key, answer.body.errorCode], [404, key, "FLAG_NOT_FOUND"]);
    assertEquals(answer.headers.get("x-injected"), null);
  }
}, PARTS);

relayTest("OFREP leaves no credential, hash, key or context in log and metrics", async (relay) => {
  const secrets = ["sdk-e1", "mob-e1", "some-hash", "secret-flag", "secret-user"];
  for (const auth of ["sdk-e1", "mob-e1", "e1"]) {
    for (const key of ["", "/f", "/secret-flag", "/secret-flag/secret-user"]) {
      const path = `${key}?auth=${auth}&h=some-hash`;
      await evaluate(relay, { key: "secret-user" }, { path, headers: { authorization: "" } });
      await evaluate(relay, { key: 5, name: "secret-user" }, { path, headers: { authorization: "" } });
    }
    const stream = await relay.fetch(`/ofrep/v1/events?auth=${auth}&key=secret-user&h=some-hash`);
    await stream.body?.cancel();
  }
  const written = [...relay.log.lines, ...Object.keys(relay.meter.series)];
  for (const secret of secrets) {
    assertEquals([secret, written.filter((line) => line.includes(secret))], [secret, []]);
  }
  const routes = Object.keys(relay.meter.counted).flatMap((series) => {
    const route = /^halyard_requests_total\{route="(\/ofrep[^"]*)"/.exec(series)?.[1];
    return route === undefined ? [] : [route];
  });
  assertEquals([...new Set(routes)].sort(), [
    "/ofrep/v1/evaluate/flags",
    "/ofrep/v1/evaluate/flags/{key...}",
    "/ofrep/v1/events",
  ]);
}, PARTS);
