import { assertEquals } from "@std/assert";
import {
  createSession,
  evaluate,
  evaluateAll,
  evaluateAllInSlices,
  formatEvaluation,
  isVisibleIn,
} from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import * as fc from "fast-check";
import { runs } from "../_nightly.ts";
import { compile, type Json } from "./_environment.ts";

const USER = { kind: "user", key: "u" };
const ALL = [{ variation: 0, weight: 100_000 }];

/** A rule for everyone. */
const EVERYONE = { clauses: [{ attribute: "key", op: "in", values: [""], negate: true }] };

function needs(...keys: string[]): Json {
  return { prerequisites: keys.map((key) => ({ key, variation: 0 })) };
}

const MANY: string[] = Array(20).fill("other");

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
    { rules: [{ ...EVERYONE, id: "r", rollout: { kind: "experiment", variations: ALL } }] },
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
    "more prerequisites than texts are kept of",
    needs(...MANY),
    `{"value":"a","variation":0,"version":1,"prerequisites":${JSON.stringify(MANY)}}`,
    `{"value":"a","variation":0,"version":1,"reason":{"kind":"FALLTHROUGH"},"prerequisites":${
      JSON.stringify(MANY)
    }}`,
  ],
  [
    "the last of many prerequisites, which is not met",
    { prerequisites: [...MANY.map((key) => ({ key, variation: 0 })), { key: "other", variation: 1 }] },
    `{"value":"c","variation":2,"version":1,"prerequisites":${JSON.stringify([...MANY, "other"])}}`,
    `{"value":"c","variation":2,"version":1,"reason":{"kind":"PREREQUISITE_FAILED","prerequisiteKey":"other"},"prerequisites":${
      JSON.stringify([...MANY, "other"])
    }}`,
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
  Deno.test(`formatEvaluation() and evaluateAll() write ${name}`, () => {
    const key = 'flag "é"';
    const data = { flags: { [key]: flag, other: {} }, segments: { big: { unbounded: true } } };
    const environment = compile(data);
    for (const [withReasons, expected] of [[false, text], [true, textWithReason]] as const) {
      const options = { audience: "server", withReasons } as const;
      const session = createSession(environment, parseContext(USER));
      assertEquals(formatEvaluation(evaluate(session, key)!, withReasons), expected);
      const other = formatEvaluation(evaluate(session, "other")!, withReasons);
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
    for (
      const [audience, sees] of [["environmentId", environmentId], ["mobile", mobile], [
        "server",
        true,
      ]] as const
    ) {
      const options = { audience, withReasons: false };
      const all = JSON.parse(evaluateAll(environment, parseContext(USER), options));
      assertEquals(Object.keys(all), sees ? ["a", "b"] : []);
      for (const key of ["a", "b"]) assertEquals(isVisibleIn(environment, key, audience), sees);
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

Deno.test("evaluateAllInSlices() puts the output together in steps, once for all who ask meanwhile", () => {
  const options = { audience: "server", withReasons: true } as const;
  const flags = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${100 + i}`, {}]));
  const environment = compile({ flags });
  const [one, two] = [1, 2].map(() => evaluateAllInSlices(environment, parseContext(USER), options)) as [
    ReturnType<typeof evaluateAllInSlices>,
    ReturnType<typeof evaluateAllInSlices>,
  ];
  let steps = 0;
  for (let [a, b] = [one.next(), two.next()]; !a.done || !b.done; [a, b] = [one.next(), two.next()]) {
    steps += Number(!a.done) + Number(!b.done);
  }
  assertEquals(steps, 100);
  assertEquals(
    Object.keys(JSON.parse(evaluateAll(environment, parseContext(USER), options))),
    Object.keys(flags),
  );
});

const SEED = Math.floor(Math.random() * 2 ** 31);

Deno.test(`evaluateAllInSlices() gives the same digest for the same text, on every replica, and for no other (seed ${SEED})`, () => {
  const flag = fc.record({
    on: fc.boolean(),
    version: fc.integer({ min: 1, max: 2 }),
    variations: fc.constantFrom(["a", "b"], ["b", "a"], ["a", "a"]),
    fallthrough: fc.record({ variation: fc.integer({ min: 0, max: 2 }) }),
    rules: fc.constantFrom([], [{ clauses: [{ attribute: "key", op: "in", values: ["u1"] }], variation: 1 }]),
    clientSide: fc.boolean(),
  });
  const evaluated = fc.record({
    flags: fc.dictionary(fc.constantFrom("f", "g", "h"), flag),
    key: fc.constantFrom("u1", "u2"),
    audience: fc.constantFrom("server", "environmentId", "mobile"),
    withReasons: fc.boolean(),
  });
  const digests = new Map<string, string>();
  const texts = new Map<string, string>();
  fc.assert(
    fc.property(evaluated, ({ flags, key, audience, withReasons }) => {
      const slices = evaluateAllInSlices(compile({ flags }), parseContext({ kind: "user", key }), {
        audience,
        withReasons,
      });
      let slice = slices.next();
      while (!slice.done) slice = slices.next();
      // The order of flags is that of the data, and says nothing.
      const text = JSON.stringify(Object.entries(JSON.parse(slice.value.text)).sort());
      const { digest } = slice.value;
      assertEquals([digests.get(text) ?? digest, texts.get(digest) ?? text], [digest, text]);
      digests.set(text, digest);
      texts.set(digest, text);
    }),
    { numRuns: runs(2_000), seed: SEED },
  );
});
