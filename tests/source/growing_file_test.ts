import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { FileSource } from "../../lib/source/file_source.ts";
import { IncompleteError } from "../../lib/source/load_error.ts";
import { runs } from "../_nightly.ts";
import { follow, POLL_ONLY, QUICK_CLOCK, recordLog, replace } from "./_follow.ts";

/** A copy as it happens in a simulated file system. Times in ms. */
interface Copy {
  /** Whether the former file is overwritten, or a new one made. */
  isInPlace: boolean;
  /** Time between two writes. */
  gap: number;
  /** How many writes there are, one byte each. */
  writes: number;
}

/** What came of a copy. */
interface Outcome {
  /** Log lines at level warn and error. */
  lines: string[];
  /** How often the file was opened, the first time included. */
  opened: number;
  /** How often the file was looked at. */
  looks: number;
  /** Contents that could not be told from whole ones though they were not: their file was at rest. */
  refused: number;
  /** Time from the last write until the whole content was handed over. */
  delay: number;
}

const GROWING =
  'warn: Cannot read data file "flags.tar.gz": still being written after 6 s; any previous content ' +
  "stays in use; hint: it will be read once it has settled; to replace it at once, copy to another name beside it, then rename";

/** Follows a file in a time of its own, from the first look until the copy has been taken in full. */
async function simulate({ isInPlace, gap, writes }: Copy, interval = 1_000): Promise<Outcome> {
  const start = 10_000;
  let now = 0;
  const outcome: Outcome = { lines: [], opened: 0, looks: 0, refused: 0, delay: -1 };
  function size(): number {
    return now < start ? writes + 1 : Math.min(Math.floor((now - start) / gap) + 1, writes);
  }
  function info(): Deno.FileInfo {
    outcome.looks++;
    const mtime = now < start ? -1e6 : start + (size() - 1) * gap;
    const ino = now < start || isInPlace ? 1 : 2;
    return { isFile: true, dev: 1, ino, size: size(), mtime: new Date(mtime), ctime: null } as Deno.FileInfo;
  }
  function open(): Deno.FsFile {
    outcome.opened++;
    let rest = size();
    function read(buffer: Uint8Array): Promise<number | null> {
      const count = Math.min(rest, buffer.length);
      rest -= count;
      return Promise.resolve(count === 0 ? null : count);
    }
    return { read, [Symbol.dispose]() {} } as unknown as Deno.FsFile;
  }
  const taken = Promise.withResolvers<void>();
  const source = new FileSource({
    path: "flags.tar.gz",
    interval,
    maxBytes: 1e6,
    log: recordLog((line) => /^(warn|error)/.test(line) && outcome.lines.push(line)),
    fs: { ...POLL_ONLY, stat: () => Promise.resolve(info()), open: () => Promise.resolve(open()) },
    clock: {
      now: () => now,
      uptime: () => now,
      async sleep(ms, signal) {
        now += ms;
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve));
      },
    },
    onContent({ bytes, isAtRest }) {
      if (bytes.length === writes) {
        outcome.delay = now - (start + (writes - 1) * gap);
        return taken.resolve();
      }
      if (isAtRest) outcome.refused++;
      throw new IncompleteError("It ends in the middle", "wait");
    },
  });
  await source.read(() => {});
  source.start();
  await taken.promise;
  await source.close();
  return outcome;
}

for (const isInPlace of [true, false]) {
  const where = isInPlace ? "in place" : "to a new file";
  Deno.test(`FileSource reports a file once that is copied ${where} with a write each 200 ms for 20 s`, async () => {
    const { lines, opened, looks, refused, delay } = await simulate({ isInPlace, gap: 200, writes: 100 });
    assertEquals([lines, refused], [[GROWING], 0]);
    assertLessOrEqual(
      opened,
      isInPlace ? 3 : 4,
      "twice at the start, once at the end, and a new file when it appears",
    );
    assertLessOrEqual(looks, 60);
    assertLessOrEqual(delay, 10_000);
  });
}

Deno.test("FileSource says nothing of a copy that ends soon", async () => {
  for (const isInPlace of [true, false]) {
    assertEquals((await simulate({ isInPlace, gap: 100, writes: 20 })).lines, []);
  }
});

Deno.test("FileSource looks again soon at a file that grows, however long the interval", async () => {
  const { delay } = await simulate({ isInPlace: false, gap: 200, writes: 100 }, 60_000);
  assertLessOrEqual(delay, 60_000);
});

Deno.test("FileSource reports a growing file once, reads it seldom and takes it, whatever the pace of its writer", async () => {
  const copy = fc.record({
    isInPlace: fc.boolean(),
    gap: fc.integer({ min: 1, max: 4_000 }),
    writes: fc.integer({ min: 2, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(copy, async (copy) => {
      const { lines, opened, refused, delay } = await simulate(copy);
      assert(lines.length <= 1 && lines.every((line) => line === GROWING), lines.join("\n"));
      assertEquals(refused, 0, "nothing is refused that still grows");
      assertLessOrEqual(opened, 5);
      assertLessOrEqual(delay, 15_000);
    }),
    { numRuns: runs(20), seed: 7 },
  );
});

Deno.test("FileSource refuses few contents of a writer that pauses for very long", async () => {
  for (const gap of [6_000, 12_000, 25_000]) {
    for (const isInPlace of [true, false]) {
      const { lines, opened, refused } = await simulate({ isInPlace, gap, writes: 30 });
      assertLessOrEqual(refused, 3, `${gap} ms`);
      assertLessOrEqual(opened, 12);
      assertLessOrEqual(lines.length, 3);
    }
  }
});

Deno.test("FileSource hands part of an archive over twice, the second time at rest", async () => {
  const rests: boolean[] = [];
  await using followed = await follow({
    clock: QUICK_CLOCK,
    fs: POLL_ONLY,
    onContent({ isAtRest }) {
      rests.push(isAtRest);
      throw new IncompleteError("It ends in the middle", "wait");
    },
  });
  const { path, source, contents } = followed;
  await replace(path, "part");
  await contents.find(() => rests.length === 2);
  for (let i = 0; i < 3; i++) await source.refresh();
  assertEquals(rests, [false, true]);
});

Deno.test("FileSource takes a file that is renamed into the place of a bad one as soon as any other", async () => {
  let slept = 0;
  await using followed = await follow({
    clock: { ...QUICK_CLOCK, sleep: (ms, signal) => (slept += ms, QUICK_CLOCK.sleep(ms, signal)) },
    fs: POLL_ONLY,
    interval: 10,
    onContent({ bytes }) {
      if (bytes.length === 4) throw new IncompleteError("It ends in the middle", "wait");
    },
  });
  const { path, contents, source } = followed;
  for (let i = 0; i < 3; i++) {
    await replace(path, `bad${i}`);
    await contents.find((content) => content === `bad${i}`);
    await source.refresh();
  }
  const before = slept;
  await replace(path, "whole");
  await contents.find((content) => content === "whole");
  assertLess(slept - before, 1_000);
});

Deno.test("FileSource takes an old file to be at rest at once", async () => {
  const rests: boolean[] = [];
  await using followed = await follow({ onContent: ({ isAtRest }) => void rests.push(isAtRest) });
  const { path, directory, contents } = followed;
  await Deno.writeTextFile(`${directory}/old`, "old");
  await Deno.utime(`${directory}/old`, 1_000, 1_000);
  await Deno.rename(`${directory}/old`, path);
  await contents.find((content) => content === "old");
  assertEquals(rests, [true]);
});

Deno.test("FileSource.read() hands part of an archive over again when it has come to rest", async () => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/flags.tar.gz`;
  await Deno.writeTextFile(path, "part");
  const options = { path, interval: 10, maxBytes: 1_000, log: recordLog(() => {}), onContent() {} };
  const source = new FileSource({ ...options, clock: QUICK_CLOCK });
  const rests: boolean[] = [];
  const error = await source.read(({ isAtRest }) => {
    rests.push(isAtRest);
    throw new IncompleteError("It ends in the middle", "wait");
  }).catch((error) => error);
  assertEquals([rests, error.message], [[false, true], "It ends in the middle"]);
  await Deno.remove(directory, { recursive: true });
});
