import { assertEquals } from "@std/assert";
import { Updates } from "../../../tools/soak/updates.ts";

/** Updates of streams named by letters, with a clock, and what was lost. */
function makeUpdates() {
  const clock = { now: 0 };
  const lost: string[] = [];
  const updates = new Updates<string>({
    maxLag: 100,
    onLost: (stream, version) => lost.push(`${version} of ${stream}`),
    now: () => clock.now,
  });
  return { updates, clock, lost };
}

Deno.test("Updates measures how long it took until the last stream had a version", () => {
  const { updates, clock } = makeUpdates();
  updates.announce(2, ["a", "b"]);
  clock.now = 10;
  updates.arrive("a", 2);
  assertEquals([updates.pending, updates.delays], [1, []]);
  clock.now = 25;
  updates.arrive("b", 2);
  assertEquals([updates.pending, updates.delays], [0, [25]]);
});

Deno.test("Updates takes a version for all before it, and an older one for nothing", () => {
  const { updates, clock } = makeUpdates();
  updates.announce(2, ["a"]);
  updates.announce(3, ["a"]);
  clock.now = 5;
  updates.arrive("a", 1);
  assertEquals(updates.delays, []);
  updates.arrive("a", 3);
  assertEquals(updates.delays, [5, 5]);
});

Deno.test("Updates waits no longer for a stream that has left", () => {
  const { updates, clock } = makeUpdates();
  updates.announce(2, ["a", "b"]);
  clock.now = 7;
  updates.arrive("a", 2);
  clock.now = 50;
  updates.leave("b");
  assertEquals([updates.pending, updates.delays, updates.lost], [0, [7], 0]);
});

Deno.test("Updates counts a version as lost for each stream that has not got it in time", () => {
  const { updates, clock, lost } = makeUpdates();
  updates.announce(2, ["a", "b", "c"]);
  updates.arrive("b", 2);
  clock.now = 99;
  updates.giveUp();
  assertEquals(updates.lost, 0);
  clock.now = 100;
  updates.giveUp();
  assertEquals([updates.lost, lost, updates.pending], [2, ["2 of a", "2 of c"], 0]);
});
