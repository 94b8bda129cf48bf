import {
  assert,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

// Every assertion, a call that must pass and calls that must fail: a stand-in that accepts too much would hide faults
// on the hosts that use it. Checked with plain code: an assertion cannot vouch for itself.

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

const bare: Record<string, unknown> = Object.assign(Object.create(null), { a: 1 });
const symbol = Symbol("s");

const EQUAL: [name: string, a: unknown, b: unknown][] = [
  ["strings", "a", "a"],
  ["zeros of either sign", { a: [0] }, { a: [-0] }],
  ["NaN", NaN, NaN],
  ["objects whatever the order of their keys", { a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }],
  ["an object without prototype", { x: bare }, { x: { a: 1 } }],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["maps", new Map([["a", [1]]]), new Map([["a", [1]]])],
  ["sets", new Set([1, 2]), new Set([2, 1])],
  ["dates", new Date(1), new Date(1)],
  ["regular expressions", /a/g, /a/g],
  ["instances of a class", new Point(1), new Point(1)],
  ["symbol keys", { [symbol]: 1 }, { [symbol]: 1 }],
];

const UNEQUAL: [name: string, a: unknown, b: unknown][] = [
  ["a number and its text", 1, "1"],
  ["null and undefined", null, undefined],
  ["false and 0", false, 0],
  ["a missing field and an undefined one", { a: undefined }, {}],
  ["fields of other names", { a: undefined }, { b: undefined }],
  ["lists of other lengths", [1], [1, 2]],
  ["lists in another order", [1, 2], [2, 1]],
  ["a list with a hole", [, 2], [1, 2]],
  ["a list and an object", [], {}],
  ["deep values", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ["an object without prototype", bare, { a: 2 }],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["typed arrays of other types", new Uint8Array([1]), new Int8Array([1])],
  ["bytes and a list", new Uint8Array([1]), [1]],
  ["maps", new Map([["a", 1]]), new Map([["a", 2]])],
  ["sets", new Set([1]), new Set([2])],
  ["dates", new Date(1), new Date(2)],
  ["regular expressions", /a/g, /a/],
  ["instances of another class", new Point(1), { x: 1 }],
  ["instances of a class", new Point(1), new Point(2)],
  ["symbol keys", { [symbol]: 1 }, { [symbol]: 2 }],
];

/** Runs what must fail and gives the message of its `AssertionError`. */
function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error(`Nothing thrown by ${run}`);
}

async function rejection(run: () => Promise<unknown>): Promise<string> {
  const [result] = await Promise.allSettled([run()]);
  if (result.status === "rejected" && result.reason instanceof AssertionError) return result.reason.message;
  throw new Error(`No AssertionError from ${run}`);
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`Does not hold: ${what}`);
}

for (const [name, a, b] of EQUAL) {
  Deno.test(`assertEquals() accepts ${name}, both ways`, () => {
    assertEquals(a, b);
    assertEquals(b, a);
    failure(() => assertNotEquals(a, b));
  });
}

for (const [name, a, b] of UNEQUAL) {
  Deno.test(`assertEquals() refuses ${name}, both ways`, () => {
    check(failure(() => assertEquals(a, b, "why")).startsWith("Values are not equal: why"), "message");
    failure(() => assertEquals(b, a));
    assertNotEquals(a, b);
  });
}

Deno.test("assertEquals() shows both values in its message", () => {
  const message = failure(() => assertEquals({ a: "left" }, { a: "right" }));
  check(message.includes("left") && message.includes("right"), message);
});

Deno.test("assertStrictEquals() compares by identity", () => {
  const list: unknown[] = [];
  assertStrictEquals(list, list);
  assertStrictEquals(NaN, NaN);
  failure(() => assertStrictEquals(0, -0));
  failure(() => assertStrictEquals([], []));
  check(
    failure(() => assertStrictEquals<number>(1, 2, "why")).startsWith("Values are not strictly equal: why"),
    "why",
  );
});

Deno.test("assertObjectMatch() looks only at what is expected", () => {
  const actual = { a: 1, list: [{ b: 2, c: 3 }, 4], deep: { d: null, e: 5 } };
  assertObjectMatch(actual, {});
  assertObjectMatch(actual, { a: 1, deep: { d: null } });
  assertObjectMatch(actual, { list: [{ b: 2 }] });
  assertObjectMatch({ p: new Point(1) }, { p: { x: 1 } });
  for (
    const expected of [
      { a: 2 },
      { a: "1" },
      { z: 1 },
      { z: undefined },
      { deep: { d: undefined } },
      { deep: { d: {} } },
      { list: [{ b: 3 }] },
      { list: [4] },
      { list: [{ b: 2 }, 4, 5] },
      { a: { b: 1 } },
    ]
  ) failure(() => assertObjectMatch(actual, expected));
});

Deno.test("assert() and assertExists() tell falsy from missing", () => {
  assert(1);
  failure(() => assert(0));
  check(failure(() => assert("", "why")) === "why", "message");
  for (const value of [0, "", false, NaN]) assertExists(value);
  for (const value of [null, undefined]) failure(() => assertExists(value));
});

Deno.test("assertInstanceOf() goes by the class", () => {
  assertInstanceOf(new Point(1), Point);
  assertInstanceOf(new RangeError(), Error);
  for (const value of [{ x: 1 }, null, undefined, 1, Point]) failure(() => assertInstanceOf(value, Point));
});

Deno.test("assertStringIncludes() and assertMatch() look into the text", () => {
  assertStringIncludes("abc", "b");
  assertMatch("abc", /^a.c$/);
  check(
    failure(() => assertStringIncludes("abc", "d", "why")).includes('"abc" to contain: "d": why'),
    "message",
  );
  check(failure(() => assertMatch("abc", /d/, "why")).includes('"abc" to match: "/d/": why'), "message");
});

Deno.test("assertGreater() and its kin compare numbers", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(1, 1);
  assertLess(1, 2);
  assertLessOrEqual(1, 1);
  failure(() => assertGreater(1, 1));
  failure(() => assertGreaterOrEqual(1, 2));
  failure(() => assertLess(1, 1));
  failure(() => assertLessOrEqual(NaN, 1));
});

Deno.test("assertThrows() gives the error and goes by class and text", () => {
  const error = new RangeError("Too far away");
  function throws(): never {
    throw error;
  }
  check(assertThrows(throws) === error, "without a class");
  check(assertThrows(throws, "why") === error, "with a message only");
  check(assertThrows(throws, RangeError, "far") === error, "with class and text");
  check(assertThrows(throws, Error) === error, "with the base class");
  check(assertThrows(() => AbortSignal.abort("text").throwIfAborted()) === "text", "what is no Error");
  failure(() => assertThrows(throws, TypeError));
  failure(() => assertThrows(throws, RangeError, "near"));
  failure(() => assertThrows(() => {}));
  failure(() => assertThrows(() => AbortSignal.abort("text").throwIfAborted(), Error));
  check(
    failure(() => assertThrows(() => 1, RangeError, "x", "why")) === "Expected function to throw: why",
    "message",
  );
});

Deno.test("assertRejects() gives the error and goes by class and text", async () => {
  const error = new RangeError("Too far away");
  function rejects(): Promise<never> {
    return Promise.reject(error);
  }
  check(await assertRejects(rejects) === error, "without a class");
  check(await assertRejects(rejects, RangeError, "far") === error, "with class and text");
  await rejection(() => assertRejects(rejects, TypeError));
  await rejection(() => assertRejects(rejects, RangeError, "near"));
  await rejection(() => assertRejects(() => Promise.reject("text"), Error));
  check(
    await rejection(() => assertRejects(() => Promise.resolve(), Error, "x", "why")) ===
      "Expected function to reject: why",
    "message",
  );
  const thrown = await rejection(() =>
    assertRejects(() => {
      throw error;
    }, RangeError)
  );
  check(thrown === "Function throws when expected to reject.", "a throw is no rejection");
});

Deno.test("fail() fails, with an AssertionError", () => {
  check(failure(() => fail()) === "Failed assertion.", "without a reason");
  check(failure(() => fail("why")) === "Failed assertion: why", "with a reason");
  const error = new AssertionError("why", { cause: 1 });
  check(error instanceof Error && error.name === "AssertionError" && error.cause === 1, "the class");
});
