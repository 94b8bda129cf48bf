import { gunzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { LoadedEnvironment } from "../../lib/load/load_archive.ts";
import { LoadingThread, type LoadOptions } from "../../lib/load/loading_thread.ts";
import { TransientError } from "../../lib/source/transient_error.ts";
import { Snapshot } from "../../lib/snapshot/mod.ts";
import { LoadError } from "../../lib/source/mod.ts";
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
  try {
    return await thread.load(requestOf(archive, known));
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

Deno.test("LoadingThread.load() prepares what a snapshot is made of", async () => {
  const parts = {
    flags: { a: constantFlag("ü"), b: { deleted: true, version: 3 } },
    segments: { s: SEGMENT },
  };
  const [loaded] = await load(await packArchive({ e1: parts }));
  if (!loaded || !("prepared" in loaded)) throw new Error("It has a fault");
  const snapshot = Snapshot.from(loaded.prepared);
  const expected = await makeSnapshot("e1", parts);
  assertEquals(text(snapshot.all.put), text(expected.all.put));
  assertEquals(snapshot.find("flags", "b"), { version: 3 });
  assertEquals(snapshot.digest, expected.digest);
  assertEquals(snapshot.all.etag, expected.all.etag);
  assertEquals(snapshot.metadata, expected.metadata);
});

Deno.test("LoadingThread.load() hands over metadata alone where the data is known, by its file or by its content", async () => {
  const parts = { flags: { a: constantFlag("one") } };
  const [first] = await load(await packArchive({ e1: parts }));
  if (!first || !("prepared" in first)) throw new Error("It has a fault");
  const { source, prepared: { digest } } = first;
  const compressed = { all: false, flags: false };
  const archive = await packArchive({ e1: { ...parts, env: { envName: "New" } } });
  for (const known of [{ source, digest: "another" }, { source: "another", digest }]) {
    const [loaded] = await load(archive, new Map([["e1", { ...known, compressed }]]));
    if (!loaded || !("unchanged" in loaded)) throw new Error("It is not known");
    assertEquals([loaded.unchanged.name, loaded.source], ["New", source]);
  }
});

Deno.test("LoadingThread.load() compresses what clients have asked for compressed, and nothing else", async () => {
  const archive = await packArchive({ e1: { flags: { a: constantFlag("two") } } });
  for (
    const compressed of [{ all: false, flags: false }, { all: true, flags: false }, {
      all: true,
      flags: true,
    }]
  ) {
    const [loaded] = await load(archive, new Map([["e1", { source: "", digest: "", compressed }]]));
    if (!loaded || !("prepared" in loaded)) throw new Error("It has a fault");
    const { all, flags } = loaded.prepared.gzips ?? {};
    assertEquals({ all: all !== undefined, flags: flags !== undefined }, compressed);
    const snapshot = Snapshot.from(loaded.prepared);
    assertEquals(snapshot.compressed, compressed);
    assertEquals(text(gunzipSync(await snapshot.all.gzip())), text(snapshot.all.body));
    assertEquals(text(gunzipSync(await snapshot.flags.gzip())), text(snapshot.flags.body));
  }
});

for (const length of [100, 65_536, 300_000]) {
  Deno.test(`LoadingThread.load() compresses ${length} bytes to the same as who asks first for them`, async () => {
    const archive = await packArchive({ e1: { flags: { a: constantFlag("é1".repeat(length / 3)) } } });
    const compressed = { all: true, flags: true };
    const [loaded] = await load(archive, new Map([["e1", { source: "", digest: "", compressed }]]));
    if (!loaded || !("prepared" in loaded)) throw new Error("It has a fault");
    const { gzips, ...rest } = loaded.prepared;
    const snapshot = Snapshot.from(rest);
    assertEquals(new Uint8Array(gzips!.all!), await snapshot.all.gzip());
    assertEquals(new Uint8Array(gzips!.flags!), await snapshot.flags.gzip());
  });
}

Deno.test("LoadingThread ends when there has been nothing to load for a while, and starts for the next load", async () => {
  const archive = await packArchive({ e1: {} });
  const thread = new LoadingThread({ idleTime: 1 });
  for (let i = 0; i < 2; i++) {
    assertEquals((await thread.load(requestOf(archive))).length, 1);
    while (thread.isRunning) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await thread.close();
});

Deno.test("LoadingThread does not end during a load, though it is started once more meanwhile", async () => {
  const url = threadOf("setTimeout(() => parentPort.postMessage({ end: true }), 200);");
  const thread = new LoadingThread({ url, idleTime: 1 });
  const loading = thread.load(requestOf(new Uint8Array(1)));
  thread.start();
  assertEquals(await loading, []);
  await thread.close();
});

Deno.test("LoadingThread.close() leaves nothing running, right after a load too", async () => {
  const thread = new LoadingThread();
  const loading = thread.load(requestOf(await packArchive({ e1: {} })));
  await Promise.all([loading.then(() => thread.close()), loading]);
  assertEquals(thread.isRunning, false);
});

Deno.test("LoadingThread.load() gives the fault of an environment beside the others", async () => {
  const loaded = await load(await packArchive({ good: {}, bad: { flags: { f: { version: "1" } } } }));
  assertEquals(loaded.map(({ id }) => id), ["bad", "good"]);
  assertStringIncludes((loaded[0] as { fault: string }).fault, '"version" must be an integer');
});

Deno.test("LoadingThread.load() gives what is wrong with an archive, with the hint", async () => {
  const thread = new LoadingThread();
  const garbage = requestOf(new TextEncoder().encode("no archive ".repeat(100)));
  const error = await assertRejects(
    () => thread.load(garbage),
    LoadError,
    'Cannot read archive "flags.tar.gz"',
  );
  await thread.close();
  assert(error.hint.length > 0);
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
    assertEquals((await thread.load(requestOf(archive))).length, 1);
    await assertRejects(() => thread.load(requestOf(new Uint8Array(3))), LoadError);
  }
  await thread.close();
});

/** Answers a load with the limit of its own heap, in MiB, as an environment's ID. */
const HEAP_TELLER = new URL(
  `data:text/javascript,${
    encodeURIComponent(`import { parentPort } from "node:worker_threads";
import { getHeapStatistics } from "node:v8";
parentPort.on("message", () => {
  parentPort.postMessage({ loaded: { id: String(Math.round(getHeapStatistics().heap_size_limit / 2 ** 20)), fault: "" } });
  parentPort.postMessage({ end: true });
});`)
  }`,
);

Deno.test("LoadingThread.load() bounds the heap by what a load may take, and keeps a thread that is about right", async () => {
  const thread = new LoadingThread({ url: HEAP_TELLER, heapLimit: 1024 });
  async function limitOf(mebibytes: number): Promise<number> {
    const [environment] = await thread.load(requestOf(new Uint8Array()), mebibytes * 2 ** 20);
    return Number(environment!.id);
  }
  const free = await limitOf(Infinity);
  const [tight, same, wide] = [await limitOf(64), await limitOf(100), await limitOf(500)];
  assert(free > 1000 && tight < 100, `${free} ${tight}`);
  assertEquals(same, tight);
  assert(wide > 400 && wide < 600, `${wide}`);
  await thread.close();
});
