import { assertEquals } from "@std/assert";
import { matchClause } from "./_environment.ts";

type Case = [value: unknown, op: string, values: unknown[], matches: boolean];

/** One and the same, as no parser makes it. */
const OBJECT = {};

const CASES: Case[] = [
  ["a", "in", ["b", "a"], true],
  ["a", "in", ["b"], false],
  ["a", "in", [], false],
  ["A", "in", ["a"], false],
  ["1", "in", [1], false],
  [1, "in", [1], true],
  [1, "in", [1.0], true],
  [0, "in", [-0], true],
  [1.5, "in", [1.5], true],
  [true, "in", [true], true],
  [true, "in", ["true"], false],
  [false, "in", [0], false],
  [{}, "in", [{}], false],
  [{ a: 1 }, "in", [{ a: 1 }], false],
  [OBJECT, "in", [OBJECT], false],
  [[OBJECT, null], "in", [OBJECT, null], false],
  ["日本", "in", ["日本"], true],

  ["abc", "startsWith", ["ab"], true],
  ["abc", "startsWith", ["x", "a"], true],
  ["abc", "startsWith", [""], true],
  ["abc", "startsWith", ["bc"], false],
  ["abc", "startsWith", ["AB"], false],
  [100, "startsWith", ["1"], false],
  ["100", "startsWith", [1], false],
  ["abc", "endsWith", ["bc"], true],
  ["abc", "endsWith", ["ab"], false],
  ["abc", "endsWith", [3], false],
  ["abc", "contains", ["b"], true],
  ["abc", "contains", ["abcd"], false],
  ["abc", "contains", [true], false],

  ["hello world", "matches", ["hello.*rld"], true],
  ["hello world", "matches", ["l+"], true],
  ["hello world", "matches", ["(world|planet)"], true],
  ["hello world", "matches", ["^world"], false],
  ["hello world", "matches", ["["], false],
  ["hello world", "matches", ["[", "hello"], true],
  ["hello world", "matches", [""], true],
  [3, "matches", ["3"], false],
  ["3", "matches", [3], false],

  [1, "lessThan", [2], true],
  [2, "lessThan", [2], false],
  [2, "lessThan", [1, 3], true],
  ["1", "lessThan", [2], false],
  [1, "lessThan", ["2"], false],
  [2, "lessThanOrEqual", [2], true],
  [2.1, "lessThanOrEqual", [2], false],
  [3, "greaterThan", [2], true],
  [2, "greaterThan", [2], false],
  [true, "greaterThan", [0], false],
  [2, "greaterThanOrEqual", [2], true],
  [-1, "greaterThanOrEqual", [0], false],

  ["a", "unknownOperator", ["a"], false],
  ["a", "", ["a"], false],
  ["a", "constructor", ["a"], false],
  ["a", "__proto__", ["a"], false],

  [["x", "a"], "in", ["a"], true],
  [["x", "y"], "in", ["a"], false],
  [[], "in", ["a"], false],
  [[["a"]], "in", ["a"], false],
  [["x", 1], "in", ["1", 1], true],
  [["abc", "xyz"], "startsWith", ["xy"], true],
  [[null, 5], "greaterThan", [4], true],
  [["1.0", "3.0"], "semVerGreaterThan", ["2"], true],
];

for (const [value, op, values, matches] of CASES) {
  const name = `${JSON.stringify(value)} ${op || "(empty)"} ${JSON.stringify(values)}`;
  Deno.test(`evaluate() says that ${name} is ${matches}, and the opposite when negated`, () => {
    const context = { kind: "user", key: "k", x: value };
    assertEquals(matchClause({ attribute: "x", op, values }, context), matches);
    assertEquals(matchClause({ attribute: "x", op, values, negate: true }, context), !matches);
  });
}

const ABSENT: [name: string, clause: Record<string, unknown>][] = [
  ["a missing attribute", { attribute: "missing" }],
  ["a null attribute", { attribute: "nothing" }],
  ["a missing kind", { attribute: "key", contextKind: "org" }],
  ["a path that leads nowhere", { attribute: "/deep/missing/x", contextKind: "user" }],
  ["a path into an array", { attribute: "/list/0", contextKind: "user" }],
  ["an object's inherited property", { attribute: "/deep/toString", contextKind: "user" }],
];

for (const [name, clause] of ABSENT) {
  Deno.test(`evaluate() never matches ${name}, negated or not`, () => {
    const context = { kind: "user", key: "k", nothing: null, deep: { a: 1 }, list: ["a"] };
    assertEquals(matchClause({ op: "in", values: ["a", null], ...clause }, context), false);
    assertEquals(matchClause({ op: "in", values: ["a", null], negate: true, ...clause }, context), false);
  });
}

Deno.test("evaluate() reads an attribute reference as a path only beside a context kind", () => {
  const context = {
    kind: "user",
    "key": "k",
    "/deep/x": "literal",
    "deep": { "x": "path", "a/b": "escaped", "~": "tilde" },
  };
  const cases: [attribute: string, contextKind: string | undefined, value: string][] = [
    ["/deep/x", undefined, "literal"],
    ["/deep/x", "user", "path"],
    ["/deep/a~1b", "user", "escaped"],
    ["/deep/~0", "user", "tilde"],
    ["/key", "user", "k"],
  ];
  for (const [attribute, contextKind, value] of cases) {
    assertEquals(matchClause({ attribute, contextKind, op: "in", values: [value] }, context), true);
  }
});

for (const attribute of ["", "/", "//", "/a/", "/a//b", "/a~", "/a~2", null]) {
  Deno.test(`evaluate() takes the reference ${JSON.stringify(attribute)} for a malformed flag`, () => {
    const clause = { attribute, contextKind: "user", op: "in", values: ["a"] };
    assertEquals(matchClause(clause, { kind: "user", key: "k" }), "malformed");
    assertEquals(matchClause(clause, { kind: "org", key: "k" }), "malformed");
  });
}

Deno.test("evaluate() tests the attribute kind against every kind of the context", () => {
  const multi = { kind: "multi", user: { key: "u" }, org: { key: "o" } };
  const clause = { attribute: "kind", op: "in", values: ["org"] };
  assertEquals(matchClause(clause, multi), true);
  assertEquals(matchClause({ ...clause, contextKind: "device" }, multi), true);
  assertEquals(matchClause({ ...clause, negate: true }, multi), false);
  assertEquals(matchClause(clause, { kind: "user", key: "u" }), false);
  assertEquals(matchClause(clause, { key: "u" }), false);
  assertEquals(matchClause({ ...clause, op: "startsWith", values: ["us"] }, { key: "u" }), true);
});

Deno.test("evaluate() tests the part of the context that the clause names, the user if it names none", () => {
  const multi = { kind: "multi", user: { key: "u", x: 1 }, org: { key: "o", x: 2 } };
  assertEquals(matchClause({ attribute: "x", op: "in", values: [1] }, multi), true);
  assertEquals(matchClause({ attribute: "x", contextKind: null, op: "in", values: [1] }, multi), true);
  assertEquals(matchClause({ attribute: "x", contextKind: "org", op: "in", values: [2] }, multi), true);
  assertEquals(matchClause({ attribute: "x", contextKind: "org", op: "in", values: [1] }, multi), false);
});

Deno.test("evaluate() knows anonymous as false when a context does not say", () => {
  const clause = { attribute: "anonymous", op: "in", values: [false] };
  assertEquals(matchClause(clause, { kind: "user", key: "u" }), true);
  assertEquals(matchClause(clause, { key: "u" }), true);
  assertEquals(matchClause(clause, { kind: "user", key: "u", anonymous: true }), false);
});
