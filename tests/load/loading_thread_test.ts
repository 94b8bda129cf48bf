import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { LoadedEnvironment } from "../../lib/load/load_archive.ts";
import { LoadingThread, type LoadOptions } from "../../lib/load/loading_thread.ts";
import { TransientError } from "../../lib/source/transient_error.ts";
import { assembleSnapshot, knownOf } from "../../lib/snapshot/mod.ts";
import { makeSnapshot, text } from "../_environments.ts";
import { constantFlag, packArchive } from "../e2e/_archive.ts";
import { halyardCommand } from "../e2e/_relay.ts";

/** A thread that runs `code` when it is asked to load. */
function threadOf(code: string): URL {
  const source =
    `import { parentPort } from "node:worker_threads"; parentPort.once("message", () => { ${code} });`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** What a thread is asked to do. */
function requestOf(bytes: Uint8Array<ArrayBuffer>, known = new Map()) {
  return { bytes: bytes.slice().buffer, path: "flags.tar.gz", maxBytes: 1_000_000, known };
}

/** Loads a good archive in a thread of its own. */
async function load(archive: Uint8Array<ArrayBuffer>, known = new Map()): Promise<LoadedEnvironment[]> {
  const thread = new LoadingThread();
  const reply = await thread.load(requestOf(archive, known));
  await thread.close();
  if ("failure" in reply) throw new Error(reply.failure.message);
  return reply.loaded;
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

Deno.test("LoadingThread.load() gives what is wrong with an archive, with the hint", async () => {
  const thread = new LoadingThread();
  const reply = await thread.load(requestOf(new TextEncoder().encode("no archive ".repeat(100))));
  await thread.close();
  if (!("failure" in reply)) throw new Error("It is loaded");
  assertEquals(reply.failure.kind, "final");
  assertStringIncludes(reply.failure.message, 'Cannot read archive "flags.tar.gz"');
  assert(reply.failure.hint.length > 0);
});

Deno.test("LoadingThread.load() takes the bytes over and keeps no second copy", async () => {
  const thread = new LoadingThread();
  const request = requestOf(await packArchive({ e1: {} }));
  await thread.load(request);
  assertEquals(request.bytes.byteLength, 0);
  await thread.close();
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
    const thread = new LoadingThread({ ...options, url: threadOf(code) });
    for (let i = 0; i < 2; i++) {
      const error = await assertRejects(() => thread.load(requestOf(archive)), TransientError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.hint, "memory");
    }
    await thread.close();
    assertEquals((await load(archive)).length, 1);
  });
}

Deno.test("LoadingThread.load() refuses a load when the thread runs out of memory, and the process goes on", async () => {
  const script = "tests/load/_out_of_memory.ts";
  const command = halyardCommand({ env: {}, args: [], script, permissions: ["--allow-read"] });
  const { code, stdout } = await command.output();
  const line = 'TransientError: Cannot load "flags.tar.gz": the loading thread ended without an answer\n';
  assertEquals([code, text(stdout)], [0, line + line]);
});

Deno.test("LoadingThread.load() serves one load after the other, good and bad", async () => {
  const thread = new LoadingThread();
  const archive = await packArchive({ e1: {} });
  for (let i = 0; i < 3; i++) {
    assert("loaded" in await thread.load(requestOf(archive)));
    assert("failure" in await thread.load(requestOf(new Uint8Array(3))));
  }
  await thread.close();
});
