import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileSource } from "../../lib/source/file_source.ts";
import type { FileSystem } from "../../lib/source/platform.ts";
import { SourceError } from "../../lib/source/source_error.ts";
import { follow, POLL_ONLY, QUICK_CLOCK, recordLog, replace } from "./_follow.ts";

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
