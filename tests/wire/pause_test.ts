import { setImmediate } from "node:timers";
import { assertEquals, assertInstanceOf, assertLess } from "@std/assert";
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
    assertEquals([turns.isFree(false), turns.isFree(true)], [false, false]);
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

Deno.test("Turns.isFree() counts the time of short works too, once there are many", async () => {
  const { now } = performance;
  let time = 0;
  performance.now = () => time;
  try {
    const turns = new Turns();
    for (let round = 0; round < 3; round++) {
      let count = 0;
      for (; turns.isFree(true) && count < 1_000; time += 0.5) count++;
      // 15 that are not counted, and a slice of 5 ms.
      assertEquals(count, 25);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    performance.now = now;
  }
});

Deno.test("Turns ends what has begun before it begins what came later, unless it is long", async () => {
  const turns = new Turns();
  const ends: string[] = [];
  async function work(name: string, slices: number): Promise<void> {
    const pause = turns.createPause(false);
    for (let i = 0; i < slices; i++) {
      await pause();
      for (const end = performance.now() + 6; performance.now() < end;);
    }
    ends.push(name);
  }
  await Promise.all([work("long", 10), work("a", 4), work("b", 1), work("c", 2)]);
  assertEquals(ends, ["a", "b", "c", "long"]);
});

Deno.test("Turns lets the runtime look at its sockets between slices, however much work waits", async () => {
  const turns = new Turns();
  await using server = Deno.serve({ port: 0, onListen() {} }, () => new Response("x"));
  let isAnswered = false;
  let slices = 0;
  async function work(): Promise<void> {
    const pause = turns.createPause(false);
    for (; !isAnswered && slices < 1_000; slices++) {
      await pause();
      for (const end = performance.now() + 6; performance.now() < end;);
    }
  }
  const works = [work(), work(), work()];
  const answer = await fetch(`http://localhost:${server.addr.port}`);
  isAnswered = true;
  assertEquals(await answer.text(), "x");
  await Promise.all(works);
  // Both ends of the connection need some looks. With `setImmediate` there was one in 61 slices.
  assertLess(slices, 60);
});
