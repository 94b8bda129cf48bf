import { assertEquals } from "@std/assert";
import { findProxy } from "../../lib/pull/mod.ts";

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
      [{ HTTPS_PROXY: "http://secret a" }, ["HTTPS_PROXY", "not an address"]],
    ];
  for (const [variables, expected] of cases) {
    const proxy = findProxy(https, variables);
    assertEquals(proxy && [proxy.variable, proxy.address], expected);
  }
  assertEquals(findProxy(new URL("http://x/"), { HTTP_PROXY: "a:1" })?.variable, "HTTP_PROXY");
});
