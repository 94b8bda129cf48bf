import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileSource } from "../../lib/source/file_source.ts";
import { TransientError } from "../../lib/source/transient_error.ts";
import { follow, POLL_ONLY, QUICK_CLOCK, recordLog, replace } from "../source/_follow.ts";

Deno.test("FileSource hands a content over again after a transient failure, on touch and on refresh alone", async () => {
  let isFailing = true;
  await using followed = await follow({
    fs: POLL_ONLY,
    clock: QUICK_CLOCK,
    onContent() {
      if (isFailing) throw new TransientError("The thread died", "wait");
    },
  });
  const { path, source, contents, lines } = followed;
  await replace(path, "second");
  await contents.find(() => contents.items.length === 1);
  await source.refresh();
  assertEquals(contents.items.length, 2);
  await Deno.utime(path, 1_000, 1_000);
  await contents.find(() => contents.items.length === 3);
  isFailing = false;
  await source.refresh();
  await source.refresh();
  assertEquals(contents.items, Array(4).fill("second"));
  assert(!lines.items.some((line) => /^(warn|error)/.test(line)), "who throws it says so");
  assertEquals(lines.items.at(-1), "info: Data file has the same content as before");
});

Deno.test("FileSource reads a file on a bad disk again with growing pauses, tells once, and recovers, though the clock is set back", async () => {
  let now = 0;
  let isChanged = false;
  const failures: number[] = [];
  const lines: string[] = [];
  const taken = Promise.withResolvers<void>();
  const path = await Deno.makeTempFile({ prefix: "halyard-source-" });
  const source = new FileSource({
    path,
    interval: 1_000,
    maxBytes: 1_000,
    log: recordLog((line) => lines.push(line.replace(path, "FILE"))),
    onContent: () => taken.resolve(),
    fs: {
      ...POLL_ONLY,
      open(path) {
        if (!isChanged || now > 300_000) return Deno.open(path);
        failures.push(now);
        return Promise.reject(new Error("Input/output error (os error 5)"));
      },
    },
    clock: {
      now: () => -now,
      uptime: () => now,
      async sleep(ms) {
        now += ms;
        await new Promise((resolve) => setTimeout(resolve));
      },
    },
  });
  await source.read(() => {});
  await Deno.writeTextFile(path, "second");
  isChanged = true;
  source.start();
  await taken.promise;
  await source.close();
  await Deno.remove(path);
  const pauses = failures.slice(1).map((time, i) => Math.floor((time - failures[i]!) / 1_000));
  assertEquals(pauses.slice(0, 6), [1, 2, 4, 8, 16, 32]);
  assert(pauses.slice(6).every((pause) => pause === 60), pauses.join());
  assertEquals(lines.slice(1), [
    'warn: Cannot read data file "FILE": Input/output error (os error 5); any previous content stays in use; hint: check ' +
    "the disk, or the network that the file comes over",
    "info: Data file can be read again",
  ]);
});

Deno.test("FileSource.read() throws what is transient as such, and logs it", async () => {
  const lines: string[] = [];
  const fs = { ...POLL_ONLY, stat: () => Promise.reject(new Error("Stale file handle (os error 116)")) };
  const log = recordLog((line) => lines.push(line));
  const source = new FileSource({ path: "f", interval: 1, maxBytes: 1, log, onContent() {}, fs });
  await assertRejects(() => source.read(() => {}), TransientError, "Stale file handle");
  assertEquals(lines.length, 1);
});
