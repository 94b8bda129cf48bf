import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { COURIER, parseUnixSocket, permissionFlags, UNIX_SOCKET } from "../../tools/permissions.ts";

Deno.test("permissionFlags() grants nothing but listening, loopback, reading, the memory limit and Halyard's variables", () => {
  const [env] = permissionFlags().filter((flag) => flag.startsWith("--allow-env="));
  assertMatch(env!, /[=,]FILE_DATA_SOURCE,/);
  assert(!/[=,](DENO_|NODE_|OTEL_DENO)/.test(env!), "these steer Deno");
  assertEquals(permissionFlags({ allowNet: ["10.0.0.1", "[fd00::1]:8030"] }), [
    "--no-prompt",
    "--allow-net=0.0.0.0,127.0.0.1,[::],[::1],localhost,10.0.0.1,[fd00::1]:8030",
    "--allow-read",
    "--allow-sys=systemMemoryInfo",
    env!,
    "--ignore-env",
    "--deny-import",
  ]);
});

Deno.test("permissionFlags() lets the courier connect anywhere and write, and run nothing", () => {
  const flags = permissionFlags({ product: COURIER, unixSocket: UNIX_SOCKET });
  const [env] = flags.filter((flag) => flag.startsWith("--allow-env="));
  assertMatch(env!, /,HTTPS_PROXY,.*,NO_PROXY,/);
  assertEquals(flags, [
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    "--allow-read",
    "--allow-sys=systemMemoryInfo",
    env!,
    "--ignore-env",
    "--deny-import",
  ]);
});

Deno.test("permissionFlags() lets a Unix socket be made and removed, and no other path be written", () => {
  const flags = permissionFlags({ unixSocket: "/run/a.sock" });
  const others = permissionFlags();
  assertEquals(flags.filter((flag) => !others.includes(flag)), [
    "--allow-net=0.0.0.0,127.0.0.1,[::],[::1],localhost,unix:/run/a.sock",
    "--allow-write=/run/a.sock",
  ]);
  assertEquals(flags.filter((flag) => /write/.test(flag)).length, 1);
});

// What can be no path of a Unix socket, and why.
const BAD_SOCKETS: [path: string, message: string][] = [
  ["", "--unix-socket cannot be empty"],
  ["halyard.sock", '--unix-socket cannot be "halyard.sock": not an absolute path'],
  ["/run/a,/etc", '--unix-socket cannot be "/run/a,/etc": it has a comma'],
  [`/${"a".repeat(107)}`, "value has 108 bytes, the path of a Unix socket at most 107"],
];

Deno.test("parseUnixSocket() takes a path that can be listened on and stand in a flag, and no other", () => {
  assertEquals([parseUnixSocket(), parseUnixSocket("/run/b.sock")], [UNIX_SOCKET, "/run/b.sock"]);
  for (const [path, message] of BAD_SOCKETS) assertThrows(() => parseUnixSocket(path), Error, message);
});
