import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_NESTING } from "../../lib/evaluation/_depth.ts";
import { MAX_UNIT_STEPS } from "../../lib/evaluation/_match.ts";
import { compilePattern, countPatternSteps } from "../../lib/evaluation/_pattern.ts";
import { includesText } from "../../lib/evaluation/_search.ts";
import {
  type CompiledEnvironment,
  createSession,
  evaluate,
  evaluateAll,
  evaluateAllInSlices,
  EvaluationLimitError,
  type EvaluationsText,
} from "../../lib/evaluation/mod.ts";
import { getOutput } from "../../lib/evaluation/_linked.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { runs } from "../_nightly.ts";
import { compile, type Json } from "./_environment.ts";

const SERVER = { audience: "server", withReasons: true } as const;
const EXCEPTION = { kind: "ERROR", errorKind: "EXCEPTION" };
const FALLTHROUGH = { kind: "FALLTHROUGH" };
const MATCH = { kind: "RULE_MATCH", ruleIndex: 0 };

/** A flag whose one rule has one clause. */
function withClause(op: string, values: unknown[], rest: Json = {}): Json {
  return { rules: [{ clauses: [{ attribute: "x", op, values, ...rest }], variation: 1 }] };
}

function user(x: unknown): unknown {
  return { kind: "user", key: "u", x };
}

function reasonOf(environment: CompiledEnvironment, key: string, context: unknown): unknown {
  return evaluate(createSession(environment, parseContext(context)), key)!.reason;
}

function needs(...keys: string[]): Json {
  return { prerequisites: keys.map((key) => ({ key, variation: 0 })) };
}

/** Does all slices; gives the result and how many there were. */
function countSlices(environment: CompiledEnvironment, context: unknown): [EvaluationsText, number] {
  // Put together beforehand: that has steps of its own.
  getOutput(environment.linked, SERVER).forEach(() => {});
  const slices = evaluateAllInSlices(environment, parseContext(context), SERVER);
  for (let count = 1;; count++) {
    const { done, value } = slices.next();
    if (done) return [value, count];
  }
}

/** Names of directory groups, as many and as long as wanted. */
function groups(count: number, length: number): string[] {
  return Array.from({ length: count }, (_, i) => `CN=Group-${i},OU=`.padEnd(length, "Department "));
}

Deno.test("evaluateAll() evaluates 1,000 flags with a pattern each for 300 groups of 120 characters", () => {
  const flags = Object.fromEntries(
    Array.from(
      { length: 1_000 },
      (_, i) => [`f${i}`, withClause("matches", [`^CN=Group-${i},(?:OU|DC)=Dep`])],
    ),
  );
  const [{ text, exception }, slices] = countSlices(compile({ flags }), user(groups(300, 120)));
  assertEquals(exception, undefined);
  const results = JSON.parse(text);
  for (let i = 0; i < 1_000; i++) assertEquals(results[`f${i}`].variation, i < 300 ? 1 : 0);
  assertLess(100, slices);
});

Deno.test("evaluate() matches 20 patterns against 130 groups of 50 characters, negated or not, alone and in a `put`", () => {
  const flags = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [
      `f${i}`,
      withClause("matches", [`Group-${100 + i},.*(?:x|nt De)`], { negate: i % 2 === 1 }),
    ]),
  );
  const environment = compile({ flags });
  const context = user(groups(130, 50));
  const all = JSON.parse(evaluateAll(environment, parseContext(context), SERVER));
  for (const key of Object.keys(flags)) {
    assertEquals(all[key].reason, reasonOf(environment, key, context));
    assertEquals(all[key].variation, Number(key.slice(1)) % 2 === 0 ? 1 : 0);
  }
});

/** Texts at both sides of the limit, and what decides otherwise. */
const COSTLY: [name: string, flag: Json, x: unknown, reason: unknown][] = [
  [
    "a pattern over a text that takes too long",
    withClause("matches", ["^(a?){400}a{400}$"]),
    "a".repeat(1_000),
    EXCEPTION,
  ],
  [
    "the same, negated",
    withClause("matches", ["^(a?){400}a{400}$"], { negate: true }),
    "a".repeat(1_000),
    EXCEPTION,
  ],
  ["the same, over a shorter text", withClause("matches", ["^(a?){400}a{400}$"]), "a".repeat(450), MATCH],
  ["a match before it in an array", withClause("matches", ["^(a?){400}a{400}$"]), [
    "a".repeat(400),
    "a".repeat(1_000),
  ], MATCH],
  ["a match after it in an array", withClause("matches", ["^(a?){400}a{400}$"]), [
    "a".repeat(1_000),
    "a".repeat(400),
  ], EXCEPTION],
  [
    "a match of another value before it",
    withClause("matches", ["a", "(a?){900}$"]),
    "a".repeat(2_000),
    MATCH,
  ],
  [
    "a version that takes too long",
    withClause("semVerEqual", ["1"]),
    `1-${"a.".repeat(400_000)}b`,
    EXCEPTION,
  ],
  [
    "a plain text as pattern, however long",
    withClause("matches", ["ab".repeat(6_000)]),
    "ab".repeat(6_000),
    MATCH,
  ],
  [
    "an alternative of 10,000 characters",
    withClause("matches", [`^(?:${groups(400, 25).join("|")})$`]),
    groups(400, 25)[399],
    MATCH,
  ],
  [
    "a text in another one, however long",
    withClause("contains", [`${"a".repeat(50_000)}b`]),
    "a".repeat(900_000),
    FALLTHROUGH,
  ],
];

for (const [name, flag, x, reason] of COSTLY) {
  Deno.test(`evaluate() says ${JSON.stringify(reason)} for ${name}`, () => {
    assertEquals(reasonOf(compile({ flags: { flag } }), "flag", user(x)), reason);
  });
}

Deno.test("evaluate() hands EXCEPTION on through prerequisites and segments, never a value", () => {
  const costly = { attribute: "x", op: "matches", values: ["^(a?){400}a{400}$"] };
  const environment = compile({
    flags: {
      costly: { rules: [{ clauses: [costly], variation: 0 }] },
      dependent: needs("costly"),
      farther: needs("dependent"),
      asking: { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"], negate: true }], variation: 0 }] },
      other: {},
    },
    segments: {
      s: { rules: [{ clauses: [{ op: "segmentMatch", values: ["t"] }] }] },
      t: { rules: [{ clauses: [costly] }] },
    },
  });
  const context = user("a".repeat(5_000));
  const [{ text, exception }] = countSlices(environment, context);
  const results = JSON.parse(text);
  for (const key of ["costly", "dependent", "farther", "asking"]) {
    assertEquals(results[key], { value: null, variation: null, version: 1, reason: EXCEPTION });
    assertEquals(reasonOf(environment, key, context), EXCEPTION);
  }
  assertEquals(results.other.reason, FALLTHROUGH);
  assertEquals(exception, "asking");
});

Deno.test("evaluate() says the same of a flag whichever flags surround it and whatever was evaluated before", () => {
  const flag = withClause("matches", ["^(a?){300}a{300}$"]);
  const busy = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`busy${i}`, withClause("matches", [`(a?){${290 + i}}b`])]),
  );
  fc.assert(
    fc.property(fc.integer({ min: 600, max: 1_200 }), fc.boolean(), (length, before) => {
      const context = parseContext(user("a".repeat(length)));
      const alone = evaluate(createSession(compile({ flags: { flag } }), context), "flag");
      const session = createSession(compile({ flags: { flag, ...busy } }), context);
      if (before) { for (const key of Object.keys(busy)) evaluate(session, key); }
      assertEquals(evaluate(session, "flag")!.reason, alone!.reason);
      const size = compilePattern("^(a?){300}a{300}$")!;
      assertEquals(alone!.reason.kind === "ERROR", countPatternSteps(size, length) > MAX_UNIT_STEPS);
    }),
    { numRuns: runs(20) },
  );
});

Deno.test("evaluateAll() is cut into slices by long arrays, long lists of values and long texts alike", () => {
  const texts = Array.from({ length: 3_000 }, (_, i) => `${i}`.padEnd(95, "x"));
  const values = Array.from({ length: 10 }, (_, i) => `nothing${i}`);
  const cases: [Json, unknown][] = [
    [withClause("contains", values), texts],
    [withClause("startsWith", values), texts],
    [withClause("matches", values.map((value) => `^${value}.*$`)), texts],
    [withClause("before", [0]), texts],
    [withClause("semVerLessThan", ["0.0.1", "0.0.2"]), texts.map((text) => `1.0.0-${text}`)],
    [withClause("contains", texts.slice(0, 50)), "x".repeat(900_000)],
    [withClause("matches", ["^(?:[ab]*[ab])*c$"]), "ab".repeat(50_000)],
    [
      { fallthrough: { rollout: { bucketBy: "x", variations: [{ variation: 0, weight: 100_000 }] } } },
      "x".repeat(900_000),
    ],
  ];
  for (const [flag, x] of cases) {
    const [{ text }, slices] = countSlices(compile({ flags: { flag, other: flag } }), user(x));
    assertEquals(JSON.parse(text).flag.reason, FALLTHROUGH);
    assertLess(1, slices);
  }
});

Deno.test("evaluateAll() is cut into slices by many rollouts and weighted rules, unless the context's key is short", () => {
  const rollout = { variations: [{ variation: 0, weight: 100_000 }] };
  const rules = Array.from({ length: 1_000 }, () => ({ weight: 0 }));
  const environments = [
    compile({
      flags: Object.fromEntries(rules.map((_, i) => [`f${i}`, { fallthrough: { rollout } }])),
    }),
    compile({
      flags: { f0: { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 1 }] } },
      segments: { s: { rules } },
    }),
  ];
  for (const environment of environments) {
    for (const [length, isCut] of [[36, false], [1_000, true]] as const) {
      const [{ text }, slices] = countSlices(environment, { kind: "user", key: "k".repeat(length) });
      assertEquals(JSON.parse(text).f0.reason, FALLTHROUGH);
      assertEquals(slices > 1, isCut, `${length}`);
    }
  }
});

Deno.test("evaluateAllInSlices() ends although each rule of a segment fills a slice", () => {
  const rule = { weight: 0, bucketBy: "x" };
  const environment = compile({
    flags: { flag: { rules: [{ clauses: [{ op: "segmentMatch", values: ["s"] }], variation: 1 }] } },
    segments: { s: { rules: Array.from({ length: 30 }, () => rule) } },
  });
  const [{ text }] = countSlices(environment, user("x".repeat(900_000)));
  assertEquals(JSON.parse(text).flag.reason, FALLTHROUGH);
});

Deno.test("evaluateAll() refuses a context as a whole when it takes too many steps", () => {
  const patterns = Array.from({ length: 100 }, (_, i) => `^b{1000}${i}`);
  const environment = compile({ flags: { flag: withClause("matches", patterns), other: {} } });
  const context = parseContext(user(Array.from({ length: 9_000 }, () => "")));
  const error = assertThrows(() => evaluateAll(environment, context, SERVER), EvaluationLimitError);
  assert(!error.message.includes("other"));
  assertThrows(() => evaluate(createSession(environment, context), "flag"), EvaluationLimitError);
});

/** A chain of so many, each of which refers to the next; `f<i>` begins one that is `i` shorter. */
function makeChain(kind: string, length: number) {
  const indexes = Array.from({ length }, (_, i) => i);
  if (kind === "prerequisites") {
    return {
      flags: Object.fromEntries(indexes.map((i) => [`f${i}`, i + 1 < length ? needs(`f${i + 1}`) : {}])),
    };
  }
  const ask = (i: number) => [{ clauses: [{ op: "segmentMatch", values: [`s${i}`] }], variation: 0 }];
  return {
    flags: Object.fromEntries(indexes.map((i) => [`f${i}`, { rules: ask(i) }])),
    segments: Object.fromEntries(
      indexes.map((i) => [`s${i}`, i + 1 < length ? { rules: ask(i + 1) } : { included: ["u"] }]),
    ),
  };
}

for (const kind of ["prerequisites", "segments"]) {
  const found = kind === "prerequisites" ? FALLTHROUGH : MATCH;

  Deno.test(`evaluate() says the same of ${kind} nested around the limit, in any order of evaluation`, () => {
    const length = MAX_NESTING + 3;
    const environment = compile(makeChain(kind, length));
    const keys = [0, 1, 2, 3, 4, length - 202, length - 201, length - 200, length - 1].map((i) => `f${i}`);
    for (const order of [keys, keys.toReversed(), [keys[3]!, ...keys]]) {
      const session = createSession(environment, parseContext(user(1)));
      for (const key of order) {
        const isTooLong = length - Number(key.slice(1)) > MAX_NESTING;
        assertEquals([key, evaluate(session, key)!.reason], [key, isTooLong ? EXCEPTION : found]);
      }
    }
  });

  Deno.test(`evaluate() gives an error for ${kind} nested 20,000 deep instead of overflowing the stack`, () => {
    const environment = compile(makeChain(kind, 20_000));
    assertEquals(reasonOf(environment, "f0", user(1)), EXCEPTION);
    assertEquals(reasonOf(environment, `f${20_000 - 100}`, user(1)), found);
  });
}

Deno.test("evaluate() gets through the longest chain of flags with the longest chain of segments at its end", () => {
  const indexes = Array.from({ length: MAX_NESTING }, (_, i) => i);
  const ask = (i: number) => [{ clauses: [{ op: "segmentMatch", values: [`s${i}`] }], variation: 0 }];
  const environment = compile({
    flags: Object.fromEntries(
      indexes.map((i) => [`f${i}`, i + 1 < MAX_NESTING ? needs(`f${i + 1}`) : { rules: ask(0) }]),
    ),
    segments: Object.fromEntries(
      indexes.map((i) => [`s${i}`, i + 1 < MAX_NESTING ? { rules: ask(i + 1) } : { included: ["u"] }]),
    ),
  });
  assertEquals(reasonOf(environment, "f0", user(1)), FALLTHROUGH);
});

Deno.test("evaluate() says the same of a cycle as long as thousands, wherever it begins", () => {
  const length = 5_000;
  const flags = Object.fromEntries(
    Array.from({ length }, (_, i) => [`f${i}`, needs(`f${(i + 1) % length}`)]),
  );
  const environment = compile({ flags });
  for (const key of ["f0", "f2500", "f4999"]) {
    assertEquals(reasonOf(environment, key, user(1)), EXCEPTION);
  }
});

Deno.test("includesText() agrees with String.includes, at any length", () => {
  const text = fc.array(fc.constantFrom("a", "b", "é"), { maxLength: 12 }).map((units) => units.join(""));
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 1, max: 2_500 }), (start, part, end, times) => {
      const haystack = start.repeat(times) + part.repeat(times % 300) + end.repeat(times);
      const needle = part.repeat(times % 400) + end;
      assertEquals(includesText(haystack, needle), haystack.includes(needle));
    }),
    { numRuns: runs(100) },
  );
});
