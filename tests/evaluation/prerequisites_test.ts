import { assertEquals } from "@std/assert";
import { createSession, evaluate, type Reason } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, evaluateFlag, type Json, type RawData } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const MALFORMED: Reason = { kind: "ERROR", errorKind: "MALFORMED_FLAG" };

type PrerequisiteCase = [
  name: string,
  data: RawData["flags"],
  variation: number | null,
  reason: Reason,
  evaluated: string[],
];

function failed(prerequisiteKey: string): Reason {
  return { kind: "PREREQUISITE_FAILED", prerequisiteKey };
}

function needs(...keys: string[]): Json {
  return { prerequisites: keys.map((key) => ({ key, variation: 0 })) };
}

const PREREQUISITES: PrerequisiteCase[] = [
  ["met", { flag: needs("a", "b"), a: {}, b: {} }, 0, { kind: "FALLTHROUGH" }, ["a", "b"]],
  ["met by the first variation if it names none", { flag: { prerequisites: [{ key: "a" }] }, a: {} }, 0, {
    kind: "FALLTHROUGH",
  }, ["a"]],
  [
    "off, whatever its off variation",
    { flag: needs("a", "b"), a: { on: false, offVariation: 0 }, b: {} },
    2,
    failed("a"),
    ["a"],
  ],
  [
    "of another variation",
    { flag: needs("a", "b"), a: {}, b: { fallthrough: { variation: 1 } } },
    2,
    failed("b"),
    ["a", "b"],
  ],
  ["missing", { flag: needs("a", "none"), a: {} }, 2, failed("none"), ["a"]],
  ["deleted", { flag: needs("gone"), gone: { deleted: true } }, 2, failed("gone"), []],
  ["without a key", { flag: { prerequisites: [{ variation: 0 }] } }, 2, failed(""), []],
  [
    "not evaluated, the flag being off",
    { flag: { on: false, ...needs("a") }, a: {} },
    2,
    { kind: "OFF" },
    [],
  ],
  ["with a prerequisite of its own that fails", { flag: needs("a"), a: needs("none") }, 2, failed("a"), [
    "a",
  ]],
  [
    "met although its own prerequisite fails, by its off variation",
    {
      flag: needs("a"),
      a: { ...needs("none"), offVariation: 0 },
    },
    0,
    { kind: "FALLTHROUGH" },
    ["a"],
  ],
  ...Object.entries({
    "without a fallthrough": { fallthrough: {} },
    "with an empty rollout": { fallthrough: { rollout: { variations: [] } } },
    "whose fallthrough is out of range": { fallthrough: { variation: 3 } },
    "whose rule's variation is out of range": { rules: [{ variation: -1 }] },
    "whose target's variation is out of range": { targets: [{ values: ["u"], variation: 9 }] },
    "whose off variation is out of range": { ...needs("none"), offVariation: 9 },
    "with a malformed bucketBy": {
      fallthrough: { rollout: { bucketBy: "//", contextKind: "user", variations: [{ weight: 1 }] } },
    },
  }).map(([name, b]): PrerequisiteCase => [
    `${name}, which is not met`,
    { flag: needs("a", "b"), a: {}, b },
    2,
    failed("b"),
    ["a", "b"],
  ]),
  [
    "with a malformed clause",
    {
      flag: needs("a", "b"),
      a: {},
      b: { rules: [{ clauses: [{ attribute: "", op: "in", values: [] }] }] },
    },
    null,
    MALFORMED,
    ["a"],
  ],
  ["itself", { flag: needs("flag") }, null, MALFORMED, []],
  ["in a cycle", { flag: needs("a"), a: needs("b"), b: needs("a") }, null, MALFORMED, []],
  ["in a cycle through the flag", { flag: needs("ok", "a"), a: needs("flag"), ok: {} }, null, MALFORMED, [
    "ok",
  ]],
  [
    "in a cycle that an off flag breaks",
    { flag: needs("a"), a: { on: false, ...needs("flag") } },
    2,
    failed("a"),
    ["a"],
  ],
];

for (const [name, flags, variation, reason, evaluated] of PREREQUISITES) {
  Deno.test(`evaluate() knows a prerequisite ${name}`, () => {
    const evaluation = evaluateFlag({ flags: flags! }, USER);
    assertEquals([evaluation.variation, evaluation.reason, evaluation.prerequisites], [
      variation,
      reason,
      evaluated,
    ]);
  });
}

Deno.test("evaluate() finds the same whichever flag of a cycle comes first", () => {
  const environment = compile({
    flags: { a: needs("b"), b: needs("c"), c: needs("a"), d: needs("b"), e: {} },
  });
  const orders = [["a", "b", "c", "d", "e"], ["e", "d", "c", "b", "a"], ["c", "a", "d", "b", "e"]];
  for (const order of orders) {
    const session = createSession(environment, parseContext(USER));
    for (const key of order) {
      assertEquals(evaluate(session, key)!.reason, key === "e" ? { kind: "FALLTHROUGH" } : MALFORMED);
    }
  }
});

Deno.test("a flag may have 100,000 prerequisites, of which the last is not met", () => {
  const prerequisites = Array.from({ length: 99_999 }, () => ({ key: "a", variation: 0 }));
  // Texts of all that may fail would be 40 GB.
  const { reason, prerequisites: evaluated } = evaluateFlag({
    flags: { flag: { prerequisites: [...prerequisites, { key: "b", variation: 1 }] }, a: {}, b: {} },
  }, USER);
  assertEquals([reason, evaluated.length], [failed("b"), 100_000]);
});

Deno.test("a flag may have 10,000 prerequisites and 10,000 rules", () => {
  const { prerequisites } = needs(...Array.from({ length: 10_000 }, () => "a"));
  const rules = Array.from({ length: 10_000 }, (_, i) => ({
    variation: 1,
    clauses: [{ attribute: "key", op: "in", values: [i === 9_999 ? "u" : "other"] }],
  }));
  // Texts of all rules, each with all prerequisites, would be 400 MB.
  const { reason } = evaluateFlag({ flags: { flag: { prerequisites, rules }, a: {} } }, USER);
  assertEquals(reason, { kind: "RULE_MATCH", ruleIndex: 9_999 });
});
