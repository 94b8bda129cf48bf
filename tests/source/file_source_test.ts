import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import type { FileSystem } from "../../lib/source/platform.ts";
import { runs } from "../_nightly.ts";
import {
  eachWay,
  follow,
  type Followed,
  Inbox,
  NEVER_MS,
  POLL_ONLY,
  QUICK_CLOCK,
  replace,
  WAYS,
} from "./_follow.ts";

eachWay("notices a file overwritten in place", async (options) => {
  await using followed = await follow(options);
  const { path, contents } = followed;
  await Deno.writeTextFile(path, "second");
  await contents.find((content) => content === "second");
});

eachWay("notices a file renamed over", async (options) => {
  await using followed = await follow(options);
  const { path, contents } = followed;
  await replace(path, "second");
  await contents.find(() => true);
  assertEquals(contents.items, ["second"]);
});

eachWay("notices each of 50 replacements in a row", async (options) => {
  await using followed = await follow({ ...options, clock: QUICK_CLOCK });
  const { path, contents } = followed;
  const written = Array.from({ length: 50 }, (_, i) => `content ${i}`);
  for (const content of written) {
    await replace(path, content);
    await contents.find((arrived) => arrived === content);
  }
  assertEquals(contents.items, written);
});

eachWay("hands over the last of 50 replacements that do not wait for it", async (options) => {
  await using followed = await follow({ ...options, clock: QUICK_CLOCK });
  const { path, contents } = followed;
  const written = Array.from({ length: 50 }, (_, i) => `content ${i}`);
  for (const content of written) await replace(path, content);
  await contents.find((content) => content === "content 49");
  assertEquals(
    contents.items,
    written.filter((content) => contents.items.includes(content)),
    "in order, once",
  );
});

eachWay("reports a deleted file once, and takes a new one", async (options) => {
  await using followed = await follow(options);
  const { path, source, contents, lines } = followed;
  await Deno.remove(path);
  await lines.find((line) => line.startsWith("warn"));
  await source.refresh();
  assertEquals(source.lastError?.message, `Cannot read data file "${path}": no such file`);
  await Deno.writeTextFile(path, "second");
  await contents.find((content) => content === "second");
  assertEquals(source.lastError, undefined);
  assertEquals(lines.items.slice(1), [
    'warn: Cannot read data file "FILE": no such file; any previous content stays in use; hint: put the ' +
    "archive there before Halyard starts, or correct FILE_DATA_SOURCE or [OfflineMode] fileDataSource",
    "info: Data file can be read again",
  ]);
});

eachWay("says when a deleted file is back unchanged, and hands nothing over", async (options) => {
  await using followed = await follow(options);
  const { path, contents, lines } = followed;
  await Deno.rename(path, `${path}.away`);
  await lines.find((line) => line.startsWith("warn"));
  await Deno.rename(`${path}.away`, path);
  await lines.find((line) => line === "info: Data file can be read again");
  assertEquals(contents.items, []);
});

eachWay("notices a directory link swapped as Kubernetes does", async (options) => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  async function swap(content: string): Promise<void> {
    const version = `..version_${content}`;
    await Deno.mkdir(`${directory}/${version}`);
    await Deno.writeTextFile(`${directory}/${version}/flags.tar.gz`, content);
    await Deno.symlink(version, `${directory}/..data_tmp`);
    await Deno.rename(`${directory}/..data_tmp`, `${directory}/..data`);
  }
  await swap("first");
  await Deno.symlink("..data/flags.tar.gz", `${directory}/flags.tar.gz`);
  {
    await using followed = await follow({ ...options, path: `${directory}/flags.tar.gz` });
    const { contents } = followed;
    for (const content of ["second", "third"]) {
      await swap(content);
      await contents.find((arrived) => arrived === content);
    }
    await Deno.remove(`${directory}/..version_first`, { recursive: true });
    assertEquals(contents.items, ["second", "third"]);
  }
  await Deno.remove(directory, { recursive: true });
});

eachWay("waits for a slow copy to end", async (options) => {
  await using followed = await follow(options);
  const { path, contents } = followed;
  {
    using file = await Deno.open(path, { write: true, truncate: true });
    for (let i = 0; i < 20; i++) {
      await file.write(new TextEncoder().encode(`chunk ${i}\n`));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await contents.find((content) => content.endsWith("chunk 19\n"));
});

eachWay("does nothing when a file is touched", async (options) => {
  await using followed = await follow(options);
  const { path, contents, lines } = followed;
  await Deno.utime(path, 1000, 1000);
  await lines.find((line) => line === "debug: Data file has the same content as before");
  assertEquals(contents.items, []);
});

Deno.test("FileSource hands over the last content, whatever was done to the file before", async () => {
  const step = fc.constantFrom("overwrite", "replace", "delete", "touch", "directory", "link", "grow");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, isWatched) => {
      await using followed = await follow({
        clock: QUICK_CLOCK,
        ...(isWatched ? { interval: NEVER_MS } : { fs: POLL_ONLY }),
      });
      const { path, contents } = followed;
      for (const [i, step] of steps.entries()) await disturb(followed, step, i);
      await Deno.remove(path, { recursive: true }).catch(() => {});
      await replace(path, "last");
      await contents.find((content) => content === "last");
    }),
    { numRuns: runs(10) },
  );
});

/** Does something to a file that may not be there. */
async function disturb({ path, directory }: Followed, step: string, i: number): Promise<void> {
  if (step === "overwrite") await Deno.writeTextFile(path, `content ${i}`).catch(() => {});
  if (step === "grow") await Deno.writeTextFile(path, "more", { append: true }).catch(() => {});
  if (step === "touch") await Deno.utime(path, i, i).catch(() => {});
  if (step === "replace" || step === "delete") await Deno.remove(path, { recursive: true }).catch(() => {});
  if (step === "replace") await replace(path, `content ${i}`);
  if (step === "directory") await Deno.mkdir(path).catch(() => {});
  if (step === "link") {
    await Deno.writeTextFile(`${directory}/target ${i}`, `content ${i}`);
    await Deno.symlink(`target ${i}`, path).catch(() => {});
  }
}

Deno.test("FileSource notices another content behind equal timestamps and size", async () => {
  let now = 0;
  const fs: FileSystem = {
    ...POLL_ONLY,
    async stat(path) {
      return { ...await Deno.stat(path), ino: 1, mtime: new Date(0), ctime: new Date(0) };
    },
  };
  await using followed = await follow({ fs, clock: { ...QUICK_CLOCK, uptime: () => now } });
  const { path, contents } = followed;
  await Deno.writeTextFile(path, "FIRST");
  now += 2000;
  await contents.find((content) => content === "FIRST");
  assertEquals(contents.items, ["FIRST"]);
});

Deno.test("FileSource opens an unchanged file once more after a timestamp's step, and not again", async () => {
  let now = 0;
  let opened = 0;
  const looks = new Inbox<number>();
  await using followed = await follow({
    interval: 20,
    fs: { ...POLL_ONLY, open: (path) => (opened++, Deno.open(path)) },
    clock: {
      now: () => now,
      uptime: () => now,
      sleep(ms, signal) {
        if (ms === 20) looks.push(opened);
        return QUICK_CLOCK.sleep(ms, signal);
      },
    },
  });
  for (const expected of [1, 2, 2]) {
    const next = looks.items.length + 5;
    await looks.find(() => looks.items.length > next);
    assertEquals(looks.items.at(-1), expected);
    now += 2000;
  }
  assertEquals(followed.contents.items, []);
});

Deno.test("FileSource gathers the events of a busy directory before it looks", async () => {
  const gate = Promise.withResolvers<void>();
  const gathering = new Inbox<number>();
  let looks = 0;
  await using followed = await follow({
    interval: NEVER_MS,
    fs: { ...Deno, stat: (path) => (looks++, Deno.stat(path)) },
    clock: {
      now: Date.now,
      uptime: Date.now,
      async sleep(ms, signal) {
        if (ms === NEVER_MS) return QUICK_CLOCK.sleep(ms, signal);
        if (looks > 3) gathering.push(looks); // the first read takes three looks, the start one
        if (looks > 3) await gate.promise;
      },
    },
  });
  for (let i = 0; i < 100; i++) await Deno.writeTextFile(`${followed.directory}/neighbour ${i}`, "");
  assertEquals(await gathering.find(() => true), 4);
  gate.resolve();
});

Deno.test("FileSource waits for an interval longer than a timer can take", async () => {
  let looks = 0;
  const fs: FileSystem = { ...POLL_ONLY, stat: (path) => (looks++, Deno.stat(path)) };
  await using followed = await follow({ interval: 2 ** 40, fs });
  for (let i = 0; i < 3; i++) await followed.source.refresh();
  assertEquals(looks, 3 + 1 + 3 * 3, "the first read, the start, the refreshes");
});

Deno.test("FileSource rests after an event until the next", async () => {
  const sleeps = new Inbox<boolean>();
  await using followed = await follow({
    interval: NEVER_MS,
    clock: {
      now: Date.now,
      uptime: Date.now,
      sleep(ms, signal) {
        if (ms === NEVER_MS) sleeps.push(signal.aborted);
        return QUICK_CLOCK.sleep(ms, signal);
      },
    },
  });
  await replace(followed.path, "second");
  await followed.contents.find(() => true);
  const before = sleeps.items.length;
  await sleeps.find((isAborted) => !isAborted, before);
});

Deno.test("FileSource reads again when the file changes while it is read", async () => {
  let path = "";
  let hasChanged = false;
  const fs: FileSystem = {
    ...POLL_ONLY,
    async open(name) {
      const file = await Deno.open(name);
      if (!hasChanged && (await file.stat()).size === 6) {
        hasChanged = true;
        await replace(path, "third!");
      }
      return file;
    },
  };
  await using followed = await follow({ fs });
  path = followed.path;
  await replace(path, "second");
  await followed.contents.find(() => true);
  assertEquals(followed.contents.items, ["third!"]);
});

Deno.test("FileSource says how it monitors", async () => {
  for (
    const [[, options], line] of [
      [
        WAYS[0]!,
        "info: Watching and polling the data file for changes",
      ],
      [WAYS[1]!, "info: Polling the data file for changes, cannot watch its directory"],
    ] as const
  ) {
    await using followed = await follow(options);
    assertEquals(followed.lines.items, [line]);
  }
});

Deno.test("FileSource needs read permission for the file alone", async () => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/flags.tar.gz`;
  await Deno.writeTextFile(path, "first");
  const program = `
    import { FileSource } from ${JSON.stringify(import.meta.resolve("../../lib/source/file_source.ts"))};
    const log = { debug() {}, info: console.log, warn: console.log, error: console.log };
    const source = new FileSource({
      path: ${JSON.stringify(path)}, interval: 10, maxBytes: 1000, log,
      async onContent({ bytes }) {
        console.log(new TextDecoder().decode(bytes));
      },
    });
    await source.read(() => {});
    source.start();
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--allow-read=${path}`,
      `data:text/typescript,${encodeURIComponent(program)}`,
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    if (output === chunk) await replace(path, "second");
    if (output.endsWith("second\n")) child.kill();
  }
  await child.status;
  await Deno.remove(directory, { recursive: true });
  assertMatch(
    output,
    /^Polling the data file .*Requires read access to .*second\n$/s,
  );
});
