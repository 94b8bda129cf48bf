import { assertEquals } from "@std/assert";
import { bucketOf } from "./_boundary.ts";
import type { Json } from "./_environment.ts";
import { explainRollout } from "./_explain.ts";

Deno.test("explain() says in which range of a rollout a bucket is", () => {
  const variations = [{ variation: 1, weight: 25_000 }, { variation: 7, weight: 0 }, {
    variation: 2,
    weight: 75_000,
  }];
  const served = explainRollout({ variations, bucketBy: "plan" })!;
  const bucket = Math.fround(bucketOf("flag.salt.pro"));
  assertEquals(served, {
    ...(bucket < 0.25 ? { variation: 1, value: "b" } : { variation: 2, value: "c" }),
    rollout: {
      kind: "rollout",
      contextKind: "user",
      attribute: "plan",
      salt: "salt",
      actual: "pro",
      bucket,
      ranges: [
        { variation: 1, value: "b", from: 0, to: 0.25 },
        { variation: 7, from: 0.25, to: 0.25 },
        { variation: 2, value: "c", from: 0.25, to: 1 },
      ],
      chosen: bucket < 0.25 ? 0 : 2,
    },
  });
});

Deno.test("explain() chooses the last range where weights do not add up", () => {
  const variations = [{ variation: 1, weight: 0 }, { variation: 0, weight: 0 }];
  const { variation, rollout } = explainRollout({ variations, seed: 0 })!;
  assertEquals([variation, rollout!.chosen, rollout!.seed, rollout!.salt], [0, 1, 0, undefined]);
  assertEquals(rollout!.bucket, Math.fround(bucketOf("0.u")));
});

Deno.test("explain() marks the ranges that are not part of an experiment", () => {
  const variations = [{ variation: 0, weight: 0 }, { variation: 1, weight: 100_000, untracked: true }];
  const experiment = { kind: "experiment", seed: 61, bucketBy: "plan", variations };
  const { rollout } = explainRollout(experiment)!;
  assertEquals([rollout!.kind, rollout!.attribute, rollout!.actual], ["experiment", "key", "u"]);
  assertEquals(rollout!.ranges.map(({ untracked }) => untracked), [undefined, true]);
});

Deno.test("explain() says that a context without a rollout's kind is in bucket 0", () => {
  const variations = [{ variation: 1, weight: 50_000 }, { variation: 0, weight: 50_000 }];
  for (const kind of ["rollout", "experiment"]) {
    const { rollout, value } = explainRollout({ kind, contextKind: "org", variations })!;
    assertEquals([rollout!.actual, rollout!.bucket, rollout!.chosen, value], [null, 0, 0, "b"]);
  }
});

// What the fallthrough has, and what is said of it: in all cases the flag is malformed.
const MALFORMED_OUTCOMES: [name: string, rollout: Json, chosen: number | undefined][] = [
  ["a rollout without variations", { variations: [] }, undefined],
  [
    "a malformed reference",
    { bucketBy: "/", contextKind: "user", variations: [{ variation: 0, weight: 100_000 }] },
    undefined,
  ],
  ["a variation that the flag does not have", { variations: [{ variation: 9, weight: 100_000 }] }, 0],
];

for (const [name, rollout, chosen] of MALFORMED_OUTCOMES) {
  Deno.test(`explain() gives no value to an outcome with ${name}`, () => {
    const served = explainRollout(rollout)!;
    assertEquals([served.value, served.rollout?.chosen], [undefined, chosen]);
  });
}
