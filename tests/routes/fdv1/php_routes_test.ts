import { assert, assertEquals } from "@std/assert";
import { relayTest } from "../../http/_relay.ts";

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
