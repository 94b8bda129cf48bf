import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { UntarStream } from "@std/tar";
import { FLAGS } from "../../lib/cli/mod.ts";
import { parseArgs } from "../../lib/config/mod.ts";
import { VERSION } from "../../lib/version.ts";
import { makeRootfs, readInstructions } from "../../tools/rootfs.ts";
import { constantFlag, DataFile, packArchive } from "../e2e/_archive.ts";
import { Container } from "./_container.ts";
import { harmfulEnvironment } from "./_harmful_environment.ts";
import { buildProgram, locateProgram } from "./_programs.ts";

const ignore = Deno.build.os !== "linux";
const obstacle = Deno.build.target === "x86_64-unknown-linux-gnu"
  ? await Container.findObstacle()
  : "no executable without Deno's runtime base";

/** Some program that is small, and there on every Linux. */
const PROGRAM = "/bin/sh";

async function readEntries(
  tar: ReadableStream<Uint8Array>,
): Promise<Map<string, Uint8Array<ArrayBuffer> | undefined>> {
  const entries = new Map<string, Uint8Array<ArrayBuffer> | undefined>();
  for await (const { path, readable } of tar.pipeThrough(new UntarStream())) {
    const content = readable as ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
    entries.set(path, content && await new Response(content).bytes());
  }
  return entries;
}

Deno.test("makeRootfs() holds the executable, its libraries, what libc reads, and nothing else", {
  ignore,
}, async () => {
  const entries = await readEntries(await makeRootfs(PROGRAM));
  const paths = [...entries.keys()];
  assertEquals(paths, paths.toSorted());
  assertEquals(entries.get("usr/bin/halyard"), await Deno.readFile(PROGRAM));
  const text = new TextDecoder();
  assertMatch(text.decode(entries.get("etc/passwd")), /^nonroot:x:65532:65532:/m);
  assertMatch(text.decode(entries.get("etc/group")), /^nonroot:x:65532:$/m);
  assertEquals(text.decode(entries.get("etc/hosts")), "127.0.0.1 localhost\n::1 localhost\n");
  const others = paths.filter((path) => !/^(usr\/)?lib/.test(path));
  assertEquals(others, [
    ...["dev", "etc", "etc/group", "etc/hosts", "etc/passwd", "ldr", "proc", "sys"],
    ...["usr", "usr/bin", "usr/bin/halyard", "usr/bin/ldr"],
  ]);
  const libraries = paths.filter((path) => !others.includes(path) && entries.get(path)?.length);
  assert(libraries.some((path) => /\/libc\.[^/]*$/.test(path)), `${libraries}`);
  assert(libraries.some((path) => /\/ld-[^/]*$/.test(path)), `${libraries}`);
});

Deno.test("makeRootfs() gives the same bytes for the same files", { ignore }, async () => {
  const [one, other] = [await makeRootfs(PROGRAM), await makeRootfs(PROGRAM)];
  assertEquals(await new Response(one).bytes(), await new Response(other).bytes());
});

// No executables for this machine.
for (const path of ["README.md", "dist/nonexistent"]) {
  Deno.test(`makeRootfs() refuses "${path}"`, { ignore }, async () => {
    const message = `Cannot find the shared libraries of "${path}": `;
    await assertRejects(() => makeRootfs(path), Error, message);
  });
}

/** What the `Dockerfile` says under a name. */
async function readInstruction(name: string): Promise<string> {
  const instructions = (await readInstructions()).filter((line) => line.startsWith(`${name} `));
  assertEquals(instructions.length, 1, name);
  return instructions[0]!.slice(name.length + 1);
}

/** How the image of the `Dockerfile` runs. */
async function readImage() {
  const variables = (await readInstruction("ENV")).split(" ").map((pair) => pair.split("="));
  return {
    user: await readInstruction("USER"),
    entrypoint: JSON.parse(await readInstruction("ENTRYPOINT")) as [string, ...string[]],
    healthcheck: JSON.parse((await readInstruction("HEALTHCHECK")).replace(/^.* CMD /, "")) as string[],
    env: Object.fromEntries(variables) as Record<string, string>,
  };
}

Deno.test("Dockerfile stands in for the Relay Proxy's image, and names this version", async () => {
  const { user, entrypoint, healthcheck, env } = await readImage();
  const flags = ["--config", "/ldr/ld-relay.conf", "--allow-missing-file", "--from-env"];
  assertEquals(entrypoint, ["/usr/bin/halyard", ...flags]);
  assertEquals(healthcheck, ["/usr/bin/halyard", "health", ...flags]);
  assertEquals(parseArgs(healthcheck.slice(1), FLAGS).positional, ["health"]);
  assertEquals([user, env.PORT, await readInstruction("EXPOSE")], ["65532:65532", "8030", "8030"]);
  assertStringIncludes(await readInstruction("LABEL"), `org.opencontainers.image.version="${VERSION}"`);
});

Deno.test({
  name: `the container serves, reloads, tells its health and stops, read-only, as nobody, without a network${
    obstacle ? ` (ignored: ${obstacle})` : ""
  }`,
  ignore: obstacle !== undefined,
  async fn() {
    function archiveWith(value: string, version: number): Promise<Uint8Array> {
      return packArchive({ e1: { flags: { f: constantFlag(value, version) } } });
    }
    await using file = await DataFile.create(await archiveWith("first", 1));
    const folder = file.path.slice(0, file.path.lastIndexOf("/"));
    await using container = await makeContainer(folder);
    const { user, entrypoint, healthcheck, env } = await readImage();
    async function checkHealth(): Promise<string> {
      const { code, stdout, stderr } = await container.command(healthcheck, user, env).output();
      return [`${code}`, ...[stdout, stderr].map((bytes) => new TextDecoder().decode(bytes))].join(" ");
    }
    async function getFlags(): Promise<string> {
      const request =
        'fetch("http://127.0.0.1:8030/sdk/latest-all", { headers: { authorization: "sdk-e1" } })';
      return await container.evaluate(`console.log(await (await ${request}).text())`);
    }

    assertMatch(await checkHealth(), /^1 .* does not answer/);
    const settings = { ...env, FILE_DATA_SOURCE: "/ldr/flags.tar.gz" };
    // Whatever a container is started with; what brings this one up needs its PATH.
    const { PATH: _, ...harmful } = Object.assign(
      {},
      ...Object.values(harmfulEnvironment({ folder: "/ldr", port: 9 })),
    );
    const relay = container.command(entrypoint, user, { ...harmful, ...settings }).spawn();
    const said = relay.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let log = "";
    async function waitFor(text: string): Promise<void> {
      while (!log.includes(text)) {
        const { done, value } = await said.read();
        assert(!done, log);
        log += value;
      }
    }
    await waitFor("Listening on");
    assertMatch(await Deno.readTextFile(`/proc/${relay.pid}/status`), /^Uid:\t65532\t65532\t65532\t65532$/m);
    assertMatch(await checkHealth(), /^0 \{"status":"ready"/);
    assertStringIncludes(await getFlags(), '"first"');

    await file.replace(await archiveWith("second", 2));
    await waitFor("Reloaded data");
    assertStringIncludes(await getFlags(), '"second"');

    relay.kill("SIGTERM");
    assertEquals(await relay.status, { success: true, code: 0, signal: null });
    await said.cancel();
    assertMatch(await checkHealth(), /^1 .* does not answer/);
  },
});

/** A container of the program as it is. */
async function makeContainer(folder: string): Promise<Container> {
  const build = await Deno.makeTempDir({ prefix: "halyard-build-" });
  try {
    const program = locateProgram(build);
    await buildProgram(program);
    return await Container.create(program, folder);
  } finally {
    await Deno.remove(build, { recursive: true });
  }
}
