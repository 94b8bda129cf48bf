import { assertEquals } from "@std/assert";
import { createSession, evaluate, evaluateAll, evaluateText, type Reason } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { compile, evaluateFlag, type Json, type RawData } from "./_environment.ts";

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

const MULTI = { kind: "multi", user: { key: "u" }, org: { key: "o" } };

const TARGETS: [name: string, flag: Json, context: unknown, variation: number][] = [
  ["another kind", { contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }] }, MULTI, 1],
  [
    "another kind that is not there",
    { contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }] },
    USER,
    0,
  ],
  [
    "a user listed in targets, in the place kept for it",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [
        { contextKind: "user", variation: 2, values: [] },
        { contextKind: "org", variation: 1, values: ["o"] },
      ],
    },
    MULTI,
    2,
  ],
  [
    "another kind before the place kept for a user",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [
        { contextKind: "org", variation: 1, values: ["o"] },
        { variation: 2 },
      ],
    },
    MULTI,
    1,
  ],
  [
    "a user in contextTargets itself",
    {
      targets: [{ variation: 2, values: ["x"] }],
      contextTargets: [{ contextKind: "user", variation: 2, values: ["u"] }],
    },
    USER,
    2,
  ],
  [
    "no user without a place in contextTargets",
    {
      targets: [{ variation: 2, values: ["u"] }],
      contextTargets: [{ contextKind: "org", variation: 1, values: ["o"] }],
    },
    USER,
    0,
  ],
  [
    "kinds in turn",
    {
      contextTargets: [
        { contextKind: "user", variation: 1, values: ["x"] },
        { contextKind: "org", variation: 2, values: ["o"] },
        { contextKind: "user", variation: 1, values: ["u"] },
      ],
    },
    MULTI,
    2,
  ],
  ["a legacy user", { targets: [{ variation: 1, values: ["u"] }] }, { key: "u" }, 1],
];

for (const [name, flag, context, variation] of TARGETS) {
  Deno.test(`evaluate() targets ${name}`, () => {
    assertEquals(evaluateFlag({ flags: { flag } }, context).variation, variation);
  });
}

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
  ["malformed", { flag: needs("a", "b"), a: {}, b: { fallthrough: {} } }, null, MALFORMED, ["a"]],
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

Deno.test("evaluate() takes prerequisites nested thousands deep for malformed instead of overflowing the stack", () => {
  const count = 20_000;
  const flags = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`f${i}`, i + 1 < count ? needs(`f${i + 1}`) : {}]),
  );
  const session = createSession(compile({ flags }), parseContext(USER));
  assertEquals(evaluate(session, "f0")!.reason, MALFORMED);
  assertEquals(evaluate(session, `f${count - 100}`)!.reason, { kind: "FALLTHROUGH" });
});

Deno.test("evaluate() knows no flag that is missing or deleted", () => {
  const session = createSession(compile({ flags: { gone: { deleted: true } } }), parseContext(USER));
  assertEquals(evaluate(session, "none"), undefined);
  assertEquals(evaluate(session, "gone"), undefined);
});

const HALVES = [{ variation: 0, weight: 100_000 }];

const EXPERIMENTS: [name: string, flag: Json, context: unknown, reason: Reason, experiment: boolean][] = [
  ["an experiment", { fallthrough: { rollout: { kind: "experiment", variations: HALVES } } }, USER, {
    kind: "FALLTHROUGH",
    inExperiment: true,
  }, true],
  [
    "an untracked share",
    {
      fallthrough: { rollout: { kind: "experiment", variations: [{ ...HALVES[0], untracked: true }] } },
    },
    USER,
    { kind: "FALLTHROUGH" },
    false,
  ],
  [
    "an experiment on a kind that is not there",
    {
      fallthrough: { rollout: { kind: "experiment", contextKind: "org", variations: HALVES } },
    },
    USER,
    { kind: "FALLTHROUGH" },
    false,
  ],
  ["a rollout", { fallthrough: { rollout: { kind: "rollout", variations: HALVES } } }, USER, {
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
      rules: [{ ...EVERYONE, rollout: { kind: "experiment", variations: HALVES } }],
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

const OUTPUT: [name: string, flag: Json, text: string, textWithReason: string][] = [
  [
    "a plain flag",
    {},
    '{"value":"a","variation":0,"version":1}',
    '{"value":"a","variation":0,"version":1,"reason":{"kind":"FALLTHROUGH"}}',
  ],
  [
    "a null value",
    { on: false, offVariation: null, version: 7 },
    '{"value":null,"variation":null,"version":7}',
    '{"value":null,"variation":null,"version":7,"reason":{"kind":"OFF"}}',
  ],
  [
    "a tracked flag that is debugged",
    { trackEvents: true, debugEventsUntilDate: 1_700_000_000_000 },
    '{"value":"a","variation":0,"version":1,"trackEvents":true,"debugEventsUntilDate":1700000000000}',
    '{"value":"a","variation":0,"version":1,"trackEvents":true,"reason":{"kind":"FALLTHROUGH"},"debugEventsUntilDate":1700000000000}',
  ],
  [
    "a flag that was never debugged",
    { debugEventsUntilDate: 0 },
    '{"value":"a","variation":0,"version":1}',
    '{"value":"a","variation":0,"version":1,"reason":{"kind":"FALLTHROUGH"}}',
  ],
  [
    "an experiment, which has its reason in any case",
    { rules: [{ ...EVERYONE, id: "r", rollout: { kind: "experiment", variations: HALVES } }] },
    '{"value":"a","variation":0,"version":1,"trackEvents":true,"trackReason":true,"reason":{"kind":"RULE_MATCH","ruleIndex":0,"ruleId":"r","inExperiment":true}}',
    '{"value":"a","variation":0,"version":1,"trackEvents":true,"trackReason":true,"reason":{"kind":"RULE_MATCH","ruleIndex":0,"ruleId":"r","inExperiment":true}}',
  ],
  [
    "prerequisites",
    { ...needs("other", "none"), debugEventsUntilDate: 5 },
    '{"value":"c","variation":2,"version":1,"debugEventsUntilDate":5,"prerequisites":["other"]}',
    '{"value":"c","variation":2,"version":1,"reason":{"kind":"PREREQUISITE_FAILED","prerequisiteKey":"none"},"debugEventsUntilDate":5,"prerequisites":["other"]}',
  ],
  [
    "a malformed flag",
    { fallthrough: {} },
    '{"value":null,"variation":null,"version":1}',
    '{"value":null,"variation":null,"version":1,"reason":{"kind":"ERROR","errorKind":"MALFORMED_FLAG"}}',
  ],
  [
    "a big segment",
    { rules: [{ clauses: [{ op: "segmentMatch", values: ["big"] }], variation: 1 }] },
    '{"value":"a","variation":0,"version":1}',
    '{"value":"a","variation":0,"version":1,"reason":{"kind":"FALLTHROUGH","bigSegmentsStatus":"NOT_CONFIGURED"}}',
  ],
  [
    "any JSON value",
    { variations: [{ "__proto__x": [1.5, null, "é\n\u2028</script>"], ',"reason":{"kind":"OFF"}': {} }] },
    '{"value":{"__proto__x":[1.5,null,"é\\n\u2028</script>"],",\\"reason\\":{\\"kind\\":\\"OFF\\"}":{}},"variation":0,"version":1}',
    '{"value":{"__proto__x":[1.5,null,"é\\n\u2028</script>"],",\\"reason\\":{\\"kind\\":\\"OFF\\"}":{}},"variation":0,"version":1,"reason":{"kind":"FALLTHROUGH"}}',
  ],
];

for (const [name, flag, text, textWithReason] of OUTPUT) {
  Deno.test(`evaluateText() and evaluateAll() write ${name}`, () => {
    const key = 'flag "é"';
    const data = { flags: { [key]: flag, other: {} }, segments: { big: { unbounded: true } } };
    const environment = compile(data);
    for (const [withReasons, expected] of [[false, text], [true, textWithReason]] as const) {
      const options = { audience: "server", withReasons } as const;
      const session = createSession(environment, parseContext(USER));
      const version = (flag.version ?? 1) as number;
      assertEquals(evaluateText(session, key, options), { version, text: expected });
      const other = evaluateText(session, "other", options)!.text;
      assertEquals(
        evaluateAll(environment, parseContext(USER), options),
        `{"flag \\"é\\"":${expected},"other":${other}}`,
      );
    }
  });
}

const AVAILABILITY: [flag: Json, environmentId: boolean, mobile: boolean][] = [
  [{}, false, true],
  [{ clientSideAvailability: null }, false, true],
  [{ clientSide: true }, true, true],
  [{ clientSide: false }, false, true],
  [{ clientSideAvailability: {} }, false, false],
  [{ clientSideAvailability: {}, clientSide: true }, false, false],
  [{ clientSideAvailability: { usingEnvironmentId: true } }, true, false],
  [{ clientSideAvailability: { usingMobileKey: true } }, false, true],
  [{ clientSideAvailability: { usingMobileKey: null, usingEnvironmentId: null } }, false, false],
];

for (const [flag, environmentId, mobile] of AVAILABILITY) {
  Deno.test(`evaluateAll() shows ${JSON.stringify(flag)} to those who may see it`, () => {
    // Both a constant flag and one that depends on the context.
    const flags = { a: flag, b: { ...flag, rules: [{ ...EVERYONE, variation: 1 }] } };
    const environment = compile({ flags });
    const session = createSession(environment, parseContext(USER));
    for (
      const [audience, sees] of [["environmentId", environmentId], ["mobile", mobile], [
        "server",
        true,
      ]] as const
    ) {
      const options = { audience, withReasons: false };
      const all = JSON.parse(evaluateAll(environment, parseContext(USER), options));
      assertEquals(Object.keys(all), sees ? ["a", "b"] : []);
      for (const key of ["a", "b"]) assertEquals(evaluateText(session, key, options) !== undefined, sees);
    }
  });
}

Deno.test("evaluateAll() counts prerequisites that the client does not see", () => {
  const flags = { hidden: {}, shown: { clientSide: true, ...needs("hidden") } };
  assertEquals(
    evaluateAll(compile({ flags }), parseContext(USER), { audience: "environmentId", withReasons: false }),
    '{"shown":{"value":"a","variation":0,"version":1,"prerequisites":["hidden"]}}',
  );
});

Deno.test("evaluateAll() says nothing of an empty environment", () => {
  const options = { audience: "server", withReasons: true } as const;
  assertEquals(evaluateAll(compile({}), parseContext(USER), options), "{}");
});

Deno.test("evaluateAll() keeps the order of the data, whichever flags depend on the context", () => {
  const depends = { rules: [{ ...EVERYONE, variation: 1 }] };
  const keys = ["a", "b", "c", "d", "e", "f"];
  for (const dependent of ["", "a", "f", "ab", "ef", "ace", "bdf", "abcdef"]) {
    const flags = Object.fromEntries(keys.map((key) => [key, dependent.includes(key) ? depends : {}]));
    const text = evaluateAll(compile({ flags }), parseContext(USER), {
      audience: "server",
      withReasons: false,
    });
    assertEquals(Object.keys(JSON.parse(text)), keys);
    assertEquals(JSON.parse(text).c.variation, dependent.includes("c") ? 1 : 0);
  }
});
