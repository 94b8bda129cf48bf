import { assertEquals } from "@std/assert";
import type { EnvironmentParts } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { LoaderBench } from "../source/_bench.ts";

const TWO_FLAGS = { flags: { f: constantFlag("one"), g: constantFlag("g") }, segments: { s: {} } };

/** An environment that cannot be read. */
const FAULTY = { flags: { f: { version: "1" } } };

/** Loads archives one after the other. Returns the lines of each, with `D1` for the digest of the first, and so on. */
async function logLoads(...archives: Record<string, EnvironmentParts>[]): Promise<string[][]> {
  await using bench = new LoaderBench();
  const digests: string[] = [];
  const lines: string[][] = [];
  for (const archive of archives) {
    bench.put(await packArchive(archive));
    digests.push(bench.file!.digest);
    bench.log.lines.length = 0;
    assertEquals(await bench.reload(), undefined);
    lines.push(
      bench.log.lines.map((line) =>
        digests.reduce((line, digest, i) => line.replaceAll(`igest=${digest}`, `igest=D${i + 1}`), line)
      ),
    );
  }
  return lines;
}

Deno.test("Loader logs one event a load: digests, numbers of what is served and of what has changed, duration", async () => {
  const lines = await logLoads(
    { e1: TWO_FLAGS, e2: TWO_FLAGS },
    {
      e1: { flags: { f: constantFlag("two", 2), h: constantFlag("h") }, segments: { s: {}, t: {} } },
      e2: TWO_FLAGS,
    },
    { e1: { flags: { gone: { deleted: true } } }, e2: TWO_FLAGS },
  );
  assertEquals(lines.map((lines) => lines.filter((line) => !line.startsWith("debug"))), [
    [
      "info: Loaded data path=flags.tar.gz digest=D1 environments=2 invalid=0 flags=4 segments=2 durationMs=0 audit=load",
    ],
    [
      "info: Reloaded data path=flags.tar.gz digest=D2 previousDigest=D1 environments=2 invalid=0 flags=4 segments=3 " +
      "added=2 changed=1 removed=1 durationMs=0 audit=load",
    ],
    [
      "info: Reloaded data path=flags.tar.gz digest=D3 previousDigest=D2 environments=2 invalid=0 flags=2 segments=1 " +
      "added=0 changed=0 removed=4 durationMs=0 audit=load",
    ],
  ]);
});

Deno.test("Loader logs the age of the file, and how long a load took, by its clock", async () => {
  await using bench = new LoaderBench();
  bench.put(await packArchive({ e1: {} }));
  Object.assign(bench.file!, { age: 90_000.4 });
  await bench.reload();
  assertEquals(/ durationMs=0 ageMs=90000 audit/.test(bench.log.lines.at(-1)!), true, bench.log.lines.at(-1));
});

Deno.test("Loader logs environments that come and go while it serves, and updates at level debug alone", async () => {
  const key = "keys=sdk-**,mob-**";
  const lines = await logLoads(
    { e1: TWO_FLAGS },
    { e1: {}, e2: {} },
    { e2: {} },
  );
  const field = (id: string) => `environment=${id} name="Project Test" ${key}`;
  assertEquals(lines.map((lines) => lines.filter((line) => !line.includes("data path="))), [
    [`debug: Added environment ${field("e1")}`],
    [`debug: Updated environment ${field("e1")}`, `info: Added environment ${field("e2")} audit=key`],
    [`info: Removed environment ${field("e1")} audit=key`],
  ]);
});

Deno.test("Loader logs the fault of an environment once, and its end, and counts it with each load", async () => {
  const lines = await logLoads(
    { e1: TWO_FLAGS },
    { e1: FAULTY },
    { e1: FAULTY, e2: {} },
    { e1: { flags: { f: { on: 1 } } }, e2: {} },
    { e1: TWO_FLAGS, e2: {} },
  );
  const problems = lines.map((lines) =>
    lines.filter((line) => / environment=e1 /.test(line)).map((line) =>
      /^(\w+: [^=]*) environment/.exec(line)![1]
    )
  );
  const fault = "error: Found invalid data for an environment, it keeps the data it had";
  assertEquals(problems, [
    ["debug: Added environment"],
    [fault],
    [],
    [fault],
    ["info: Found valid data for an environment again"],
  ]);
  assertEquals(lines.map((lines) => /invalid=(\d+)/.exec(lines.at(-1)!)?.[1]), ["0", "1", "1", "1", "0"]);
});

Deno.test("Loader logs few lines for a fleet", async () => {
  const fleet = (value: number) =>
    Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`e${i}`, { flags: { f: constantFlag(value, value) } }]),
    );
  const lines = await logLoads(fleet(1), fleet(2));
  assertEquals(lines.map((lines) => lines.filter((line) => !line.startsWith("debug")).length), [1, 1]);
});

Deno.test("Loader logs an archive that is refused as an audit event, with its digest", async () => {
  await using bench = new LoaderBench();
  bench.put(await packArchive({ e1: {} }));
  await bench.reload();
  bench.put(new TextEncoder().encode("no archive ".repeat(100)));
  await bench.reload();
  assertEquals(bench.lines("error"), [
    'error: Data file reload failed, serving the previous data error="Cannot read archive \\"flags.tar.gz\\": it is neither ' +
    'gzip nor tar: it begins with \\"no a\\", plain text" hint="' +
    /hint="([^"]*)"/.exec(bench.lines("error")[0]!)![1] + `" digest=${bench.file!.digest} audit=refuse`,
  ]);
});
