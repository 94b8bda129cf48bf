import { clause, flagOf, type Planted, ruleWith, segmentRule } from "./_checked.ts";

/** Faults in rules and segments, and what old SDKs lack. */
export const RULE_FAULTS: readonly Planted[] = [
  // Rules
  [
    "rules behind one without clauses",
    { flags: { f: flagOf({ rules: [{ variation: 0 }, { clauses: [clause], variation: 1 }] }) } },
    'warning flags.f.rules[1]: "rules[1]" cannot be reached: "rules[0]" has no clauses and matches every context',
  ],
  [
    "several rules behind one without clauses",
    { segments: { s: { version: 1, rules: [{}, segmentRule, segmentRule, { weight: 1 }] } } },
    'warning segments.s.rules[1]: "rules[1]" cannot be reached: "rules[0]" has no clauses and matches every context, ' +
    "and neither can the rules behind it (2)",
  ],
  [
    "a last rule without clauses",
    { flags: { f: flagOf({ rules: [{ clauses: [], variation: 0 }] }) } },
    'warning flags.f.rules[0]: "rules[0]" has no clauses: it matches every context here and in Go, none in JavaScript',
  ],
  [
    "a rule with the clauses of an earlier one, in another order",
    {
      flags: {
        f: flagOf({
          rules: [
            { clauses: [clause, { attribute: "plan", op: "in", values: ["x", "y"] }], variation: 0 },
            { clauses: [{ attribute: "plan", op: "in", values: ["y", "x"] }, clause], variation: 1 },
          ],
        }),
      },
    },
    'warning flags.f.rules[1]: "rules[1]" cannot be reached: "rules[0]" has the same clauses',
  ],
  [
    "a rule that matches less than an earlier one",
    {
      flags: {
        f: flagOf({
          rules: [
            { clauses: [{ ...clause, values: ["DE", "AT"] }], variation: 0 },
            { clauses: [clause, { attribute: "plan", op: "in", values: ["x"] }], variation: 1 },
          ],
        }),
      },
    },
    'warning flags.f.rules[1]: "rules[1]" cannot be reached: every context that matches it matches "rules[0]" before',
  ],
  ...([
    [{ op: "startsWith", values: ["a", "b"] }, { op: "startsWith", values: ["ab"] }],
    [{ op: "endsWith", values: [".de"] }, { op: "in", values: ["x.de", "y.de"] }],
    [{ op: "contains", values: ["b"] }, { op: "endsWith", values: ["abc"] }],
    [{ op: "in", values: ["a"], negate: true }, { op: "in", values: ["a", "b"], negate: true }],
    [{ op: "lessThan", values: [10] }, { op: "lessThan", values: [5] }],
    [{ op: "lessThanOrEqual", values: [10] }, { op: "in", values: [10, 1] }],
    [{ op: "greaterThan", values: [18], negate: true }, {
      op: "greaterThanOrEqual",
      values: [18],
      negate: true,
    }],
    [{ op: "before", values: ["2024-01-01T00:00:00Z"] }, { op: "before", values: [1_600_000_000_000] }],
    [{ op: "semVerLessThan", values: ["2.0"] }, { op: "semVerEqual", values: ["1.9.9", "1.10.0"] }],
  ] as const).map(([wider, narrower]): Planted => [
    `a rule with ${JSON.stringify(narrower)} behind one with ${JSON.stringify(wider)}`,
    {
      flags: {
        f: flagOf({
          rules: [wider, narrower].map((test) => ({ variation: 0, clauses: [{ ...clause, ...test }] })),
        }),
      },
    },
    'warning flags.f.rules[1]: "rules[1]" cannot be reached: every context that matches it matches "rules[0]" before',
  ]),
  ...[
    [clause, { ...clause, values: ["AT", "DE"], negate: true }],
    [{ ...clause, op: "startsWith", values: ["D"], negate: true }, clause],
    [{ ...clause, attribute: "key", values: ["ann"] }, { ...clause, attribute: "key", values: ["bob"] }],
    [{ op: "segmentMatch", values: ["s"] }, { op: "segmentMatch", values: ["s"], negate: true }],
  ].map((clauses): Planted => [
    `a rule that asks for ${JSON.stringify(clauses)}`,
    { flags: { f: flagOf({ rules: [{ variation: 0, clauses }] }) }, segments: { s: { version: 1 } } },
    'warning flags.f.rules[0]: "rules[0]" cannot be reached: no context matches both "clauses[0]" and "clauses[1]"',
  ]),
  [
    "a rule for keys that have targets",
    {
      flags: {
        f: flagOf({
          targets: [{ variation: 0, values: ["ann", "bob"] }],
          rules: [{ variation: 1, clauses: [{ attribute: "key", op: "in", values: ["bob"] }] }],
        }),
      },
    },
    'warning flags.f.rules[0]: "rules[0]" cannot be reached: all keys of "clauses[0]" are in targets',
  ],
  [
    "a kind that no context can have",
    { flags: { f: ruleWith({ contextKind: "my org" }) } },
    'warning flags.f.rules[0].clauses[0].contextKind: "rules[0].clauses[0].contextKind" is "my org", ' +
    "which no context can have as its kind",
  ],
  [
    "a path without a kind",
    { flags: { f: ruleWith({ attribute: "/address/country" }) } },
    'warning flags.f.rules[0].clauses[0].attribute: "rules[0].clauses[0].attribute" is "/address/country", ' +
    'which is a plain name where there is no "contextKind"',
  ],
  [
    "values of a wrong type",
    { flags: { f: ruleWith({ op: "lessThan", values: ["1", "2", 3, "4"] }) } },
    'warning flags.f.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is "1", not a number: ' +
    "it never matches; likewise 2 more in the list",
  ],
  [
    "a clause without values",
    { flags: { f: ruleWith({ values: [] }) } },
    'warning flags.f.rules[0].clauses[0].values: "rules[0].clauses[0].values" has no values: the clause never matches',
  ],
  [
    "a negated clause without values",
    { flags: { f: ruleWith({ values: [], negate: true }) } },
    'warning flags.f.rules[0].clauses[0].values: "rules[0].clauses[0].values" has no values: ' +
    "the clause matches whatever has the attribute",
  ],
  [
    "a negated clause without segments",
    { flags: { f: ruleWith({ op: "segmentMatch", values: [], negate: true }) } },
    'warning flags.f.rules[0].clauses[0].values: "rules[0].clauses[0].values" has no values: the clause always matches',
  ],
  [
    "an operator that is none",
    { flags: { f: ruleWith({ op: "equals" }) } },
    'warning flags.f.rules[0].clauses[0].op: "rules[0].clauses[0].op" is "equals", which is no operator: the clause never matches',
  ],
  [
    "an operator that is missing, negated",
    { flags: { f: ruleWith({ op: null, negate: true }) } },
    'warning flags.f.rules[0].clauses[0].op: "rules[0].clauses[0].op" is missing: the clause matches whatever has the attribute',
  ],
  ...([
    ["in", null, "null, not a text, a number or a boolean"],
    ["startsWith", 1, "1, not a text"],
    ["greaterThan", "1", '"1", not a number'],
    ["before", "yesterday", '"yesterday", not a date (RFC 3339, or ms since 1970)'],
    ["semVerEqual", "1.x", '"1.x", not a semantic version'],
    ["segmentMatch", 7, "7, not a segment's key"],
    ["matches", "(?=x)", '"(?=x)", not a regular expression as RE2 reads it'],
    ["matches", 1, "1, not a regular expression as RE2 reads it"],
  ] as const).map(([op, value, is]): Planted => [
    `the value ${value} for ${op}`,
    { flags: { f: ruleWith({ op, values: [value] }) } },
    `warning flags.f.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is ${is}: it never matches`,
  ]),
  [
    "a pattern with many steps",
    { flags: { f: ruleWith({ op: "matches", values: ["DE", "(a{1,90}){1,10}"] }) } },
    'warning flags.f.rules[0].clauses[0].values[1]: "rules[0].clauses[0].values[1]" is an expensive pattern: ' +
    "texts of more than 642 characters make the flag an error",
  ],
  [
    "a pattern that can match in many ways",
    { flags: { f: ruleWith({ op: "matches", values: ["^(?:[a-z]+)*$"] }) } },
    'warning flags.f.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is an expensive pattern: ' +
    '"(?:[a-z]+)*" can match one text in many ways, and SDKs in most languages can take forever to try them',
  ],
  // Segments
  [
    "a key that is included and excluded",
    {
      segments: {
        s: {
          version: 1,
          included: ["ann"],
          excludedContexts: [{ contextKind: "user", values: ["bob", "ann"] }],
        },
      },
    },
    'warning segments.s.excludedContexts[0].values[1]: "excludedContexts[0].values[1]" is "ann", which is included too: ' +
    "it belongs to the segment",
  ],
  // SDKs
  [
    "a kind that old SDKs lack",
    {
      flags: { f: ruleWith({ contextKind: "org" }), g: ruleWith({ contextKind: "user", attribute: "/a/b" }) },
    },
    'info null: 2 flags use context kinds other than "user", or paths of attributes',
  ],
  [
    "a segment's kind that old SDKs lack",
    {
      flags: { f: flagOf() },
      segments: { s: { version: 1, includedContexts: [{ contextKind: "org", values: ["x"] }] } },
    },
    'info null: 1 segment uses context kinds other than "user", or paths of attributes',
  ],
  [
    "segments in segments, which old SDKs lack",
    {
      segments: {
        s: { version: 1, rules: [{ clauses: [{ op: "segmentMatch", values: ["t"] }] }] },
        t: { version: 1 },
      },
    },
    "info null: 1 segment uses segments in segments",
  ],
  [
    "an experiment",
    {
      flags: {
        f: flagOf({
          fallthrough: { rollout: { kind: "experiment", seed: 1, variations: [{ weight: 100_000 }] } },
        }),
      },
    },
    "info null: 1 flag uses experiments",
  ],
  [
    "a big segment",
    { segments: { s: { version: 1, unbounded: true, generation: 1 } } },
    "info null: 1 segment uses lists of members that are not in the archive (big segments)",
  ],
];
