import { assert, assertEquals, assertRejects } from "@std/assert";
import { FileSource, OVERRIDES_WORDS, SourceError } from "../../lib/source/mod.ts";
import { eachWay, follow, Inbox, QUICK_CLOCK, recordLog, replace } from "./_follow.ts";

eachWay(
  "hands over that there is no file, once, where that is no error, and the same content when it is back",
  async (options) => {
    const missing = new Inbox<string>();
    await using followed = await follow({ ...options, onMissing: () => missing.push("missing") });
    const { path, source, contents, lines } = followed;
    for (const turn of [0, 1]) {
      await Deno.remove(path);
      await missing.find(() => true, turn);
      await source.refresh();
      await replace(path, "first");
      await contents.find(() => true, turn);
    }
    assertEquals([missing.items.length, contents.items], [2, ["first", "first"]]);
    assertEquals(source.lastError, undefined);
    assertEquals(lines.items.filter((line) => /^(warn|error)/.test(line)), []);
  },
);

Deno.test("FileSource.read() hands over nothing where there may be no file, and FileSource takes one that comes", async () => {
  const directory = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const path = `${directory}/overrides.json`;
  const [contents, lines] = [new Inbox<string>(), [] as string[]];
  let missing = 0;
  const source = new FileSource({
    path,
    interval: 10,
    maxBytes: 1000,
    log: recordLog((line) => lines.push(line.replaceAll(path, "FILE"))),
    words: OVERRIDES_WORDS,
    onContent: ({ bytes }) => contents.push(new TextDecoder().decode(bytes)),
    onMissing: () => void missing++,
  });
  await source.read(() => assert(false, "There is nothing to hand over"));
  source.start();
  await source.refresh();
  assert(lines.includes("info: Overrides file is not there"));
  await replace(path, "one");
  await contents.find((content) => content === "one");
  await source.close();
  await Deno.remove(directory, { recursive: true });
  assertEquals([missing, lines.filter((line) => /^(warn|error)/.test(line))], [0, []]);
});

Deno.test("FileSource does not take a file for missing that an editor moves away and writes anew", async () => {
  let missing = 0;
  let isAway = false;
  await using followed = await follow({
    clock: QUICK_CLOCK,
    onMissing: () => void missing++,
    fs: {
      ...Deno,
      stat(path) {
        if (!isAway) return Deno.stat(path);
        // Back at the next look.
        isAway = false;
        return Promise.reject(new Deno.errors.NotFound("No such file"));
      },
    },
  });
  isAway = true;
  await followed.source.refresh();
  await replace(followed.path, "second");
  await followed.contents.find((content) => content === "second");
  assertEquals([isAway, missing], [false, 0]);
});

Deno.test("FileSource tries again, and says it once, where nobody could be told that there is no file", async () => {
  const calls = new Inbox<number>();
  await using followed = await follow({
    onMissing() {
      calls.push(calls.items.length);
      if (calls.items.length < 4) throw new Error("not now");
    },
  });
  await Deno.remove(followed.path);
  await calls.find((call) => call === 3);
  await followed.source.refresh();
  assertEquals(followed.source.lastError, undefined);
  assertEquals(followed.lines.items.filter((line) => line.startsWith("warn")).length, 1);
});

Deno.test("FileSource refuses a directory where there may be no file, in the words for it", async () => {
  const path = await Deno.makeTempDir({ prefix: "halyard-source-" });
  const log = recordLog(() => {});
  const options = {
    path,
    interval: 1,
    maxBytes: 1,
    log,
    onContent() {},
    onMissing() {},
    words: OVERRIDES_WORDS,
  };
  const error = await assertRejects(() => new FileSource(options).read(() => {}), SourceError);
  await Deno.remove(path);
  assertEquals(
    [error.message, error.hint],
    [
      `Cannot read overrides file "${path}": is a directory`,
      "name the file of overrides itself in OVERRIDES_FILE or [Overrides] file",
    ],
  );
});
