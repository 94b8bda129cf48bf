import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  COURIER,
  HALYARD,
  parsePath,
  permissionFlags,
  type Product,
  STATE_DIRECTORY,
  UNIX_SOCKET,
} from "../../tools/permissions.ts";

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

Deno.test("permissionFlags() lets the courier connect anywhere, write, and run ssh-keygen and ssh-add alone", () => {
  const flags = permissionFlags({ product: COURIER, unixSocket: UNIX_SOCKET });
  const [env] = flags.filter((flag) => flag.startsWith("--allow-env="));
  assertMatch(env!, /,HTTPS_PROXY,.*,NO_PROXY,/);
  assertEquals(flags, [
    "--no-prompt",
    "--allow-net",
    "--allow-write",
    "--allow-run=ssh-keygen,ssh-add",
    "--allow-read",
    "--allow-sys=systemMemoryInfo",
    env!,
    "--ignore-env",
    "--deny-import",
  ]);
});

/** Says of each program whether it can be run. */
const RUNS = `for (const name of ["ssh-keygen", "ssh-add", "ssh", "/bin/sh", "./ssh-keygen"]) {
  try {
    const { code } = new Deno.Command(name, { args: ["-?"], stdin: "null", stdout: "null", stderr: "null" }).outputSync();
    console.log(name, code === 0 ? "succeeds" : "runs");
  } catch (error) {
    console.log(name, error.name);
  }
}`;

/** Runs that with a product's permissions, in a folder with an ssh-keygen of its own that does nothing. */
async function tryAll(product: Product, env: Record<string, string> = {}): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "halyard-" });
  try {
    await Deno.writeTextFile(`${folder}/runs.js`, RUNS);
    await Deno.writeTextFile(`${folder}/ssh-keygen`, "#!/bin/sh\n", { mode: 0o755 });
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", ...permissionFlags({ product }), "runs.js"],
      cwd: folder,
      env: { NO_COLOR: "1", ...env },
    }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("permissionFlags() lets the courier run ssh-keygen, ssh-add and nothing else, halyard nothing at all", async () => {
  const others = ["ssh NotCapable", "/bin/sh NotCapable", "./ssh-keygen NotCapable"];
  assertEquals(await tryAll(COURIER), ["ssh-keygen runs", "ssh-add runs", ...others]);
  assertEquals(await tryAll(HALYARD), ["ssh-keygen NotCapable", "ssh-add NotCapable", ...others]);
});

Deno.test("permissionFlags() lets the courier start without a word where there is no ssh-keygen", async () => {
  assertEquals((await tryAll(COURIER, { PATH: "/nonexistent" }))[0], "ssh-keygen NotFound");
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

Deno.test("permissionFlags() lets the state directory be written, besides the socket alone", () => {
  const flags = permissionFlags({ unixSocket: "/run/a.sock", stateDirectory: "/var/lib/a" });
  assertEquals(flags.filter((flag) => /write/.test(flag)), ["--allow-write=/run/a.sock,/var/lib/a"]);
  const courier = permissionFlags({ product: COURIER, stateDirectory: "/var/lib/a" });
  assertEquals(courier.filter((flag) => /write/.test(flag)), ["--allow-write"]);
});

// What can be no such path, and why.
const BAD_PATHS: [option: "unix-socket" | "state", path: string, message: string][] = [
  ["unix-socket", "", "--unix-socket cannot be empty"],
  ["unix-socket", "halyard.sock", '--unix-socket cannot be "halyard.sock": not an absolute path'],
  ["unix-socket", "/run/a,/etc", '--unix-socket cannot be "/run/a,/etc": it has a comma'],
  ["unix-socket", `/${"a".repeat(107)}`, "value has 108 bytes, the path of a Unix socket at most 107"],
  ["state", "state", '--state cannot be "state": not an absolute path'],
  ["state", "/a:/b", '--state cannot be "/a:/b": these are several paths'],
  ["state", "/a,/b", '--state cannot be "/a,/b": it has a comma'],
];

Deno.test("parsePath() takes a path that can be used and stand in a flag, and no other", () => {
  assertEquals(parsePath("unix-socket"), UNIX_SOCKET);
  assertEquals(parsePath("unix-socket", "/run/b.sock"), "/run/b.sock");
  assertEquals([parsePath("state"), parsePath("state", "/srv/b/")], [STATE_DIRECTORY, "/srv/b"]);
  for (const [option, path, message] of BAD_PATHS) {
    assertThrows(() => parsePath(option, path), Error, message);
  }
});
