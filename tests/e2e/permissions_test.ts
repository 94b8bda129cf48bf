import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { environmentVariables } from "../../lib/config/mod.ts";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { freePort, halyardCommand, type RelayOptions, type RelayProcess, startRelay } from "./_relay.ts";

/** How long a line of variables in docs/deploy.md may be: characters. */
const LINE = 100;

/** The flags of the command in docs/deploy.md, "Without an executable". */
async function readFlags(): Promise<string[]> {
  const page = await Deno.readTextFile(new URL("../../docs/deploy.md", import.meta.url));
  const [, flags] = /```sh\nDENO_NO_UPDATE_CHECK=1 deno run --no-prompt \\\n(.*?) \\\n {2}main.ts\n```/s.exec(
    page,
  )!;
  return flags!.split(" \\\n").map((line) => line.trim().replace(/^'(.*)'$/, "$1"));
}

/** What docs/deploy.md gives, for this port and the file's own folder. */
async function confine(file: DataFile): Promise<RelayOptions & { port: number }> {
  const port = freePort();
  const folder = file.path.replace("/flags.tar.gz", "");
  // The thread reads the stand-ins for @std too, which the page's command does without.
  const code = import.meta.resolve("@std/assert").startsWith("file:") ? ",lib,tools/std" : ",lib";
  const flags = (await readFlags()).map((flag) =>
    flag.replaceAll("8030", `${port}`).replace("/data", folder).replace(/,lib$/, code)
  );
  // An hour between two looks: what is noticed sooner is noticed by the watch.
  const env = { FILE_DATA_SOURCE: file.path, FILE_DATA_SOURCE_MONITORING_INTERVAL: "1h" };
  return { env, permissions: flags, port };
}

function archiveWith(value: unknown): Promise<Uint8Array> {
  return packArchive({ e1: { flags: { f: constantFlag(value) } } });
}

async function getValue(url: string): Promise<unknown> {
  const response = await fetch(`${url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
  return (await response.json()).flags.f.variations[1];
}

/** The variables as flags, in lines that are not too long. */
function environmentFlags(): string[] {
  const lines: string[] = [];
  for (const name of environmentVariables()) {
    const line = `${lines.at(-1)},${name}`;
    if (lines.length > 0 && line.length <= LINE) lines[lines.length - 1] = line;
    else lines.push(`--allow-env=${name}`);
  }
  return lines;
}

Deno.test("docs/deploy.md names every variable, and no other, in --allow-env", async () => {
  const flags = (await readFlags()).filter((flag) => flag.startsWith("--allow-env"));
  const paste = environmentFlags().map((flag) => `  '${flag}' \\`).join("\n");
  assertEquals(flags, environmentFlags(), `docs/deploy.md should have:\n${paste}`);
});

Deno.test("main.ts serves and reloads by watch with the permissions of docs/deploy.md", async () => {
  await using file = await DataFile.create(await archiveWith("one"));
  await using relay = await startRelay({ ...await confine(file), args: [] });
  assertEquals(await getValue(relay.url), "one");
  await file.replace(await archiveWith("two"));
  await relay.waitFor("Reloaded data");
  assertEquals(await getValue(relay.url), "two");
  assertEquals((await relay.stop()).code, 0);
  assertEquals(relay.lines.filter((line) => /WARN|ERROR/.test(line)), []);
});

/** What it lets itself do with a Unix socket. */
async function confineWithSocket(file: DataFile): Promise<RelayOptions> {
  const { env, permissions = [], ...rest } = await confine(file);
  const socket = file.path.replace("flags.tar.gz", "halyard.sock");
  return {
    ...rest,
    env: { ...env, UNIX_SOCKET: socket },
    permissions: [
      ...permissions,
      ...`--allow-net=unix:${socket} --allow-read=${socket} --allow-write=${socket}`.split(" "),
    ],
  };
}

for (const [what, confined] of [["", confine], [" and those of a Unix socket", confineWithSocket]] as const) {
  Deno.test(`main.ts cannot connect or write with the permissions of docs/deploy.md${what}, and serves on`, async () => {
    await using file = await DataFile.create(await archiveWith("one"));
    using other = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const script = "tests/e2e/_confined.ts";
    await using relay = await startRelay({
      ...await confined(file),
      script,
      args: [String(other.addr.port)],
    });
    await assertConfined(relay);
  });
}

async function assertConfined(relay: RelayProcess): Promise<void> {
  const outcomes = JSON.parse(await relay.waitFor('{"fetch"'));
  assertEquals(outcomes, {
    fetch: "NotCapable",
    connect: "NotCapable",
    "connect by node": "NotCapable",
    "resolve a name": "NotCapable",
    "listen elsewhere": "NotCapable",
    "write a file": "NotCapable",
    "write beside the Unix socket": "NotCapable",
    "write by a path through the Unix socket": "NotCapable",
    "move the Unix socket": "NotCapable",
    "listen on another Unix socket": "NotCapable",
    "connect to another Unix socket": "NotCapable",
    "read a file": "NotCapable",
    // The flag --ignore-env hides it.
    "read a variable": "done: undefined",
    "run a program": "NotCapable",
  });
  assertEquals(await getValue(relay.url), "one");
}

Deno.test("main.ts looks at the file from time to time when it may read nothing else, and reloads", async () => {
  await using file = await DataFile.create(await archiveWith("one"));
  const { permissions = [], env, port } = await confine(file);
  const flags = permissions.map((flag) =>
    flag.startsWith("--allow-read") ? `--allow-read=${file.path}` : flag
  );
  await using relay = await startRelay({
    env: { ...env, FILE_DATA_SOURCE_MONITORING_INTERVAL: "100ms" },
    permissions: flags,
    port,
  });
  assertStringIncludes(
    relay.lines.join("\n"),
    "Polling the data file for changes, cannot watch its directory",
  );
  assertEquals(await getValue(relay.url), "one");
  await file.replace(await archiveWith("two"));
  await relay.waitFor("Reloaded data");
  assertEquals(await getValue(relay.url), "two");
});

Deno.test("main.ts refuses to guess a variable that it may not read", async () => {
  const permissions = ["--allow-env=PORT,FILE_DATA_SOURCE"];
  const { code, stderr } = await halyardCommand({ env: { FILE_DATA_SOURCE: "x" }, permissions }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stderr),
    /^Configuration error: Requires env access to "\w+".*\nhint: name every variable in --allow-env, or add --ignore-env/,
  );
});
