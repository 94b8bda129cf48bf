import { assert, assertEquals, assertThrows } from "@std/assert";
import { findProxy, PullError } from "../../lib/pull/mod.ts";

Deno.test("findProxy() finds the variable that counts, and shows neither user nor password", () => {
  const https = new URL("https://x.example/");
  const cases: [variables: Record<string, string>, proxy: [variable: string, address: string] | undefined][] =
    [
      [{}, undefined],
      [{ HTTPS_PROXY: "", HTTP_PROXY: "http://a:1" }, undefined],
      [{ HTTPS_PROXY: "http://me:secret@a:3128/x" }, ["HTTPS_PROXY", "http://a:3128"]],
      [{ https_proxy: "me:secret@a:3128" }, ["https_proxy", "http://a:3128"]],
      [{ https_proxy: "a:3128", HTTPS_PROXY: "http://b" }, ["HTTPS_PROXY", "http://b"]],
      [{ ALL_PROXY: "socks5://me:secret@a:1080" }, ["ALL_PROXY", "socks5://a:1080"]],
    ];
  for (const [variables, expected] of cases) {
    const proxy = findProxy(https, variables);
    assertEquals(proxy && [proxy.variable, proxy.address], expected);
  }
  assertEquals(findProxy(new URL("http://x/"), { HTTP_PROXY: "a:1" })?.variable, "HTTP_PROXY");
});

Deno.test("findProxy() refuses what Deno would go past without a word, and does not show it", () => {
  for (
    const address of [
      "http://secret a",
      "http://secret@:x",
      "socks4://secret@a:1",
      "ftp://secret@a",
      "://secret",
    ]
  ) {
    const error = assertThrows(() => findProxy(new URL("https://x/"), { https_proxy: address }), PullError);
    assertEquals(error.message, "Cannot use https_proxy: it is not the address of a proxy");
    assert(!Deno.inspect(error).includes("secret"));
  }
});
