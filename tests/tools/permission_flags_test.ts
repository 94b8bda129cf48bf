import { assert, assertEquals, assertMatch } from "@std/assert";
import { COURIER, permissionFlags } from "../../tools/compile.ts";

Deno.test("permissionFlags() grants nothing but listening, loopback, reading, the memory limit and Halyard's variables", () => {
  const [env] = permissionFlags([]).filter((flag) => flag.startsWith("--allow-env="));
  assertMatch(env!, /[=,]FILE_DATA_SOURCE,/);
  assert(!/[=,](DENO_|NODE_|OTEL_DENO)/.test(env!), "these steer Deno");
  assertEquals(permissionFlags(["10.0.0.1", "[fd00::1]:8030"]), [
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
  const flags = permissionFlags([], COURIER);
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
