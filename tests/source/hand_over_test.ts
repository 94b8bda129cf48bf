import { assert, assertEquals } from "@std/assert";
import { type FileContent, FileSource } from "../../lib/source/file_source.ts";
import type { FileSystem } from "../../lib/source/platform.ts";
import { follow, NEVER_MS, POLL_ONLY, QUICK_CLOCK, recordLog, replace } from "./_follow.ts";

Deno.test("FileSource.read() hands over bytes and digest, up to the limit", async () => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/flags.tar.gz`;
  const options = { path, interval: 1, maxBytes: 5, log: recordLog(() => {}), onContent() {} };
  const contents: FileContent[] = [];
  for (const text of ["hello", ""]) {
    await Deno.writeTextFile(path, text);
    await new FileSource(options).read((content) => void contents.push(content));
  }
  await Deno.remove(directory, { recursive: true });
  const { age, ...content } = contents[0]!;
  assert(age! >= 0 && age! < 60_000, "it was written just now");
  assertEquals(content, {
    bytes: new TextEncoder().encode("hello"),
    digest: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    isAtRest: false,
  });
  assertEquals(contents[1]!.bytes, new Uint8Array());
});

Deno.test("FileSource hands a content that its taker refuses over once, and goes on", async () => {
  await using followed = await follow({
    onContent({ bytes }) {
      if (bytes[0] === "b".charCodeAt(0)) throw new RangeError("Bad beyond measure");
    },
  });
  const { path, source, contents, lines } = followed;
  await replace(path, "bad");
  await lines.find((line) => line === "error: Cannot use data file");
  await replace(path, "bad");
  await source.refresh();
  await replace(path, "first");
  await contents.find((content) => content === "first");
  assertEquals(contents.items, ["bad", "first"], "the good one from before counts as new");
  assertEquals(lines.items.filter((line) => line.startsWith("error")).length, 1);
});

Deno.test("FileSource hands over one content after the other", async () => {
  let running = 0;
  let most = 0;
  await using followed = await follow({
    clock: QUICK_CLOCK,
    async onContent() {
      most = Math.max(most, ++running);
      await QUICK_CLOCK.sleep(1000, new AbortController().signal); // far longer than a read takes
      running--;
    },
  });
  const { path, source, contents } = followed;
  await replace(path, "second");
  await contents.find((content) => content === "second");
  await replace(path, "third");
  await Promise.all([source.refresh(), source.refresh()]);
  assertEquals(contents.items, ["second", "third"]);
  assertEquals(most, 1);
});

Deno.test("FileSource.refresh() reads whether or not the file looks changed, and hands over only what is new", async () => {
  const fs: FileSystem = {
    ...POLL_ONLY,
    async stat(path) {
      return { ...await Deno.stat(path), ino: 1, mtime: new Date(0), ctime: new Date(0) };
    },
  };
  await using followed = await follow({ interval: NEVER_MS, fs });
  const { path, source, contents } = followed;
  await source.refresh();
  await replace(path, "FIRST");
  await source.refresh();
  await source.refresh();
  assertEquals(contents.items, ["FIRST"]);
});

Deno.test("FileSource.refresh() reads once for any number of calls that came before it began", async () => {
  let opened = 0;
  const fs: FileSystem = { ...POLL_ONLY, open: (path) => (opened++, Deno.open(path)) };
  await using followed = await follow({ interval: NEVER_MS, fs });
  const { path, source, contents } = followed;
  const before = opened;
  await Promise.all(Array.from({ length: 100 }, () => source.refresh()));
  assertEquals(opened - before, 1);
  const early = source.refresh();
  await Promise.resolve().then(() => {}); // it has begun
  await replace(path, "second");
  await Promise.all([early, source.refresh(), source.refresh()]);
  assertEquals(contents.items, ["second"]);
});

Deno.test("FileSource notices what changed between read() and start()", async () => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/flags.tar.gz`;
  await Deno.writeTextFile(path, "first");
  const { promise, resolve } = Promise.withResolvers<string>();
  const source = new FileSource({
    path,
    interval: NEVER_MS,
    maxBytes: 1000,
    log: recordLog(() => {}),
    onContent: ({ bytes }) => resolve(new TextDecoder().decode(bytes)),
  });
  await source.read(() => {});
  await replace(path, "second");
  source.start();
  assertEquals(await promise, "second");
  await source.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("FileSource.close() ends a wait, a read and a hand-over, and nothing comes after it", async () => {
  for (const point of ["sleep", "stat", "open", "read", "onContent"]) await closeAt(point);
});

/** Closes a source at one point of its work on a change. */
async function closeAt(point: string): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let isArmed = false;
  let opened = 0;
  async function pause(at: string): Promise<void> {
    if (!isArmed || at !== point) return;
    reached.resolve();
    await gate.promise;
  }
  await using followed = await follow({
    fs: {
      ...POLL_ONLY,
      async stat(path) {
        await pause("stat");
        return Deno.stat(path);
      },
      async open(path) {
        if (isArmed) opened++;
        await pause("open");
        const file = await Deno.open(path);
        const read = file.read.bind(file);
        file.read = async (buffer) => {
          await pause("read");
          return read(buffer);
        };
        return file;
      },
    },
    clock: {
      now: Date.now,
      uptime: Date.now,
      sleep(ms, signal) {
        if (isArmed && ms === 50 && point === "sleep") reached.resolve();
        return QUICK_CLOCK.sleep(ms, signal);
      },
    },
    onContent: () => pause("onContent"),
  });
  isArmed = true;
  await replace(followed.path, "second");
  await reached.promise;
  const closed = followed.source.close();
  gate.resolve();
  await closed;
  assertEquals(opened, point === "sleep" || point === "stat" ? 0 : 1, point);
  assertEquals(followed.contents.items, point === "onContent" ? ["second"] : [], point);
}

Deno.test("FileSource.close() waits for a refresh", async () => {
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let isTaken = false;
  await using followed = await follow({
    interval: NEVER_MS,
    fs: POLL_ONLY,
    async onContent() {
      started.resolve();
      await gate.promise;
      isTaken = true;
    },
  });
  const { path, source } = followed;
  await replace(path, "second");
  const refreshed = source.refresh();
  await started.promise;
  const closed = source.close().then(() => isTaken);
  setTimeout(gate.resolve, 20);
  assertEquals(await closed, true);
  await refreshed;
});
