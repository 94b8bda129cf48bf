import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type FileContent, FileSource, type FileSourceOptions } from "../../lib/source/file_source.ts";
import type { FileSystem } from "../../lib/source/platform.ts";
import { SourceError } from "../../lib/source/source_error.ts";
import { runs } from "../_nightly.ts";
import { follow, type Followed, Inbox, POLL_ONLY, QUICK_CLOCK, recordLog, replace } from "./_follow.ts";

/** Longer than any test: nobody looks unless an event says so. */
const NEVER_MS = 1e9;

/** The two ways to notice a change, each alone. */
const WAYS: [name: string, options: Partial<FileSourceOptions>][] = [
  ["events alone", { interval: NEVER_MS }],
  ["polling alone", { fs: POLL_ONLY }],
];

function eachWay(name: string, test: (options: Partial<FileSourceOptions>) => Promise<void>): void {
  for (const [way, options] of WAYS) Deno.test(`FileSource ${name}, by ${way}`, () => test(options));
}

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
    fs: { ...POLL_ONLY, open: (path, options) => (opened++, Deno.open(path, options)) },
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

const BAD_PLACES: [name: string, make: (path: string) => Promise<unknown>, message: string, hint: string][] =
  [
    [
      "nothing",
      () => Promise.resolve(),
      "no such file",
      "put the archive there before Halyard starts, or correct FILE_DATA_SOURCE or [OfflineMode] fileDataSource",
    ],
    [
      "a link to nothing",
      (path) => Deno.symlink("nothing", path),
      "no such file",
      "put the archive there before Halyard starts, or correct FILE_DATA_SOURCE or [OfflineMode] fileDataSource",
    ],
    ["a directory", (path) => Deno.mkdir(path), "is a directory", "name the archive itself"],
    [
      "a named pipe",
      (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
      "not a regular file",
      "name the archive itself",
    ],
    [
      "a device",
      (path) => Deno.symlink("/dev/zero", path),
      "not a regular file",
      "name the archive itself",
    ],
    [
      "a file over the limit",
      (path) => Deno.writeFile(path, new Uint8Array(1001)),
      "larger than 1000 bytes",
      "check that it is the archive, or raise the limit: MAX_ARCHIVE_SIZE or [OfflineMode] maxArchiveSize",
    ],
  ];

for (const [name, make, message, hint] of BAD_PLACES) {
  Deno.test(`FileSource.read() refuses ${name}`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
    const path = `${directory}/flags.tar.gz`;
    await make(path);
    const source = new FileSource({
      path,
      interval: 1,
      maxBytes: 1000,
      log: recordLog(() => {}),
      onContent() {},
    });
    const error = await assertRejects(() => source.read(() => {}), SourceError);
    await Deno.remove(directory, { recursive: true });
    assertEquals(error.message, `Cannot read data file "${path}": ${message}`);
    assertEquals([error.name, error.path, error.hint], ["SourceError", path, hint]);
  });

  Deno.test(`FileSource reports ${name} in the file's place once, and recovers`, async () => {
    // Not watched: the watcher of Deno 2.9 opens what is created, and a named pipe blocks it for ever.
    await using followed = await follow({ fs: POLL_ONLY });
    const { path, source, contents, lines } = followed;
    await Deno.remove(path);
    await source.refresh();
    await make(path);
    const seen = lines.items.length;
    if (message !== "no such file") await lines.find((line) => line.includes(message), seen);
    for (let i = 0; i < 5; i++) await source.refresh();
    assert(source.lastError?.message.endsWith(message));
    await Deno.remove(path).catch(() => {});
    await replace(path, "second");
    await contents.find(() => true);
    assertEquals(contents.items, ["second"]);
    assertEquals(lines.items.filter((line) => line.includes(message)).length, 1);
    assertEquals(lines.items.at(-1), "info: Data file can be read again");
  });
}

Deno.test("FileSource.read() says what to do about a file that may not be read", async () => {
  const path = "/data/flags.tar.gz";
  for (
    const [cause, hint] of [
      [
        new Deno.errors.PermissionDenied("Permission denied (os error 13)"),
        "make sure that the user who runs Halyard can read the file and enter its directories",
      ],
      [new Deno.errors.NotCapable("Requires read access"), `grant it with --allow-read="${path}"`],
    ] as const
  ) {
    const fs: FileSystem = { ...Deno, stat: () => Promise.reject(cause) };
    const source = new FileSource({
      path,
      interval: 1,
      maxBytes: 1,
      log: recordLog(() => {}),
      onContent() {},
      fs,
    });
    const error = await assertRejects(() => source.read(() => {}), SourceError);
    assertEquals(error.message, `Cannot read data file "${path}": ${cause.message}`);
    assertEquals([error.reason, error.hint, error.cause], ["unreadable", hint, cause]);
  }
});

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
  assertEquals(contents[0], {
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

Deno.test("FileSource outlives the failure of any call to the file system", async () => {
  for (const call of ["stat", "open", "read"]) {
    for (let failing = 1; failing <= 4; failing++) await outlive(call, failing);
  }
});

/** Lets the `failing`-th call of that name fail, and then changes the file. */
async function outlive(call: string, failing: number): Promise<void> {
  let count = -Infinity;
  function fail(name: string): void {
    if (name === call && ++count === failing) throw new Deno.errors.PermissionDenied("Injected");
  }
  await using followed = await follow({
    clock: QUICK_CLOCK,
    fs: {
      ...POLL_ONLY,
      async stat(path) {
        fail("stat");
        return await Deno.stat(path);
      },
      async open(path) {
        fail("open");
        const file = await Deno.open(path);
        const read = file.read.bind(file);
        file.read = async (buffer) => {
          fail("read");
          return await read(buffer);
        };
        return file;
      },
    },
  });
  const { path, source, contents, lines } = followed;
  count = 0;
  for (let i = 0; count < failing; i++) {
    await replace(path, `content ${i}`);
    await source.refresh();
  }
  await lines.find((line) => line.startsWith('warn: Cannot read data file "FILE": Injected; '));
  await replace(path, "last");
  await contents.find((content) => content === "last");
  assertEquals(lines.items.filter((line) => line.startsWith("warn")).length, 1, `${call} ${failing}`);
}

Deno.test("FileSource polls on when its watcher dies", async () => {
  for (const error of [new Error("Injected"), undefined]) {
    const died = Promise.withResolvers<void>();
    const watched: unknown[] = [];
    await using followed = await follow({
      fs: {
        ...Deno,
        watchFs(paths, options) {
          watched.push(paths, options?.recursive);
          const watcher = {
            close() {},
            return: () => Promise.resolve({ value: undefined, done: true }),
            [Symbol.dispose]() {},
            // deno-lint-ignore require-yield
            async *[Symbol.asyncIterator](): AsyncGenerator<Deno.FsEvent> {
              died.resolve();
              if (error) throw error;
            },
          };
          return watcher as unknown as Deno.FsWatcher;
        },
      },
    });
    const { directory, path, contents, lines } = followed;
    await died.promise;
    assertEquals(watched, [directory, false]);
    await replace(path, "second");
    await contents.find((content) => content === "second");
    assertEquals(
      lines.items.includes("info: Stopped watching the data file's directory, polling goes on"),
      !!error,
    );
  }
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
      "--no-config",
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
