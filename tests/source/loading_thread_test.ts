import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { Loader } from "../../lib/source/mod.ts";
import { LoadError, LoadingThread, type LoadOptions } from "../../lib/source/loading_thread.ts";
import { assembleSnapshot, knownOf, type Snapshot, Store } from "../../lib/store/mod.ts";
import { type EnvironmentParts, makeLog, makeSnapshot, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { halyardCommand } from "../e2e/_relay.ts";

/** A thread that runs `code` when it is asked to load. */
function threadOf(code: string): URL {
  const source =
    `import { parentPort } from "node:worker_threads"; parentPort.once("message", () => { ${code} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

async function load(archive: Uint8Array<ArrayBuffer>, known = new Map(), thread = new LoadingThread()) {
  try {
    return await thread.load({ bytes: archive, path: "flags.tar.gz", maxBytes: 1_000_000, known });
  } finally {
    await thread.close();
  }
}

/** A segment with all that SDKs need. */
const SEGMENT = {
  deleted: false,
  included: [],
  excluded: [],
  includedContexts: [],
  excludedContexts: [],
  salt: "",
  rules: [],
};

Deno.test("LoadingThread.load() prepares what a snapshot is assembled from", async () => {
  const parts = {
    flags: { a: constantFlag("ü"), b: { deleted: true, version: 3 } },
    segments: { s: SEGMENT },
  };
  const [loaded] = await load(await packArchive({ e1: parts }));
  if (!loaded || !("prepared" in loaded)) throw new Error("It has a fault");
  const snapshot = await assembleSnapshot(loaded.prepared);
  const expected = await makeSnapshot("e1", parts);
  assertEquals(text(snapshot.all.put), text(expected.all.put));
  assertEquals(snapshot.data, expected.data);
  assertEquals(snapshot.all.etag, expected.all.etag);
  assertEquals(snapshot.metadata, expected.metadata);
});

Deno.test("LoadingThread.load() hands over only what is new", async () => {
  const flags = { a: constantFlag("one"), b: constantFlag("two"), c: constantFlag("three") };
  const before = await makeSnapshot("e1", { flags });
  const archive = await packArchive({
    e1: { flags: { ...flags, b: constantFlag("changed", 2), d: constantFlag("new") } },
  });
  const [loaded] = await load(archive, new Map([["e1", { ...knownOf(before), source: "another" }]]));
  if (!loaded || !("prepared" in loaded)) throw new Error("It has a fault");
  const { keys, changed } = loaded.prepared.flagItems;
  assertEquals([...changed].map((index) => keys[index]), ["b", "d"]);
  const after = await assembleSnapshot(loaded.prepared, before);
  assertEquals(after.data.flags.get("a") === before.data.flags.get("a"), true);
  assertEquals(after.data.flags.get("b")!.value.version, 2);
  assertEquals([...after.data.flags.keys()], ["a", "b", "c", "d"]);
});

Deno.test("LoadingThread.load() gives the fault of an environment beside the others", async () => {
  const loaded = await load(await packArchive({ good: {}, bad: { flags: { f: { version: "1" } } } }));
  assertEquals(loaded.map(({ id }) => id), ["bad", "good"]);
  assertStringIncludes((loaded[0] as { fault: string }).fault, '"version" must be an integer');
});

Deno.test("LoadingThread.load() says what is wrong with an archive, with the hint", async () => {
  const error = await assertRejects(() => load(new TextEncoder().encode("no archive")), LoadError);
  assertStringIncludes(error.message, 'Cannot read archive "flags.tar.gz"');
  assertStringIncludes(error.hint, "copy");
});

// How a thread can fail, and what is said about it.
const FAULTS: [what: string, code: string, options: LoadOptions, message: string][] = [
  ["hangs", "for (;;);", { deadline: 200 }, "the loading thread took longer than 200 ms"],
  [
    "never answers",
    "setInterval(() => {}, 1000);",
    { deadline: 200 },
    "the loading thread took longer than 200 ms",
  ],
  ["crashes", "throw new Error('boom');", {}, "the loading thread crashed: boom"],
  ["ends early", "process.exit(3);", {}, "the loading thread ended without an answer"],
];

for (const [what, code, options, message] of FAULTS) {
  Deno.test(`LoadingThread.load() refuses a load when the thread ${what}, and the next load gets another`, async () => {
    const archive = await packArchive({ e1: {} });
    const request = { bytes: archive, path: "flags.tar.gz", maxBytes: 1_000_000, known: new Map() };
    const thread = new LoadingThread({ ...options, url: threadOf(code) });
    for (let i = 0; i < 2; i++) {
      const error = await assertRejects(() => thread.load(request), LoadError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.hint, "next change");
    }
    await thread.close();
    assertEquals((await load(archive)).length, 1);
  });
}

Deno.test("LoadingThread.load() refuses a load when the thread runs out of memory, and the process goes on", async () => {
  const script = "tests/source/_out_of_memory.ts";
  const command = halyardCommand({ env: {}, args: [], script, permissions: ["--allow-read"] });
  const { code, stdout } = await command.output();
  const line = 'LoadError: Cannot load "flags.tar.gz": the loading thread ended without an answer\n';
  assertEquals([code, text(stdout)], [0, line + line]);
});

Deno.test("LoadingThread.load() serves one load after the other, good and bad", async () => {
  const thread = new LoadingThread();
  const good = {
    bytes: await packArchive({ e1: {} }),
    path: "flags.tar.gz",
    maxBytes: 1_000_000,
    known: new Map(),
  };
  for (let i = 0; i < 3; i++) {
    assertEquals((await thread.load(good)).length, 1);
    await assertRejects(() => thread.load({ ...good, bytes: new Uint8Array(3) }), LoadError);
  }
  await thread.close();
});

Deno.test("Loader.load() keeps what did not change and follows metadata, faults and returns", async () => {
  const store = new Store();
  const loader = new Loader({ path: "flags.tar.gz", maxBytes: 1_000_000, store, log: makeLog() });
  async function loadParts(
    environments: Record<string, EnvironmentParts>,
  ): Promise<(Snapshot | undefined)[]> {
    await loader.load({ bytes: await packArchive(environments), digest: "" });
    return ["a", "b"].map((id) => store.get(id)?.snapshot);
  }
  const flags = { f: constantFlag("one") };
  const [a, b] = await loadParts({ a: { flags }, b: { flags } });
  const [sameA, newB] = await loadParts({ a: { flags }, b: { flags: { f: constantFlag("two", 2) } } });
  assertStrictEquals(sameA, a);
  assertEquals(newB!.data.flags.get("f")!.value.version, 2);
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

Deno.test("Loader.load() warns of a fraction that it cuts, once as long as it is there", async () => {
  const log = makeLog();
  const loader = new Loader({ path: "flags.tar.gz", maxBytes: 1_000_000, store: new Store(), log });
  async function load(flags: Record<string, Record<string, unknown>>): Promise<string[]> {
    log.lines.length = 0;
    await loader.load({ bytes: await packArchive({ e1: { flags } }), digest: "" });
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
