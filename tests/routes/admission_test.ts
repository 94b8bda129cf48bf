import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Admission } from "../../lib/routes/_admission.ts";

const LIMITS = { max: 1000, maxExpectedWait: 500, maxWait: 1000 };

/** An admission on a clock of its own, and works whose turns come when the test says so. */
function makeAdmission(limits = LIMITS) {
  let time = 0;
  const admission = new Admission({ ...limits, now: () => time });
  const line: (() => void)[] = [];
  return {
    admission,
    line,
    pass: (ms: number) => void (time += ms),
    wait(): Promise<boolean> {
      const { promise, resolve } = Promise.withResolvers<void>();
      line.push(resolve);
      return admission.wait(() => promise);
    },
  };
}

Deno.test("Admission is full with the maximum number that wait or are under way, and no longer when one has gone", async () => {
  const { admission, line, wait } = makeAdmission({ ...LIMITS, max: 3 });
  const under = Promise.withResolvers<void>();
  const failing = Promise.withResolvers<void>();
  const works = [admission.count(() => under.promise), admission.count(() => failing.promise)];
  assertEquals(admission.isFull, false);
  const waiting = wait();
  assertEquals(admission.isFull, true);
  line.shift()!();
  assertEquals([await waiting, admission.isFull], [true, false]);
  const other = wait();
  assertEquals(admission.isFull, true);
  failing.reject(new Error("x"));
  assertEquals((await Promise.allSettled([works[1]!]))[0]!.status, "rejected");
  assertEquals(admission.isFull, false);
  under.resolve();
  line.shift()!();
  await Promise.all([works[0], other]);
});

Deno.test("Admission is full when the wait to be expected is too long, whatever each takes, until the line is shorter", async () => {
  for (const cost of [1, 10]) {
    const { admission, line, pass, wait } = makeAdmission();
    const waits = Array.from({ length: 900 }, wait);
    assertEquals(admission.isFull, false, "nothing is known yet");
    for (let i = 0; i < 40; i++) {
      pass(cost);
      line.shift()!();
      await waits[i];
    }
    const longest = LIMITS.maxExpectedWait / cost;
    assertEquals(admission.isFull, line.length > longest);
    while (line.length > longest) {
      pass(cost);
      line.shift()!();
      await waits.at(-line.length - 1);
    }
    assertEquals([line.length, admission.isFull], [longest, false]);
    line.forEach((begin) => begin());
    await Promise.all(waits);
  }
});

Deno.test("Admission does not judge by a few that had to wait for something else", async () => {
  const { admission, line, pass, wait } = makeAdmission();
  const first = wait();
  pass(300);
  line.shift()!();
  await first;
  const waits = Array.from({ length: 900 }, wait);
  assertEquals(admission.isFull, false);
  line.forEach((begin) => begin());
  await Promise.all(waits);
});

Deno.test("Admission.wait() says no to whom it took too long", async () => {
  const { line, pass, wait } = makeAdmission();
  const [early, late] = [wait(), wait()];
  pass(LIMITS.maxWait);
  line.shift()!();
  assertEquals(await early, true);
  pass(0.1);
  line.shift()!();
  assertEquals(await late, false);
});

Deno.test("Admission never has more than the maximum in, and forgets everything when all have gone", async () => {
  const limits = { max: 8, maxExpectedWait: 50, maxWait: 100 };
  const actions = fc.array(
    fc.record({ action: fc.constantFrom("wait", "work", "begin", "end", "fail"), ms: fc.nat(40) }),
    { maxLength: 200, size: "max" },
  );
  await fc.assert(fc.asyncProperty(actions, async (actions) => {
    const { admission, line, pass, wait } = makeAdmission(limits);
    const under: PromiseWithResolvers<void>[] = [];
    const all: Promise<unknown>[] = [];
    for (const { action, ms } of actions) {
      pass(ms);
      const isIn = !admission.isFull;
      if (action === "wait" && isIn) all.push(wait());
      if (action === "work" && isIn) {
        const work = Promise.withResolvers<void>();
        under.push(work);
        all.push(admission.count(() => work.promise).catch(() => {}));
      }
      if (action === "begin") line.shift()?.();
      if (action === "end") under.shift()?.resolve();
      if (action === "fail") under.shift()?.reject(new Error("x"));
      for (let i = 0; i < 8; i++) await undefined;
      const count = line.length + under.length;
      assert(count <= limits.max);
      if (count === limits.max) assert(admission.isFull);
      // So few in line are not enough to judge by.
      else assert(!admission.isFull);
    }
    line.forEach((begin) => begin());
    under.forEach(({ resolve }) => resolve());
    await Promise.all(all);
    assertEquals(admission.isFull, false);
  }));
});
