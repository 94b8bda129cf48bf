import { assert, assertEquals } from "@std/assert";
import { CREATED } from "../trust/_signer.ts";
import { ann, Bench, bytes, DAY, release } from "./_trust_bench.ts";

Deno.test("TrustGate admits what is signed, and says by whom", async () => {
  const bench = new Bench();
  await bench.serve(await release());
  assertEquals(bench.gate.status, {
    mode: "require",
    signers: [{ principals: "release@corp", fingerprint: bench.gate.status.signers![0]!.fingerprint }],
    version: 1,
    epoch: 0,
    audience: "plant-7",
    created: CREATED,
    notAfter: CREATED + 30 * DAY,
    stale: false,
    problems: [
      "without a state directory, a restart forgets which release was served: an older one is accepted then",
    ],
  });
  assert(bench.log.lines.some((line) => line.startsWith("info: Verified the data file")));
});

Deno.test("TrustGate serves what is stale, says so once, and refuses new files that are only if asked to", async () => {
  const waits: number[] = [];
  let wake: (() => void) | undefined;
  const bench = new Bench({ maxAge: { ms: 10 * DAY, isHard: false } });
  const clock = {
    now: () => bench.now,
    uptime: () => bench.now,
    sleep: (ms: number) => new Promise<void>((resolve) => (waits.push(ms), wake = resolve)),
  };
  const gate = new Bench({ maxAge: { ms: 10 * DAY, isHard: false }, clock, log: bench.log });
  await gate.serve(await release());
  assertEquals([gate.gate.status.stale, waits], [false, [60_000]]);
  bench.now = CREATED + 10 * DAY + 1;
  wake!();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(gate.gate.status.stale, true);
  const alarms = () => bench.log.problems.filter((line) => line.includes("The data file is stale"));
  assertEquals(alarms().length, 1);
  // The clock is set back, as after a battery has failed.
  bench.now = CREATED + DAY;
  assertEquals(gate.gate.status.stale, false);

  const hard = new Bench({ maxAge: { ms: 10 * DAY, isHard: true } });
  await hard.serve(await release());
  hard.now = CREATED + 11 * DAY;
  const next = await release({ version: 2 }, [ann], bytes("b"));
  assert(/^age: 11 days, stale: it was good until 2026-12-11/.test(await hard.refusal(next)));
  // What was accepted stays good.
  await hard.serve(await release());
  assertEquals(hard.gate.status.stale, true);
});

Deno.test("TrustGate does not judge the age by a clock that is earlier than the build, and raises an alarm", async () => {
  for (const now of [0, -1e9]) {
    const bench = new Bench({ maxAge: { ms: DAY, isHard: true } });
    bench.now = now;
    await bench.serve(await release());
    assertEquals(bench.gate.status.stale, false);
    assert(bench.gate.status.problems!.some((problem) => problem.includes("clock is earlier")));
    assertEquals(bench.log.problems.filter((line) => line.includes("clock is earlier")).length, 1);
    bench.now = CREATED;
    await bench.serve(await release());
    assert(!bench.gate.status.problems!.some((problem) => problem.includes("clock is earlier")));
  }
});
