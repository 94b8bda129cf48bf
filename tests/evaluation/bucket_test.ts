import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Bucketer, encodeBucketValue } from "../../lib/evaluation/_bucket.ts";
import { bucketOf } from "./_boundary.ts";
import { evaluateFlag, type Json } from "./_environment.ts";

/** The nearest 32-bit floating point number, by integers alone. */
function roundToFloat32(numerator: bigint): number {
  const shift = BigInt(Math.max(0, numerator.toString(2).length - 24));
  const [quotient, rest, half] = [numerator >> shift, numerator & ((1n << shift) - 1n), (1n << shift) >> 1n];
  const up = shift > 0n && (rest > half || (rest === half && (quotient & 1n) === 1n));
  return Number((quotient + (up ? 1n : 0n)) << shift) / 2 ** 60;
}

function expectedBucket(text: string): number {
  return roundToFloat32(BigInt(`0x${createHash("sha1").update(text).digest("hex").slice(0, 15)}`));
}

Deno.test("Bucketer.computeBucket() agrees with node:crypto for prefixes and values of every length around a block", () => {
  const bucketer = new Bucketer();
  for (let prefix = 0; prefix <= 130; prefix++) {
    const compiled = bucketer.compilePrefix("p".repeat(prefix));
    for (let value = 0; value <= 130; value++) {
      const text = "v".repeat(value);
      const bucket = bucketer.computeBucket(compiled, encodeBucketValue(text, undefined)!);
      assertEquals(bucket, expectedBucket("p".repeat(prefix) + text), `${prefix} and ${value} bytes`);
    }
  }
});

Deno.test("Bucketer.computeBucket() agrees with node:crypto for any text, many prefixes being kept", () => {
  const bucketer = new Bucketer();
  const text = fc.string({ unit: "binary", maxLength: 100 });
  fc.assert(
    fc.property(text, text, fc.option(text), (prefix, value, secondary) => {
      const compiled = bucketer.compilePrefix(prefix);
      const encoded = encodeBucketValue(value, secondary ?? undefined)!;
      assertEquals(
        bucketer.computeBucket(compiled, encoded),
        expectedBucket(prefix + value + (secondary === null ? "" : `.${secondary}`)),
      );
    }),
    { numRuns: 1000 },
  );
});

const VALUES: [value: unknown, text: string | null][] = [
  ["a", "a"],
  ["", ""],
  [1, "1"],
  [-0, "0"],
  [-3, "-3"],
  [1e15, "1000000000000000"],
  [2 ** 60, "1152921504606846976"],
  [-(2 ** 62), "-4611686018427387904"],
  [2 ** 63, null],
  [1e21, null],
  [1.5, null],
  [true, null],
  [null, null],
  [["a"], null],
  [{}, null],
];

for (const [value, text] of VALUES) {
  const kind = text === null ? "no bucket" : `the bucket of "${text}"`;
  Deno.test(`evaluate() gives ${JSON.stringify(value)} ${kind}`, () => {
    const bucket = text === null ? 0 : bucketOf(`flag.salt.${text}`);
    assertEquals(chosen({ bucketBy: "x" }, { kind: "user", key: "k", x: value }), Math.floor(bucket * 100));
  });
}

/** Which of 100 equal shares a rollout chooses. */
function chosen(rollout: Json, context: unknown): number | null {
  const variations = Array.from({ length: 100 }, (_, variation) => ({ variation, weight: 1000 }));
  const flag = {
    variations: variations.map((_, i) => i),
    fallthrough: { rollout: { variations, ...rollout } },
  };
  return evaluateFlag({ flags: { flag } }, context).variation;
}

const HASHED: [name: string, rollout: Json, context: unknown, text: string | null][] = [
  ["the key", {}, { kind: "user", key: "alice" }, "flag.salt.alice"],
  ["the user of several kinds", {}, { kind: "multi", user: { key: "u" }, org: { key: "o" } }, "flag.salt.u"],
  [
    "the kind named",
    { contextKind: "org" },
    { kind: "multi", user: { key: "u" }, org: { key: "o" } },
    "flag.salt.o",
  ],
  ["an attribute", { bucketBy: "team" }, { kind: "user", key: "u", team: "t" }, "flag.salt.t"],
  [
    "a path",
    { contextKind: "user", bucketBy: "/a/b" },
    { kind: "user", key: "u", a: { b: 7 } },
    "flag.salt.7",
  ],
  ["a name like a path", { bucketBy: "/a/b" }, { kind: "user", key: "u", "/a/b": "x" }, "flag.salt.x"],
  ["the seed", { seed: 61 }, { kind: "user", key: "u" }, "61.u"],
  ["seed 0", { seed: 0 }, { kind: "user", key: "u" }, "0.u"],
  ["a negative seed", { seed: -7 }, { kind: "user", key: "u" }, "-7.u"],
  ["no null seed", { seed: null }, { kind: "user", key: "u" }, "flag.salt.u"],
  ["the key in an experiment", { kind: "experiment", bucketBy: "team" }, {
    kind: "user",
    key: "u",
    team: "t",
  }, "flag.salt.u"],
  ["a legacy user's secondary key", {}, { key: "u", secondary: "s" }, "flag.salt.u.s"],
  ["no secondary key in an experiment", { kind: "experiment" }, { key: "u", secondary: "s" }, "flag.salt.u"],
  ["a secondary key with another attribute", { bucketBy: "email" }, {
    key: "u",
    email: "e",
    secondary: "s",
  }, "flag.salt.e.s"],
  ["no secondary attribute of a context", {}, { kind: "user", key: "u", secondary: "s" }, "flag.salt.u"],
  ["non-ASCII text as UTF-8", {}, { kind: "user", key: "ключ-日本-🎉" }, "flag.salt.ключ-日本-🎉"],
  ["nothing for a missing attribute", { bucketBy: "team" }, { kind: "user", key: "u" }, null],
  ["nothing for a missing kind", { contextKind: "org" }, { kind: "user", key: "u" }, null],
];

for (const [name, rollout, context, text] of HASHED) {
  Deno.test(`evaluate() hashes ${name}`, () => {
    assertEquals(chosen(rollout, context), text === null ? 0 : Math.floor(bucketOf(text) * 100));
  });
}

Deno.test("evaluate() gives the last variation to a bucket past the end", () => {
  const variations = [{ variation: 0, weight: 0 }, { variation: 1, weight: 0 }];
  const rollout = { fallthrough: { rollout: { variations } } };
  assertEquals(evaluateFlag({ flags: { flag: rollout } }, { kind: "user", key: "u" }).variation, 1);
});

Deno.test("evaluate() skips shares of nothing and counts a missing weight as nothing", () => {
  const variations = [{ variation: 0, weight: 0 }, { variation: 1 }, { variation: 2, weight: 100_000 }];
  const rollout = { fallthrough: { rollout: { variations } } };
  assertEquals(evaluateFlag({ flags: { flag: rollout } }, { kind: "user", key: "u" }).variation, 2);
});

Deno.test("evaluate() compares a bucket with the end of a share in 32-bit floating point", () => {
  // Found by search: in 64 bits the bucket is just below the end of the first share, in 32 bits they are equal.
  const [key, weight] = findRoundedUp();
  assertEquals(bucketOf(`flag.salt.${key}`) < weight / 100_000, true);
  const rollout = { variations: [{ variation: 0, weight }, { variation: 1, weight: 100_000 - weight }] };
  const flag = { fallthrough: { rollout } };
  assertEquals(evaluateFlag({ flags: { flag } }, { kind: "user", key }).variation, 1);
});

function findRoundedUp(): [key: string, weight: number] {
  for (let i = 0;; i++) {
    const bucket = bucketOf(`flag.salt.u${i}`);
    const weight = Math.ceil(bucket * 100_000);
    if (Math.fround(bucket) >= Math.fround(weight / 100_000)) return [`u${i}`, weight];
  }
}
