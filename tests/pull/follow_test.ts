import { assertEquals, assertMatch } from "@std/assert";
import { follow } from "../../lib/pull/mod.ts";
import { archiveAnswer, head, makeArchive, prepare, serveAnswers } from "./_server.ts";

const ARCHIVE = await makeArchive(true);

Deno.test("follow() keeps to its interval, slows down while it fails, and goes on", async () => {
  const good = archiveAnswer(ARCHIVE, { ETag: '"1"' });
  const unchanged = [head("304 Not Modified")];
  const wrong = [head("401 Unauthorized", { "Content-Length": 0 })];
  await using server = serveAnswers(
    good,
    unchanged,
    wrong,
    wrong,
    wrong,
    wrong,
    wrong,
    archiveAnswer(await makeArchive(false)),
  );
  await using setup = await prepare(server.url);
  const events: string[] = [];
  await follow({
    ...setup.options,
    interval: 60_000,
    onPulled({ archive }) {
      events.push(archive ? "changed" : "same");
      if (events.length === 8) setup.abort();
    },
    onFailed({ message }) {
      events.push("failed");
      assertMatch(message, /status 401$/);
    },
  });
  assertEquals(events, ["changed", "same", ...Array(5).fill("failed"), "changed"]);
  const minutes = setup.options.timing.pauses.map((pause) => pause / 60_000);
  assertEquals(minutes, [1, 1, 2, 4, 8, 10, 10, 1]);
});

Deno.test("follow() spreads its interval by a tenth", async () => {
  await using server = serveAnswers(archiveAnswer(ARCHIVE));
  for (const [random, pause] of [[0, 54_000], [1, 66_000]] as const) {
    await using setup = await prepare(server.url);
    const pauses: number[] = [];
    const timing = {
      ...setup.options.timing,
      random: () => random,
      sleep(ms: number) {
        pauses.push(Math.round(ms));
        setup.abort();
        return Promise.resolve();
      },
    };
    await follow({ ...setup.options, timing, interval: 60_000, onPulled() {}, onFailed() {} });
    assertEquals(pauses, [pause]);
  }
});

Deno.test("follow() ends without a word when it is aborted within a download", async () => {
  await using server = serveAnswers(["stall"]);
  await using setup = await prepare(server.url);
  const failures: Error[] = [];
  setTimeout(setup.abort, 50);
  await follow({
    ...setup.options,
    interval: 1,
    onPulled() {},
    onFailed: (error) => void failures.push(error),
  });
  assertEquals([failures, setup.list()], [[], []]);
});
