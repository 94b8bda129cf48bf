import { assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { IncompleteError, LoadError, TransientError } from "../../lib/source/mod.ts";
import { Loader, StorePublisher } from "../../lib/load/mod.ts";
import { type Snapshot } from "../../lib/snapshot/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { type EnvironmentParts, makeLog, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { LoaderBench, type ThreadFault } from "../source/_bench.ts";

const FIRST = await packArchive({ e1: { flags: { f: constantFlag("one") } } });
const SECOND = await packArchive({ e1: { flags: { f: constantFlag("two", 2) } } });
const GARBAGE = new TextEncoder().encode("no archive ".repeat(100));

/** A bench that serves `FIRST`, and whose threads fail from now on. */
async function serveThenFail(fault?: ThreadFault): Promise<LoaderBench> {
  const bench = new LoaderBench(fault);
  bench.put(FIRST);
  assertEquals(await bench.reload(), undefined);
  await bench.setFaulty(true);
  return bench;
}

/** The value of flag `f` that is served. */
function served({ store }: LoaderBench): unknown {
  const body = store.get("e1")?.snapshot?.find("flags", "f")?.document?.parts[0];
  return body && JSON.parse(text(body)).variations[1];
}

Deno.test("Loader.load() keeps what did not change and follows metadata, faults and returns", async () => {
  const store = new Store();
  const loader = new Loader({
    path: "flags.tar.gz",
    maxBytes: 1_000_000,
    publisher: new StorePublisher(store),
    log: makeLog(),
  });
  async function loadParts(
    environments: Record<string, EnvironmentParts>,
  ): Promise<(Snapshot | undefined)[]> {
    await loader.load({ bytes: await packArchive(environments), digest: "", isAtRest: true });
    return ["a", "b"].map((id) => store.get(id)?.snapshot);
  }
  const flags = { f: constantFlag("one") };
  const [a, b] = await loadParts({ a: { flags }, b: { flags } });
  const [sameA, newB] = await loadParts({ a: { flags }, b: { flags: { f: constantFlag("two", 2) } } });
  assertStrictEquals(sameA, a);
  assertEquals(newB!.find("flags", "f")!.version, 2);
  const [renamedA] = await loadParts({
    a: { flags, env: { envName: "New", sdkKey: { value: "new" } } },
    b: { flags },
  });
  assertEquals(renamedA!.metadata.name, "New");
  assertStrictEquals(renamedA!.all, a!.all);
  assertEquals(store.find("sdk", "new")?.id, "a");
  const [faultyA, backB] = await loadParts({ a: { flags: { f: { version: "x" } } }, b: { flags } });
  assertStrictEquals(faultyA, renamedA);
  assertEquals(text(backB!.all.body), text(b!.all.body));
  const [backA] = await loadParts({ a: { flags }, b: { flags } });
  assertEquals([store.get("a")!.fault, text(backA!.all.body)], [undefined, text(a!.all.body)]);
  await loader.close();
});

// How a thread fails, and what is said about it.
const FAULTS: [fault: ThreadFault, message: string][] = [
  ["ends", "ended without an answer"],
  ["crashes", "crashed: boom"],
  ["hangs", "took longer than 3000 ms"],
];

for (const [fault, message] of FAULTS) {
  Deno.test(`Loader.reload() tries again, and serves the file, after a thread that ${fault}`, async () => {
    await using bench = await serveThenFail(fault);
    bench.put(SECOND);
    const full = `Cannot load "flags.tar.gz": the loading thread ${message}`;
    assertInstanceOf(await bench.reload(), TransientError);
    assertEquals([served(bench), bench.loader.status.lastError], ["one", { message: full, time: 0 }]);
    assertEquals(bench.lines("error"), [
      "error: Data file reload failed, serving the previous data; retrying in 1 s, then with growing pauses, and at once on " +
      `SIGHUP error=${
        JSON.stringify(full)
      } hint="if the archive is large, give the host, the container or the service more memory"`,
    ]);
    await bench.setFaulty(false);
    assertEquals(await bench.retry(), 1_000);
    assertEquals([served(bench), bench.loader.status.lastError], ["two", undefined]);
    assertEquals(bench.clock.sleeps, [], "nothing more is tried");
  });
}

Deno.test("Loader.reload() pauses twice as long each time, up to five minutes, and logs the same failure once", async () => {
  await using bench = await serveThenFail();
  bench.put(SECOND);
  await bench.reload();
  const pauses = [];
  for (let i = 0; i < 11; i++) pauses.push(await bench.retry() / 1_000);
  assertEquals(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  assertEquals(bench.lines("error").length, 1);
  await bench.setFaulty(false);
  await bench.retry();
  assertEquals(served(bench), "two");
});

Deno.test("Loader.reload() begins with the shortest pause again after a load that went well", async () => {
  await using bench = await serveThenFail();
  for (const content of [SECOND, FIRST]) {
    bench.put(content);
    await bench.reload();
    assertEquals(await bench.retry(), 1_000);
    await bench.setFaulty(false);
    assertEquals(await bench.retry(), 2_000);
    await bench.setFaulty(true);
  }
  assertEquals(bench.lines("error").length, 2, "once per content");
});

Deno.test("Loader.reload() tries the same bytes at once when they come again, as on SIGHUP and touch", async () => {
  await using bench = await serveThenFail();
  bench.put(SECOND);
  await bench.reload();
  await bench.reload();
  assertEquals(bench.lines("error").length, 1, "the same failure");
  assertEquals(bench.clock.sleeps.map(({ ms }) => ms), [2_000], "one wait, the next longer one");
  await bench.setFaulty(false);
  await bench.reload();
  assertEquals([served(bench), bench.clock.sleeps], ["two", []]);
});

Deno.test("Loader.reload() gives up the wait for a content that a newer one supersedes", async () => {
  await using bench = await serveThenFail();
  bench.put(SECOND);
  for (let i = 0; i < 3; i++) await bench.reload();
  await bench.setFaulty(false);
  bench.put(await packArchive({ e1: { flags: { f: constantFlag("three", 3) } } }));
  await bench.reload();
  assertEquals([served(bench), bench.clock.sleeps, bench.loader.status.lastError], ["three", [], undefined]);
});

Deno.test("Loader.reload() reads the file anew, so that a retry finds what is in it by then", async () => {
  await using bench = await serveThenFail();
  bench.put(SECOND);
  await bench.reload();
  bench.put(await packArchive({ e1: { flags: { f: constantFlag("three", 3) } } }));
  await bench.setFaulty(false);
  await bench.retry();
  assertEquals(served(bench), "three");
});

Deno.test("Loader.reload() tries nothing more when a retry turns out to be final", async () => {
  await using bench = await serveThenFail();
  bench.put(GARBAGE);
  await bench.reload();
  await bench.setFaulty(false);
  await bench.retry();
  assertEquals([served(bench), bench.clock.sleeps], ["one", []]);
  assertEquals(bench.lines("error").length, 2, "two distinct problems");
  assertMatch(bench.loader.status.lastError!.message, /^Cannot read archive "flags.tar.gz": /);
});

Deno.test("Loader.reload() tries nothing again for a final fault", async () => {
  await using bench = await serveThenFail();
  await bench.setFaulty(false);
  bench.put(GARBAGE);
  assertEquals([await bench.reload(), bench.clock.sleeps], [undefined, []]);
  assertEquals(bench.lines("error").length, 1);
});

Deno.test("Loader.close() ends the wait for a retry, and nothing is tried after it", async () => {
  await using bench = await serveThenFail();
  bench.put(SECOND);
  await bench.reload();
  await bench.setFaulty(false);
  await bench.loader.close();
  assertEquals(bench.clock.sleeps, []);
  await bench.retried;
  assertEquals(served(bench), "one");
});

Deno.test("Loader.close() during a load lets nothing be tried again", async () => {
  await using bench = await serveThenFail("hangs");
  bench.put(SECOND);
  const [error] = await Promise.all([bench.reload(), bench.loader.close()]);
  assertInstanceOf(error, TransientError);
  assertEquals([bench.clock.sleeps, bench.lines("error")], [[], []]);
});

Deno.test("Loader.load() loads nothing after close(): a file that was being read meanwhile starts no thread", async () => {
  await using bench = await serveThenFail();
  await bench.setFaulty(false);
  await bench.loader.close();
  bench.put(SECOND);
  assertEquals(await bench.reload(), undefined);
  assertEquals(served(bench), "one");
});

Deno.test("Loader.load() tries again before anything was served, and says so", async () => {
  await using bench = new LoaderBench();
  await bench.setFaulty(true);
  bench.put(FIRST);
  await assertRejects(() => bench.loader.load({ ...bench.file!, bytes: FIRST.slice() }), TransientError);
  assertMatch(
    bench.lines("error")[0]!,
    /^error: Data file load failed, answering 503; retrying in 1 s.* error="Cannot load/,
  );
  assertEquals(bench.store.ready, false);
  await bench.setFaulty(false);
  await bench.retry();
  assertEquals(served(bench), "one");
});

Deno.test("Loader.load() throws a final fault and logs that it is refused: who called it says why", async () => {
  await using bench = new LoaderBench();
  const content = { bytes: GARBAGE.slice(), digest: "1", isAtRest: true };
  const error = await assertRejects(() => bench.loader.load(content), LoadError);
  assertEquals([error instanceof IncompleteError, bench.clock.sleeps], [false, []]);
  assertEquals(bench.log.lines, [
    `info: Refused the archive path=flags.tar.gz digest=1 error=${
      JSON.stringify(error.message)
    } audit=refuse`,
  ]);
});

Deno.test("Loader.reload() is silent about part of an archive until its file is at rest", async () => {
  await using bench = await serveThenFail();
  await bench.setFaulty(false);
  bench.put(SECOND.subarray(0, 200), false);
  assertInstanceOf(await bench.reload(), IncompleteError);
  assertEquals([bench.lines("error"), bench.loader.status.lastError], [[], undefined]);
  bench.put(SECOND.subarray(0, 200), true);
  assertInstanceOf(await bench.reload(), IncompleteError);
  assertEquals(bench.lines("error").length, 1);
  assertEquals(bench.clock.sleeps, []);
});

Deno.test("Loader ends with the newest content served, whatever failed on the way", async () => {
  const step = fc.constantFrom("break", "mend", "first", "second", "garbage", "again", "wait");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await using bench = await serveThenFail();
      for (const step of steps) {
        if (step === "break") await bench.setFaulty(true);
        if (step === "mend") await bench.setFaulty(false).catch(() => {});
        if (step === "first") bench.put(FIRST);
        if (step === "second") bench.put(SECOND);
        if (step === "garbage") bench.put(GARBAGE);
        if (step === "wait" && bench.clock.sleeps.length > 0) await bench.retry();
        else await bench.reload();
      }
      assertEquals(bench.clock.sleeps.length <= 1, true, "at most one wait");
      await bench.setFaulty(false).catch(() => {});
      bench.put(SECOND);
      await bench.reload();
      assertEquals([served(bench), bench.clock.sleeps], ["two", []]);
      assertEquals(bench.loader.status.lastError, undefined);
    }),
    { numRuns: 15, seed: 6 },
  );
});

// Names of project and environment, and the field that stands behind the ID.
const NAMES: [projName: string | undefined, envName: string | undefined, field: string][] = [
  ["Project", "Test", ' name="Project Test"'],
  ["Project", "", " name=Project"],
  ["Project", undefined, " name=Project"],
  ["", "Test", " name=Test"],
  [undefined, "Test", " name=Test"],
  ["", "", ""],
  [undefined, undefined, ""],
  [" ", "\t", ""],
];

for (const [projName, envName, field] of NAMES) {
  Deno.test(`Loader logs names ${Deno.inspect([projName, envName])} as "environment=e1${field}"`, async () => {
    await using bench = new LoaderBench();
    const env = { projName, envName };
    bench.put(await packArchive({ e1: { env } }));
    await bench.reload();
    bench.put(await packArchive({ e1: { env, flags: { f: { version: "1" } } } }));
    await bench.reload();
    bench.put(await packArchive({}));
    await bench.reload();
    const about = bench.log.lines.filter((line) => line.includes(" environment=e1"));
    const named = new RegExp(` environment=e1${field}( keys=| error=|$)`);
    assertEquals(about.length, 3);
    for (const line of about) assertMatch(line, named);
  });
}

Deno.test("Loader.load() warns of a fraction that it cuts, once as long as it is there", async () => {
  const log = makeLog();
  const loader = new Loader({
    path: "flags.tar.gz",
    maxBytes: 1_000_000,
    publisher: new StorePublisher(new Store()),
    log,
  });
  async function load(flags: Record<string, Record<string, unknown>>): Promise<string[]> {
    log.lines.length = 0;
    await loader.load({ bytes: await packArchive({ e1: { flags } }), digest: "", isAtRest: true });
    return log.lines.filter((line) => line.startsWith("warn: "));
  }
  const half = { ...constantFlag("one"), version: 3.5 };
  assertEquals(await load({ half }), [
    'warn: Environment "e1": flag "half" is served with 3 for 3.5 in "version", a whole number',
  ]);
  assertEquals(await load({ half, other: constantFlag("two") }), []);
  assertEquals((await load({ half: { ...half, version: 4.5 } })).length, 1);
  assertEquals(await load({ half: constantFlag("one") }), []);
  assertEquals((await load({ half })).length, 1);
  await loader.close();
});

Deno.test("Loader.load() loads a small file without the thread, and a larger one, or one that unpacks to more, with it", async () => {
  const noise = Array.from({ length: 20_000 }, (_, i) => Math.sin(i).toString(36)).join("");
  const archives: [flag: unknown, isSmall: boolean][] = [
    ["one", true],
    [noise, false],
    ["x".repeat(2 ** 20), false],
  ];
  for (const [value, isSmall] of archives) {
    const store = new Store();
    const loader = new Loader({
      path: "flags.tar.gz",
      maxBytes: 1_000_000,
      publisher: new StorePublisher(store),
      log: makeLog(),
      worker: { url: new URL("data:text/javascript,throw new Error('started')") },
    });
    const bytes = await packArchive({ e1: { flags: { f: constantFlag(value) } } });
    const load = loader.load({ bytes, digest: "1", isAtRest: true });
    if (isSmall) await load;
    else await assertRejects(() => load, TransientError, "the loading thread");
    assertEquals(store.ready, isSmall);
    await loader.close();
  }
});
