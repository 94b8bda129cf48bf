import { assertEquals } from "@std/assert";
import { Pace, type PaceLimits } from "../../lib/delivery/_pace.ts";

const LIMITS: PaceLimits = {
  clientWriteMinBytesPerSecond: 1000,
  clientWriteSlack: 5000,
  clientWriteMaxTime: 0,
};
const MiB = 1024 ** 2;

// What a reader has taken and when, and until when it is not behind: ms.
const CASES: [
  what: string,
  taken: [bytes: number, at: number][],
  limits: Partial<PaceLimits>,
  end: number,
][] = [
  ["its slack, when it takes nothing", [], {}, 5000],
  ["its slack and the time for what it has taken", [[2000, 10]], {}, 7000],
  ["that time in all, however it takes", [[500, 10], [1500, 4000]], {}, 7000],
  ["for ever without a minimum rate", [], { clientWriteMinBytesPerSecond: 0 }, Infinity],
  ["the longest time, however fast it is", [[9000, 10]], { clientWriteMaxTime: 6000 }, 6000],
  [
    "the longest time, without a minimum rate",
    [],
    { clientWriteMinBytesPerSecond: 0, clientWriteMaxTime: 6000 },
    6000,
  ],
  ["its slack and the time for a mebibyte", [[MiB, 100]], {}, 5000 + MiB],
  ["the time for the last mebibyte alone, since it began", [[3 * MiB, 100], [MiB, 200]], {}, 5100 + MiB],
  ["the time for what came after that too", [[MiB, 100], [MiB, 200], [2000, 300]], {}, 7100 + MiB],
];

for (const [what, taken, limits, end] of CASES) {
  Deno.test(`Pace.isBehind() gives a reader ${what}`, () => {
    const pace = new Pace();
    pace.start(0);
    for (const [bytes, at] of taken) pace.add(bytes, at);
    const all = { ...LIMITS, ...limits };
    assertEquals([pace.isBehind(all, Math.min(end, 1e12)), pace.isBehind(all, end + 1)], [
      false,
      end !== Infinity,
    ]);
  });
}

Deno.test("Pace.isBehind() spares a steady reader, of whom the system takes much at a time", () => {
  const [piece, rate] = [64 * 1024, 64_000];
  const limits = { ...LIMITS, clientWriteMinBytesPerSecond: 2048 };
  // What buffers hold at first, in pieces, and then a third of the largest at a time: as measured on Linux over loopback.
  for (const held of [62, 63, 64, 65]) {
    const pace = new Pace();
    pace.start(0);
    for (let i = 0, now = 0; i < 1000; i++) {
      if (i >= held && (i - held) % 22 === 0) now += 22 * piece / rate * 1000;
      assertEquals(pace.isBehind(limits, now), false, `after ${i} pieces, at ${now} ms`);
      pace.add(piece, now);
    }
  }
});

Deno.test("Pace.start() begins anew", () => {
  const pace = new Pace();
  pace.start(0);
  pace.add(9000, 1);
  pace.start(10_000);
  assertEquals([pace.isBehind(LIMITS, 15_000), pace.isBehind(LIMITS, 15_001)], [false, true]);
  assertEquals([pace.hasHadSlack(LIMITS, 15_000), pace.hasHadSlack(LIMITS, 15_001)], [false, true]);
  assertEquals(pace.rateAt(11_000), 0);
});
