import { assertEquals } from "@std/assert";
import { createSession, evaluate, type Reason } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, evaluateFlag, type Json } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const MALFORMED: Reason = { kind: "ERROR", errorKind: "MALFORMED_FLAG" };

/** A rule for everyone. */
const EVERYONE = { clauses: [{ attribute: "key", op: "in", values: [""], negate: true }] };
const MALFORMED_CLAUSE = { attribute: "", op: "in", values: [] };

type Case = [name: string, flag: Json, variation: number | null, reason: Reason];

const CASES: Case[] = [
  ["the off variation of a flag that is off", { on: false }, 2, { kind: "OFF" }],
  ["the off variation of a flag that does not say whether it is on", { on: null }, 2, { kind: "OFF" }],
  ["null for a flag that is off without an off variation", { on: false, offVariation: null }, null, {
    kind: "OFF",
  }],
  ["an error for an off variation past the end", { on: false, offVariation: 3 }, null, MALFORMED],
  ["an error for a negative off variation", { on: false, offVariation: -1 }, null, MALFORMED],
  ["the fallthrough", {}, 0, { kind: "FALLTHROUGH" }],
  ["an error without a fallthrough", { fallthrough: null }, null, MALFORMED],
  ["an error for a fallthrough past the end", { fallthrough: { variation: 3 } }, null, MALFORMED],
  ["an error for an empty rollout", { fallthrough: { rollout: { variations: [] } } }, null, MALFORMED],
  ["an error for a rollout without variations", { fallthrough: { rollout: {} } }, null, MALFORMED],
  ["an error for a flag without variations", { variations: null }, null, MALFORMED],
  [
    "an error for a rollout to a variation past the end",
    { fallthrough: { rollout: { variations: [{ variation: 9, weight: 100_000 }] } } },
    null,
    MALFORMED,
  ],
  [
    "an error for a rollout by a malformed reference",
    {
      fallthrough: {
        rollout: { contextKind: "user", bucketBy: "//", variations: [{ variation: 0, weight: 1 }] },
      },
    },
    null,
    MALFORMED,
  ],
  [
    "an experiment by a malformed reference, which it ignores",
    {
      fallthrough: {
        rollout: {
          kind: "experiment",
          contextKind: "user",
          bucketBy: "//",
          variations: [{ variation: 1, weight: 100_000 }],
        },
      },
    },
    1,
    { kind: "FALLTHROUGH", inExperiment: true },
  ],
  ["a variation before a rollout", { fallthrough: { variation: 1, rollout: { variations: [] } } }, 1, {
    kind: "FALLTHROUGH",
  }],
  ["a target", { targets: [{ variation: 1, values: ["x", "u"] }] }, 1, { kind: "TARGET_MATCH" }],
  [
    "the first target that has the key",
    {
      targets: [{ variation: 1, values: ["u"] }, { variation: 2, values: ["u"] }],
    },
    1,
    { kind: "TARGET_MATCH" },
  ],
  ["no target of another key", { targets: [{ variation: 1, values: ["x"] }] }, 0, { kind: "FALLTHROUGH" }],
  [
    "a target without a variation as the first",
    {
      fallthrough: { variation: 1 },
      targets: [{ values: ["u"] }],
    },
    0,
    { kind: "TARGET_MATCH" },
  ],
  ["an error for a target past the end", { targets: [{ variation: 3, values: ["u"] }] }, null, MALFORMED],
  ["no target without values", { targets: [{ variation: 1 }] }, 0, { kind: "FALLTHROUGH" }],
  [
    "targets before rules",
    {
      targets: [{ variation: 1, values: ["u"] }],
      rules: [{ ...EVERYONE, variation: 2 }],
    },
    1,
    { kind: "TARGET_MATCH" },
  ],
  [
    "the first rule that matches",
    {
      rules: [
        { clauses: [{ attribute: "key", op: "in", values: ["x"] }], variation: 0, id: "r0" },
        { ...EVERYONE, variation: 1, id: "r1" },
        { ...EVERYONE, variation: 2, id: "r2" },
      ],
    },
    1,
    { kind: "RULE_MATCH", ruleIndex: 1, ruleId: "r1" },
  ],
  ["a rule without an ID", { rules: [{ ...EVERYONE, variation: 1, id: "" }] }, 1, {
    kind: "RULE_MATCH",
    ruleIndex: 0,
  }],
  ["a rule without clauses", { rules: [{ variation: 1 }] }, 1, { kind: "RULE_MATCH", ruleIndex: 0 }],
  [
    "no rule of which one clause fails",
    {
      rules: [{
        clauses: [...EVERYONE.clauses, { attribute: "key", op: "in", values: ["x"] }],
        variation: 1,
      }],
    },
    0,
    { kind: "FALLTHROUGH" },
  ],
  ["an error for a rule that serves nothing", { rules: [EVERYONE] }, null, MALFORMED],
  ["an error for a rule past the end", { rules: [{ ...EVERYONE, variation: 3 }] }, null, MALFORMED],
  [
    "an error for a malformed clause",
    { rules: [{ clauses: [MALFORMED_CLAUSE], variation: 1 }] },
    null,
    MALFORMED,
  ],
  [
    "an error for a malformed clause with others after it",
    {
      rules: [{ clauses: [MALFORMED_CLAUSE, { attribute: "key", op: "in", values: [] }], variation: 1 }],
    },
    null,
    MALFORMED,
  ],
  [
    "no error for a malformed clause after one that fails",
    {
      rules: [{ clauses: [{ attribute: "key", op: "in", values: [] }, MALFORMED_CLAUSE], variation: 1 }],
    },
    0,
    { kind: "FALLTHROUGH" },
  ],
  [
    "no error for a malformed rule after one that matches",
    {
      rules: [{ ...EVERYONE, variation: 1 }, { clauses: [MALFORMED_CLAUSE], variation: 1 }],
    },
    1,
    { kind: "RULE_MATCH", ruleIndex: 0 },
  ],
];

for (const [name, flag, variation, reason] of CASES) {
  Deno.test(`evaluate() gives ${name}`, () => {
    const evaluation = evaluateFlag({ flags: { flag } }, USER);
    assertEquals([evaluation.variation, evaluation.reason], [variation, reason]);
    assertEquals(evaluation.value, variation === null ? null : ["a", "b", "c"][variation]);
  });
}

Deno.test("evaluate() knows no flag that is missing or deleted", () => {
  const session = createSession(compile({ flags: { gone: { deleted: true } } }), parseContext(USER));
  assertEquals(evaluate(session, "none"), undefined);
  assertEquals(evaluate(session, "gone"), undefined);
});

const ALL = [{ variation: 0, weight: 100_000 }];

const EXPERIMENTS: [name: string, flag: Json, context: unknown, reason: Reason, experiment: boolean][] = [
  ["an experiment", { fallthrough: { rollout: { kind: "experiment", variations: ALL } } }, USER, {
    kind: "FALLTHROUGH",
    inExperiment: true,
  }, true],
  [
    "an untracked share",
    {
      fallthrough: { rollout: { kind: "experiment", variations: [{ ...ALL[0], untracked: true }] } },
    },
    USER,
    { kind: "FALLTHROUGH" },
    false,
  ],
  [
    "an experiment on a kind that is not there",
    {
      fallthrough: { rollout: { kind: "experiment", contextKind: "org", variations: ALL } },
    },
    USER,
    { kind: "FALLTHROUGH" },
    false,
  ],
  ["a rollout", { fallthrough: { rollout: { kind: "rollout", variations: ALL } } }, USER, {
    kind: "FALLTHROUGH",
  }, false],
  ["a tracked fallthrough", { trackEventsFallthrough: true }, USER, { kind: "FALLTHROUGH" }, true],
  [
    "a tracked fallthrough that is not reached",
    {
      trackEventsFallthrough: true,
      rules: [{ ...EVERYONE, variation: 1 }],
    },
    USER,
    { kind: "RULE_MATCH", ruleIndex: 0 },
    false,
  ],
  ["a tracked rule", { rules: [{ ...EVERYONE, variation: 1, trackEvents: true }] }, USER, {
    kind: "RULE_MATCH",
    ruleIndex: 0,
  }, true],
  [
    "a tracked rule past the end",
    { rules: [{ ...EVERYONE, variation: 3, trackEvents: true }] },
    USER,
    MALFORMED,
    false,
  ],
  [
    "an experiment in a rule",
    {
      rules: [{ ...EVERYONE, rollout: { kind: "experiment", variations: ALL } }],
    },
    USER,
    { kind: "RULE_MATCH", ruleIndex: 0, inExperiment: true },
    true,
  ],
];

for (const [name, flag, context, reason, experiment] of EXPERIMENTS) {
  Deno.test(`evaluate() counts ${name} as ${experiment ? "an" : "no"} experiment`, () => {
    const evaluation = evaluateFlag({ flags: { flag } }, context);
    assertEquals([evaluation.reason, evaluation.experiment], [reason, experiment]);
  });
}
