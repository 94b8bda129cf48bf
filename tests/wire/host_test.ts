import { assertEquals } from "@std/assert";
import { isLoopback, normalizeHost } from "../../lib/wire/mod.ts";

Deno.test("normalizeHost() gives each host one form, and refuses what is none", () => {
  const rows: [host: string, normalized: string | undefined][] = [
    ["LocalHost", "localhost"],
    ["a_b-c.Example", "a_b-c.example"],
    ["10.0.0.7", "10.0.0.7"],
    ["::1", "[::1]"],
    ["[0:0:0:0:0:0:0:1]", "[::1]"],
    ["FD00:0::A", "[fd00::a]"],
    ["::ffff:127.0.0.1", "[::ffff:7f00:1]"],
    ["", undefined],
    ["a.", undefined],
    [".a", undefined],
    ["a..b", undefined],
    ["a:80", undefined],
    ["[::1]:80", undefined],
    ["[localhost]", undefined],
    ["fe80::1%eth0", undefined],
    ["a/b", undefined],
    ["a b", undefined],
    ["ü.example", undefined],
    ["a".repeat(64), undefined],
    [`${"a.".repeat(127)}a`, undefined],
  ];
  for (const [host, normalized] of rows) assertEquals([host, normalizeHost(host)], [host, normalized]);
});

Deno.test("isLoopback() knows names and addresses that never leave the host", () => {
  for (const host of ["localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "[::1]", "0::1"]) {
    assertEquals([host, isLoopback(host)], [host, true]);
  }
  for (
    const host of [
      "",
      "0.0.0.0",
      "::",
      "128.0.0.1",
      "127.0.0.1.example",
      "localhost.example",
      "127.1",
      "127.0.0.256",
      "127.0.0.01",
      "12.127.0.0.1",
    ]
  ) assertEquals([host, isLoopback(host)], [host, false]);
});
