import { setImmediate } from "node:timers";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Turns } from "../../lib/wire/mod.ts";

Deno.test("Turns gives the next slice to who has had the fewest, one slice at a time", async () => {
  const turns = new Turns();
  const order: string[] = [];
  async function work(name: string, slices: number): Promise<void> {
    const pause = turns.createPause();
    for (let i = 0; i < slices; i++) {
      order.push(name);
      for (const end = performance.now() + 6; performance.now() < end;);
      await pause();
    }
  }
  const long = work("long", 12);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await Promise.all([long, work("a", 2), work("b", 2)]);
  assertEquals(order.slice(-4), ["long", "long", "long", "long"]);
  assertEquals(order.length, 16);
});

Deno.test("Turns makes a work that begins while others wait for their turn wait too", async () => {
  const turns = new Turns();
  const alone = turns.createPause();
  assertEquals(alone(), undefined);
  for (const end = performance.now() + 6; performance.now() < end;);
  const waiting = alone();
  const late = turns.createPause();
  const begun = late();
  assertInstanceOf(begun, Promise);
  await begun;
  assertEquals(late(), undefined);
  await waiting;
});

Deno.test("Turns.isFree() lets work be done at once for a slice, until requests are served or somebody waits", async () => {
  const { now } = performance;
  let time = 0;
  performance.now = () => time;
  try {
    const turns = new Turns();
    assertEquals([turns.isFree(false), turns.isFree(false)], [true, true]);
    time += 6;
    assertEquals([turns.isFree(false), turns.isFree(true)], [false, true]);
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(turns.isFree(false), true);
    const pause = turns.createPause();
    time += 6;
    const waiting = pause();
    assertEquals([turns.isFree(false), turns.isFree(true)], [false, false]);
    await waiting;
    assertEquals(turns.isFree(true), true);
  } finally {
    performance.now = now;
  }
});
