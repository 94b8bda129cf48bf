import { assert, assertEquals } from "@std/assert";
import { Budget } from "../../lib/delivery/mod.ts";

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

Deno.test("Budget.take() charges what fits, and what does not when there is room", async () => {
  const budget = new Budget({ maxBytes: 100 });
  const first = await budget.take(60);
  const second = await budget.take(40);
  const [third, fourth, fifth] = [budget.take(90), budget.take(40), budget.take(10)];
  assertEquals(await Promise.all([third, fourth, fifth].map(isSettled)), [false, false, false]);
  assertEquals(budget.shortage, 90);
  second!.release();
  assertEquals(
    await Promise.all([third, fourth, fifth].map(isSettled)),
    [false, true, false],
    "what fits overtakes, who came first goes first",
  );
  first!.release();
  assertEquals(await Promise.all([third, fourth, fifth].map(isSettled)), [false, true, true]);
  (await fourth)!.resize(5);
  assertEquals(await isSettled(third), false);
  (await fifth)!.release();
  assertEquals(await isSettled(third), true);
  assertEquals([budget.bytes, budget.shortage], [95, 0]);
});

Deno.test("Budget.take() charges what is larger than the limit when it is alone", async () => {
  const budget = new Budget({ maxBytes: 100 });
  const large = await budget.take(1_000);
  assert(large);
  const next = budget.take(1);
  assertEquals(await isSettled(next), false);
  large!.release();
  assert(await next);
});

Deno.test("Budget.take() turns away who would be one too many, and who has waited too long", async () => {
  const budget = new Budget({ maxBytes: 1, maxWaiting: 1, maxWait: 5 });
  const leave = await budget.take(1);
  const waiting = budget.take(1);
  assertEquals(await budget.take(1), undefined);
  assertEquals(await waiting, undefined);
  leave!.release();
  assert(await budget.take(1), "who gave up does not hold a place");
});

Deno.test("Budget counts a payload that leaves twice once", async () => {
  const budget = new Budget({ maxBytes: 2 });
  const first = await budget.take(1);
  const second = await budget.take(1);
  first!.release();
  first!.release();
  await budget.take(1);
  const third = budget.take(1);
  assertEquals(await isSettled(third), false);
  second!.release();
  assert(await third);
});
