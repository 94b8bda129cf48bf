import { assertEquals } from "@std/assert";
import { Store } from "../../lib/store/mod.ts";
import { makeEnvironment } from "../_environments.ts";
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
  await relay.hub.close();
});

Deno.test("createHandler() answers 503 for a known environment without data", async () => {
  const store = new Store();
  store.replace([{ id: "e1", metadata: makeEnvironment("e1").metadata, fault: "bad data" }]);
  const relay = makeRelay(store);
  const response = await relay.get("/sdk/latest-all");
  assertEquals([response.status, await response.text()], [503, "client was not initialized"]);
  assertEquals(response.headers.get("x-ld-envid"), "e1");
  await relay.hub.close();
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
