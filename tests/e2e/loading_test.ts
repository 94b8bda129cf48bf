import { assertEquals } from "@std/assert";
import { constantFlag, DataFile, packArchive } from "./_archive.ts";
import { type RelayProcess, startRelay } from "./_relay.ts";

const ARCHIVE = await packArchive({ e1: { flags: { f: constantFlag("one") } } });
/** Nothing that gzip could make small, so that each write brings something new. */
const NOISE = Array.from({ length: 3_000 }, () => crypto.randomUUID()).join("");
const NEXT = await packArchive({ e1: { flags: { f: constantFlag(NOISE, 2) } } });

/** Pace of a slow copy: 16 s for all of it, without a pause long enough for the file to settle. */
const PIECE_BYTES = 700;
const PAUSE_MS = 200;

/** A copy in place that takes its time until `finish` is called. */
function copySlowly(path: string, archive: Uint8Array): { finish(): Promise<void> } {
  let isSlow = true;
  async function copy(): Promise<void> {
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    let at = 0;
    for (; isSlow && at < archive.length - PIECE_BYTES; at += PIECE_BYTES) {
      await file.write(archive.subarray(at, at + PIECE_BYTES));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    while (at < archive.length) at += await file.write(archive.subarray(at));
  }
  const copied = copy();
  return {
    finish() {
      isSlow = false;
      return copied;
    },
  };
}

/** The lines that tell of a problem. */
function problems({ lines }: RelayProcess): string[] {
  return lines.filter((line) => / (WARN|ERROR): /.test(line)).map((line) => line.replace(/^\S+ \S+ /, ""));
}

async function ask(
  { url }: RelayProcess,
  path: string,
): Promise<[status: number, body: Record<string, unknown>]> {
  const response = await fetch(`${url}${path}`);
  return [response.status, await response.json()];
}

Deno.test("main.ts tells once of a file that is copied slowly in place, and loads it when it rests", async () => {
  await using file = await DataFile.create(ARCHIVE);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  const copy = copySlowly(file.path, NEXT);
  await relay.waitFor("still being written");
  const [, body] = await ask(relay, "/health/ready");
  assertEquals(body.status, "degraded");
  await copy.finish();
  await relay.waitFor("Reloaded data");
  const warning =
    `WARN: Cannot read data file "${file.path}": still being written after 6 s; any previous content ` +
    "stays in use; hint: it will be read once it has settled; to replace it at once, copy to another name beside it, then rename";
  assertEquals(problems(relay), [warning]);
  assertEquals(await ask(relay, "/health/ready"), [200, { status: "ready" }]);
});

Deno.test("main.ts listens while its first archive is still being copied, answers 503, and then serves it", async () => {
  await using file = await DataFile.create(ARCHIVE.subarray(0, 0));
  const copy = copySlowly(file.path, NEXT);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  assertEquals((await ask(relay, "/health/live"))[0], 200);
  assertEquals((await ask(relay, "/health/ready"))[0], 503);
  const known = await fetch(`${relay.url}/sdk/latest-all`, { headers: { authorization: "sdk-e1" } });
  assertEquals([known.status, await known.text()], [503, "Halyard has not loaded its archive yet"]);
  const [, { dataFile }] = await ask(relay, "/status");
  assertEquals(Object.keys(dataFile as object), ["path", "lastError"]);
  await copy.finish();
  await relay.waitFor("Loaded data");
  assertEquals(await ask(relay, "/health/ready"), [200, { status: "ready" }]);
  assertEquals(problems(relay).length, 1);
});

Deno.test("main.ts ends with exit code 1 for part of an archive that does not grow", async () => {
  await using file = await DataFile.create(NEXT.subarray(0, 1_000));
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } }, "Unable to create relay");
  assertEquals((await relay.ended).code, 1);
  assertEquals(relay.errors.length, 2, "the message and the hint");
});

Deno.test("main.ts logs part of an archive that does not grow once, as an error", async () => {
  await using file = await DataFile.create(ARCHIVE);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  await file.replace(NEXT.subarray(0, 1_000));
  await relay.waitFor("Data file reload failed");
  await Deno.utime(file.path, new Date(), new Date());
  await new Promise((resolve) => setTimeout(resolve, 2_000)); // time for what must not come
  assertEquals(problems(relay).length, 1);
});

Deno.test("main.ts stays ready when a reload adds an environment with bad data, and says degraded", async () => {
  const bad = { flags: { f: { version: "1" } } };
  await using file = await DataFile.create(ARCHIVE);
  await using relay = await startRelay({ env: { FILE_DATA_SOURCE: file.path } });
  await file.replace(await packArchive({ e1: { flags: { f: constantFlag("one") } }, e2: bad }));
  await relay.waitFor("Reloaded data");
  const [status, body] = await ask(relay, "/health/ready");
  assertEquals([status, body.status, (body.reasons as string[]).length], [200, "degraded", 1]);
});
