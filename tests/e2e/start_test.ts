import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { halyardCommand, startRelay } from "./_relay.ts";

/** What the task `start` runs, with the permissions that it gives. */
const START = {
  script: "tools/start.ts",
  args: [],
  permissions: config.tasks.start.match(/--allow-\S+/g)!,
};

/** The header and the URL of each `curl` line. */
function findCommands(lines: string[]): { header: string | undefined; url: string }[] {
  return lines.flatMap((line) => {
    const [, header, url] = /^ *curl(?: -N)?(?: -H '([^']+)')? (\S+)$/.exec(line) ?? [];
    return url === undefined ? [] : [{ header, url }];
  });
}

Deno.test("start serves the demo, and each curl line it prints works", async () => {
  await using relay = await startRelay({ ...START, env: {} });
  // The last of them is followed by an empty line.
  await relay.waitFor("/status");
  for (const _ of Array(3)) await relay.waitFor("/all");
  const commands = findCommands(relay.lines);
  assertEquals(commands.length, 7);
  for (const { header, url } of commands) {
    const [name, value] = header?.split(": ") ?? [];
    const response = await fetch(url, { headers: name ? { [name]: value! } : {} });
    assertEquals(response.status, 200, url);
    const reader = response.body!.getReader();
    assertMatch(new TextDecoder().decode((await reader.read()).value), /^({|event: put\ndata: {)/);
    await reader.cancel();
  }
  assertEquals((await relay.stop()).code, 0);
  assertEquals(relay.errors, []);
});

Deno.test("start serves FILE_DATA_SOURCE if it is set, and prints no curl lines", async () => {
  await using file = await DataFile.create(await packArchive({ e1: { flags: { f: constantFlag(1) } } }));
  await using relay = await startRelay({ ...START, env: { FILE_DATA_SOURCE: file.path } });
  const { environments } = await (await fetch(`${relay.url}/status`)).json();
  assertEquals(Object.keys(environments), ["e1"]);
  await relay.stop();
  assert(!relay.lines.some((line) => line.includes("curl")));
});

// What the file of --config holds, and what is in the environment.
const SOURCES: [what: string, config: string, env: (path: string) => Record<string, string>][] = [
  ["what the file of --config names", "[OfflineMode]\nfileDataSource = ARCHIVE\n", () => ({})],
  ["FILE_DATA_SOURCE beside a file of --config", "", (path) => ({ FILE_DATA_SOURCE: path })],
];

for (const [what, config, env] of SOURCES) {
  Deno.test(`start serves ${what}`, async () => {
    await using file = await DataFile.create(await packArchive({ e1: {} }));
    const path = file.path.replace("flags.tar.gz", "ld-relay.conf");
    await Deno.writeTextFile(path, config.replace("ARCHIVE", file.path));
    await using relay = await startRelay({ ...START, args: ["--config", path], env: env(file.path) });
    const { environments } = await (await fetch(`${relay.url}/status`)).json();
    assertEquals(Object.keys(environments), ["e1"]);
  });
}

Deno.test("start refuses settings that are wrong instead of falling back to the demo", async () => {
  for (const env of [{ PORT: "x" }, { FILE_DATA_SOURCE: "/nonexistent" }]) {
    const { code, stderr } = await halyardCommand({ ...START, env }).output();
    assertEquals(code, 1);
    assertMatch(
      new TextDecoder().decode(stderr),
      /^(Configuration error|Unable to create relay): .*\nhint: /,
    );
  }
});
