import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  describeClause,
  describeFlag,
  describeSegment,
  describeServed,
  formatValue,
  nameVariations,
} from "../../lib/inspection/mod.ts";
import {
  type Clause,
  type Flag,
  type JsonValue,
  parseFlag,
  parseSegment,
  type Rollout,
} from "../../lib/model/mod.ts";
import { anyEnvironments } from "../evaluation/_generate.ts";

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);

const CLAUSES: [clause: Clause, words: string][] = [
  [{ attribute: "country", op: "in", values: ["DE", "AT"] }, 'user.country is one of "DE", "AT"'],
  [{ attribute: "country", op: "in", values: ["DE"] }, 'user.country is "DE"'],
  [{ attribute: "country", op: "in", values: [] }, "user.country is one of no values"],
  [{ attribute: "country", op: "in", values: ["DE"], negate: true }, 'user.country is not "DE"'],
  [
    { attribute: "country", op: "in", values: ["DE", 3, true], negate: true },
    'user.country is not one of "DE", 3, true',
  ],
  [
    { attribute: "key", op: "in", values: KEYS },
    'user.key is one of "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9" (and 2 more)',
  ],
  [
    { attribute: "/load/percent", contextKind: "machine", op: "greaterThan", values: [90] },
    "machine.load.percent > 90",
  ],
  [
    { attribute: "/load", op: "lessThanOrEqual", values: [1, 2], negate: true },
    'user."/load" is not <= any of 1, 2',
  ],
  [{ attribute: "/a~1b/c d", contextKind: "org", op: "lessThan", values: [1] }, 'org."a/b"."c d" < 1'],
  [{ attribute: "n", op: "greaterThanOrEqual", values: [1] }, "user.n >= 1"],
  [{ attribute: "email", op: "endsWith", values: ["@a.de"] }, 'user.email ends with "@a.de"'],
  [
    { attribute: "email", op: "startsWith", values: ["a", "b"], negate: true },
    'user.email does not start with any of "a", "b"',
  ],
  [{ attribute: "email", op: "contains", values: ["a"] }, 'user.email contains "a"'],
  [{ attribute: "email", op: "matches", values: ["^a+$"] }, 'user.email matches pattern "^a+$"'],
  [
    { attribute: "email", op: "matches", values: ["a", "b"], negate: true },
    'user.email does not match any of the patterns "a", "b"',
  ],
  [
    { attribute: "since", op: "before", values: [1577836800000] },
    "user.since is before 1577836800000 (2020-01-01T00:00:00.000Z)",
  ],
  [
    { attribute: "since", op: "after", values: ["2020-01-01T00:00:00Z", 1e300] },
    'user.since is after one of "2020-01-01T00:00:00Z", 1e+300',
  ],
  [{ attribute: "app", op: "semVerEqual", values: ["2.0"] }, 'user.app is version "2.0"'],
  [
    { attribute: "app", op: "semVerLessThan", values: ["2", "3"] },
    'user.app is below one of the versions "2", "3"',
  ],
  [
    { attribute: "app", op: "semVerGreaterThan", values: ["2"], negate: true },
    'user.app is not above version "2"',
  ],
  [{ attribute: "app", op: "semVerEqual", values: [] }, "user.app is one of no versions"],
  [{ op: "segmentMatch", values: [], negate: true }, "context is not in one of no segments"],
  [{ op: "segmentMatch", values: ["beta"] }, 'context is in segment "beta"'],
  [
    { attribute: "", op: "segmentMatch", values: ["a", "b"], negate: true },
    'context is not in any of the segments "a", "b"',
  ],
  [
    { attribute: "kind", contextKind: "org", op: "in", values: ["user", "org"] },
    'context kind is one of "user", "org"',
  ],
  [{ attribute: "a", op: "like", values: ["x"] }, 'user.a meets unknown operator "like" with "x"'],
  [
    { attribute: "a", op: "toString", values: ["x"], negate: true },
    'user.a does not meet unknown operator "toString" with "x"',
  ],
  [{ attribute: "//", contextKind: "org", op: "in", values: [1] }, 'org."//" (malformed) is 1'],
  [{}, 'user."" (malformed) meets unknown operator "" with one of no values'],
];

Deno.test("describeClause() names attribute, operator and values", () => {
  for (const [clause, words] of CLAUSES) assertEquals(describeClause(clause), words);
});

Deno.test("formatValue() cuts long values and escapes what a terminal would act on", () => {
  assertEquals(formatValue("x".repeat(100)), `"${"x".repeat(58)}…`);
  assertEquals(formatValue({ a: [1, 2, 3] }, 6), '{"a":…');
  assertEquals(formatValue("\u001b[31m\u202e\n"), '"\\u001b[31m\\u202e\\n"');
});

/** What a rollout serves of a flag's variations. */
function rolloutWords(rollout: Rollout, variations: JsonValue[]): string {
  return describeServed({ rollout }, nameVariations(variations));
}

Deno.test("describeServed() gives percentages, the rest to the last variation, and what decides the bucket", () => {
  const weights = [{ variation: 0, weight: 33_333 }, { variation: 1, weight: 66_667 }];
  assertEquals(
    rolloutWords({ variations: weights }, ["on", "off"]),
    'SERVE 33.333% "on", 66.667% "off" by user.key',
  );
  assertEquals(
    rolloutWords({ variations: weights, contextKind: "org", bucketBy: "/a/b", seed: 61 }, [true, false]),
    "SERVE 33.333% true, 66.667% false by org.a.b with seed 61",
  );
  assertEquals(
    rolloutWords({
      kind: "experiment",
      bucketBy: "ignored",
      variations: [{ variation: 0, weight: 10_000 }, { variation: 1, weight: 80_000, untracked: true }],
    }, ["on", "off"]),
    'SERVE 10% "on", 80% "off" (untracked), 10% "off" (untracked) (the rest) by user.key (experiment)',
  );
  assertEquals(
    rolloutWords({ variations: [{ variation: 0, weight: 0 }, { variation: 4, weight: 100_000 }] }, ["on"]),
    "SERVE 100% variation 4 (missing) by user.key",
  );
  assertEquals(rolloutWords({}, []), "SERVE nothing (malformed)");
});

Deno.test("describeServed() gives the shares that are served where weights add up to more", () => {
  const weigh = (...weights: number[]) =>
    rolloutWords({ variations: weights.map((weight, variation) => ({ variation, weight })) }, [
      "a",
      "b",
      "c",
    ]);
  assertEquals(
    weigh(60_000, 60_000, 5000),
    'SERVE 60% "a", 40% "b" (of weights that add up to 125%) by user.key',
  );
  assertEquals(weigh(150_000, 0), 'SERVE 100% "a" (of weights that add up to 150%) by user.key');
  assertEquals(weigh(-10_000, 30_000), 'SERVE 20% "b", 80% "b" (the rest) by user.key');
});

Deno.test("describeServed() gives shares of which all add up to 100%, as the evaluator serves them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -50_000, max: 150_000 }), { minLength: 1, maxLength: 8 }),
      (weights) => {
        const variations = weights.map((weight, variation) => ({ variation, weight }));
        const words = rolloutWords(
          { variations },
          weights.map((_, i) => i),
        ).replace(/ \(of weights.*/, "");
        const shown = new Map<number, number>();
        for (const [, share, variation] of words.matchAll(/([\d.]+)% (\d+)/g)) {
          shown.set(Number(variation), (shown.get(Number(variation)) ?? 0) + Number(share));
        }
        let [sum, reached] = [0, 0];
        const served = weights.map((weight, i) => {
          sum += weight;
          const before = reached;
          reached = i === weights.length - 1 ? 100_000 : Math.max(before, Math.min(sum, 100_000));
          return reached - before;
        });
        for (const [i, share] of served.entries()) {
          assert(Math.abs((shown.get(i) ?? 0) - share / 1000) < 1e-6, `${words}: ${i} gets ${share}`);
        }
      },
    ),
  );
});

const FLAG = {
  key: "f",
  version: 1,
  on: true,
  variations: [true, false],
  offVariation: 1,
  fallthrough: { variation: 0 },
};

function wordsOf(parts: Record<string, unknown>, findFlag?: (key: string) => Flag | undefined): string[] {
  return describeFlag(parseFlag({ ...FLAG, ...parts }, "f"), findFlag);
}

Deno.test("describeFlag() says what is tried, in order, and who sees it", () => {
  assertEquals(
    wordsOf({
      on: false,
      prerequisites: [{ key: "other", variation: 1 }],
      targets: [{ variation: 0, values: KEYS }, { variation: 1, values: [] }],
      rules: [
        { clauses: [CLAUSES[0]![0], { op: "segmentMatch", values: ["beta"] }], variation: 1 },
        { rollout: { variations: [{ variation: 0, weight: 25_000 }, { variation: 1, weight: 75_000 }] } },
        { clauses: [], variation: 7 },
        { clauses: [] },
      ],
      clientSideAvailability: { usingMobileKey: true },
    }),
    [
      "OFF",
      'REQUIRES "other" = variation 1',
      'TARGET user "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9" (and 2 more) SERVE true',
      'IF user.country is one of "DE", "AT" AND context is in segment "beta" SERVE false',
      "ALWAYS SERVE 25% true, 75% false by user.key",
      "ALWAYS SERVE variation 7 (missing)",
      "ALWAYS SERVE nothing (malformed)",
      "ELSE SERVE true",
      "OFF SERVE false",
      "VARIATIONS true, false",
      "SEEN BY server SDKs, mobile SDKs",
    ],
  );
  assertEquals(wordsOf({ variations: [], offVariation: null, clientSide: true }).slice(-3), [
    "OFF SERVE null",
    "VARIATIONS none",
    "SEEN BY server SDKs, mobile SDKs, browsers",
  ]);
  assertEquals(wordsOf({ deleted: true }), ["DELETED"]);
});

Deno.test("describeFlag() gives the values of prerequisites that it can look up", () => {
  const other = parseFlag({ ...FLAG, variations: ["x", "y"] }, "f");
  const words = wordsOf(
    { prerequisites: [{ key: "f", variation: 1 }, { key: "gone", variation: 0 }] },
    (key) => key === "f" ? other : undefined,
  );
  assertEquals(words.slice(1, 3), ['REQUIRES "f" = "y"', 'REQUIRES "gone" = variation 0']);
});

Deno.test("describeFlag() lists targets in the order in which the evaluator tries them", () => {
  const words = wordsOf({
    targets: [{ variation: 0, values: ["ann"] }],
    contextTargets: [{ contextKind: "org", variation: 1, values: ["acme"] }, { variation: 0, values: [] }],
  });
  assertEquals(words.slice(1, 3), ['TARGET org "acme" SERVE false', 'TARGET user "ann" SERVE true']);
});

Deno.test("describeSegment() says who is in it, who is not, and by which rules", () => {
  function words(parts: Record<string, unknown>): string[] {
    return describeSegment(parseSegment({ key: "s", version: 1, ...parts }, "s"));
  }
  assertEquals(
    words({
      included: ["ann"],
      includedContexts: [{ contextKind: "org", values: ["acme"] }, { contextKind: "org", values: [] }],
      excluded: ["bob"],
      rules: [
        { clauses: [CLAUSES[1]![0]] },
        { clauses: [CLAUSES[1]![0]], weight: 12_500, rolloutContextKind: "org", bucketBy: "/a" },
      ],
    }),
    [
      'INCLUDE user "ann"',
      'INCLUDE org "acme"',
      'EXCLUDE user "bob"',
      'IF user.country is "DE" INCLUDE',
      'IF user.country is "DE" INCLUDE 12.5% by org.a',
    ],
  );
  assertEquals(words({}), ["EMPTY"]);
  assertEquals(words({ deleted: true }), ["DELETED"]);
  assertEquals(words({ unbounded: true, included: ["ann"] }), [
    "BIG SEGMENT of user: its members are not in the archive",
  ]);
});

Deno.test("describeFlag() and describeSegment() have one line for each thing, whatever stands in an archive", () => {
  fc.assert(fc.property(anyEnvironments, ({ flags, segments }) => {
    const lines = [
      ...Object.values(flags).flatMap((flag) => describeFlag(parseFlag(flag, flag.key as string))),
      ...Object.values(segments).flatMap((one) => describeSegment(parseSegment(one, one.key as string))),
    ];
    for (const line of lines) assert(!/[\p{Cc}\p{Cf}]|undefined|\[object/u.test(line), line);
  }));
});

Deno.test("formatValue() is the value's JSON where that is short and visible", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = formatValue(value as JsonValue, Infinity);
    assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});
