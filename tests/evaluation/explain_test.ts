import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_NESTING } from "../../lib/evaluation/_depth.ts";
import { MAX_CONTEXT_STEPS, SLICE_STEPS } from "../../lib/evaluation/_session.ts";
import {
  compileEnvironment,
  createSession,
  evaluate,
  EvaluationLimitError,
  explain,
  type Trace,
  type TraceStep,
} from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { runs } from "../_nightly.ts";
import { anyContexts } from "./_contexts.ts";
import { checkTrace, deriveEvaluation } from "./_derive.ts";
import { compile, type Json, parseData } from "./_environment.ts";
import { explainFlag, explainSteps, MALFORMED, MULTI, NOT_REACHED, TOO_COSTLY, USER } from "./_explain.ts";
import { anyEnvironments, environments, FLAG_KEYS } from "./_generate.ts";

Deno.test("explain() agrees with evaluate(), and its steps alone lead to the evaluation", () => {
  fc.assert(
    fc.property(fc.oneof(environments, anyEnvironments), anyContexts, (raw, rawContext) => {
      // Through JSON, because generated objects may share parts and hold -0.
      const environment = compileEnvironment(parseData(JSON.parse(JSON.stringify(raw))));
      const context = parseContext(JSON.parse(JSON.stringify(rawContext)));
      for (const key of FLAG_KEYS) {
        const { variation, value, reason } = evaluate(createSession(environment, context), key)!;
        const trace = explain(createSession(environment, context), key)!;
        assertEquals(trace.evaluation, { variation, value, reason });
        assertEquals(deriveEvaluation(trace.steps), trace.evaluation);
        checkTrace(trace.steps);
        assertEquals(JSON.parse(JSON.stringify(trace)), trace);
      }
    }),
    { numRuns: runs(100) },
  );
});

Deno.test("explain() changes no later evaluation of the session, and says the same whatever was evaluated before", () => {
  fc.assert(
    fc.property(anyEnvironments, anyContexts, fc.shuffledSubarray(FLAG_KEYS), (raw, rawContext, keys) => {
      const environment = compileEnvironment(parseData(JSON.parse(JSON.stringify(raw))));
      const context = parseContext(JSON.parse(JSON.stringify(rawContext)));
      const [plain, explained] = [createSession(environment, context), createSession(environment, context)];
      for (const key of keys) {
        explain(explained, key);
        assertEquals(evaluate(explained, key), evaluate(plain, key));
      }
      for (const key of FLAG_KEYS) {
        const evaluation = evaluate(explained, key)!;
        assertEquals(evaluation, evaluate(plain, key));
        assertEquals(explain(explained, key), explain(createSession(environment, context), key));
      }
    }),
    { numRuns: runs(50) },
  );
});

Deno.test("explain() knows no flag that is not there", () => {
  assertEquals(explain(createSession(compile({}), parseContext(USER)), "flag"), undefined);
});

Deno.test("explain() says that a flag is off, and lists what was not reached", () => {
  const rule = { id: "r", clauses: [{ attribute: "plan", op: "in", values: ["pro"] }], variation: 1 };
  const flag = {
    on: false,
    prerequisites: [{ key: "other", variation: 1 }],
    targets: [{ variation: 1, values: ["u"] }],
    rules: [rule],
  };
  assertEquals(explainFlag({ flags: { flag, other: {} } }), {
    evaluation: { variation: 2, value: "c", reason: { kind: "OFF" } },
    steps: [
      { type: "on", verdict: "no", off: { variation: 2, value: "c" } },
      { type: "prerequisite", ...NOT_REACHED, key: "other", wanted: { variation: 1, value: "b" } },
      {
        type: "target",
        ...NOT_REACHED,
        contextKind: "user",
        variation: 1,
        value: "b",
        actual: "u",
        count: 1,
      },
      {
        type: "rule",
        ...NOT_REACHED,
        index: 0,
        id: "r",
        clauses: [{ ...NOT_REACHED, clause: rule.clauses[0], actual: "pro" }],
        served: { variation: 1, value: "b" },
      },
      { type: "fallthrough", ...NOT_REACHED, served: { variation: 0, value: "a" } },
    ],
  } as Trace);
});

Deno.test("explain() gives no value to a variation that the flag does not have", () => {
  const { evaluation, steps } = explainFlag({ flags: { flag: { on: false, offVariation: 7 } } });
  assertEquals(evaluation.reason, { kind: "ERROR", errorKind: "MALFORMED_FLAG" });
  assertEquals(steps[0], { type: "on", verdict: "no", off: { variation: 7 } });
});

Deno.test("explain() explains prerequisites, each flag once", () => {
  const flags = {
    flag: { prerequisites: [{ key: "first", variation: 0 }, { key: "second", variation: 1 }, { key: "x" }] },
    first: { prerequisites: [{ key: "second", variation: 0 }] },
    second: {},
  };
  const actual = { variation: 0, value: "a", reason: { kind: "FALLTHROUGH" } };
  const on = { type: "on", verdict: "yes", off: { variation: 2, value: "c" } };
  const fallthrough = { type: "fallthrough", verdict: "yes", served: { variation: 0, value: "a" } };
  const met = { type: "prerequisite", verdict: "yes", wanted: { variation: 0, value: "a" }, actual };
  const second = { ...met, key: "second", trace: { evaluation: actual, steps: [on, fallthrough] } };
  const { evaluation, steps } = explainFlag({ flags });
  assertEquals(evaluation.reason, { kind: "PREREQUISITE_FAILED", prerequisiteKey: "second" });
  assertEquals(
    steps,
    [
      on,
      { ...met, key: "first", trace: { evaluation: actual, steps: [on, second, fallthrough] } },
      { ...met, key: "second", verdict: "no", wanted: { variation: 1, value: "b" } },
      { type: "prerequisite", ...NOT_REACHED, key: "x", wanted: { variation: 0 } },
      { ...fallthrough, ...NOT_REACHED },
    ] as TraceStep[],
  );
});

// What other flags there are, and the verdict and problem of the prerequisite "a", variation 0.
const PREREQUISITES: [name: string, others: Record<string, Json>, judgement: Json, problem: string][] = [
  ["is missing", {}, { verdict: "no" }, "missing"],
  ["is off", { a: { on: false, offVariation: 0 } }, { verdict: "no" }, "off"],
  [
    "cannot be evaluated",
    { a: { rules: [{ clauses: [{ attribute: "", op: "in" }] }] } },
    MALFORMED,
    "error",
  ],
  ["is part of a cycle", { a: { prerequisites: [{ key: "flag" }] } }, MALFORMED, "error"],
  ["begins too long a chain", chain(MAX_NESTING), TOO_COSTLY, "too deep"],
];

/** Flags "a", "a1", "a2" and so on, each with the next one as prerequisite. */
function chain(length: number): Record<string, Json> {
  return Object.fromEntries(
    Array.from({ length }, (_, i) => [`a${i || ""}`, { prerequisites: [{ key: `a${i + 1}` }] }]),
  );
}

for (const [name, others, judgement, problem] of PREREQUISITES) {
  Deno.test(`explain() says that a prerequisite ${name}`, () => {
    const [step] = explainSteps({ prerequisites: [{ key: "a", variation: 0 }] }, USER, { flags: others });
    const { actual: _actual, trace: _trace, wanted: _wanted, ...rest } = step as unknown as Json;
    assertEquals(rest, { type: "prerequisite", key: "a", ...judgement, problem });
  });
}

Deno.test("explain() says where a cycle of prerequisites closes", () => {
  const [step] = explainSteps({ prerequisites: [{ key: "flag" }] });
  assertEquals(step, {
    type: "prerequisite",
    ...MALFORMED,
    key: "flag",
    wanted: { variation: 0, value: "a" },
    problem: "cycle",
  } as TraceStep);
});

Deno.test("explain() says which target lists the context's key of its kind, and counts the keys", () => {
  const targets = [{ variation: 1, values: ["x", "u"] }];
  const contextTargets = [
    { contextKind: "device", variation: 0, values: ["u"] },
    { contextKind: "org", variation: 0, values: ["u"] },
    { contextKind: "org", variation: 2, values: [] },
    { contextKind: "org", variation: 2, values: ["o", "x"] },
    { contextKind: "org", variation: 1, values: ["o"] },
    { variation: 1, values: [] },
  ];
  const steps = explainSteps({ targets, contextTargets }, MULTI);
  const a = { type: "target", verdict: "no", variation: 0, value: "a", count: 1 };
  assertEquals(
    steps,
    [
      { ...a, contextKind: "device", actual: null },
      { ...a, contextKind: "org", actual: "o" },
      { ...a, verdict: "yes", contextKind: "org", actual: "o", variation: 2, value: "c", count: 2 },
      { ...a, ...NOT_REACHED, contextKind: "org", actual: "o", variation: 1, value: "b" },
      { ...a, ...NOT_REACHED, contextKind: "user", actual: "u", variation: 1, value: "b", count: 2 },
    ] as TraceStep[],
  );
});

Deno.test("explain() goes on where a slice is over, and throws when the context takes too many steps", () => {
  const groups = Array.from({ length: 300 }, (_, i) => `CN=Group-${i},`.padEnd(120, "OU=Department "));
  const values = Array.from({ length: 100 }, (_, i) => `Group-${i}x`);
  const clauses = [{ attribute: "groups", op: "matches", values }];
  const environment = compile({ flags: { flag: { rules: [{ clauses, variation: 1 }] } } });
  const session = createSession(environment, parseContext({ ...USER, groups }));
  assertEquals(explain(session, "flag")!.steps.map(({ verdict }) => verdict), ["yes", "no", "yes"]);
  assertGreater(session.state.steps, SLICE_STEPS);
  const another = createSession(environment, parseContext({ ...USER, groups }));
  another.state.steps = MAX_CONTEXT_STEPS + 1;
  assertThrows(() => explain(another, "flag"), EvaluationLimitError);
});
