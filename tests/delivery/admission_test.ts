import { assert, assertEquals } from "@std/assert";
import { Admission } from "../../lib/delivery/mod.ts";

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

Deno.test("Admission.enter() lets payloads in while they fit, and others in order as those leave", async () => {
  const admission = new Admission({ maxBytes: 100 });
  const first = await admission.enter(60);
  const second = await admission.enter(40);
  const [third, fourth] = [admission.enter(50), admission.enter(10)];
  assertEquals([await isSettled(third), await isSettled(fourth)], [false, false]);
  second!();
  assertEquals(
    [await isSettled(third), await isSettled(fourth)],
    [false, false],
    "a small one does not overtake",
  );
  first!();
  assertEquals([await isSettled(third), await isSettled(fourth)], [true, true]);
});

Deno.test("Admission.enter() lets a payload larger than the limit in when it is alone", async () => {
  const admission = new Admission({ maxBytes: 100 });
  const large = await admission.enter(1_000);
  assert(large);
  const next = admission.enter(1);
  assertEquals(await isSettled(next), false);
  large();
  assert(await next);
});

Deno.test("Admission.enter() turns away who would be one too many, and who has waited too long", async () => {
  const admission = new Admission({ maxBytes: 1, maxWaiting: 1, maxWait: 5 });
  const leave = await admission.enter(1);
  const waiting = admission.enter(1);
  assertEquals(await admission.enter(1), undefined);
  assertEquals(await waiting, undefined);
  leave!();
  assert(await admission.enter(1), "who gave up does not hold a place");
});

Deno.test("Admission counts a payload that leaves twice once", async () => {
  const admission = new Admission({ maxBytes: 2 });
  const first = await admission.enter(1);
  const second = await admission.enter(1);
  first!();
  first!();
  await admission.enter(1);
  const third = admission.enter(1);
  assertEquals(await isSettled(third), false);
  second!();
  assert(await third);
});
