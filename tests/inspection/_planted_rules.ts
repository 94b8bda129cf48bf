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
  [
    "a clause without values",
    { flags: { f: ruleWith({ values: [] }) } },
    'warning flags.f.rules[0].clauses[0].values: "rules[0].clauses[0].values" has no values: the clause never matches',
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
    ["in", null, '"null", not anything but null, which equals nothing'],
    ["startsWith", 1, '"1", not a text'],
    ["greaterThan", "1", '"1", not a number'],
    ["before", "yesterday", '"yesterday", not a date (RFC 3339, or ms since 1970)'],
    ["semVerEqual", "1.x", '"1.x", not a semantic version'],
    ["segmentMatch", 7, `"7", not a segment's key`],
    ["matches", "(?=x)", '"(?=x)", not a regular expression as RE2 reads it'],
    ["matches", 1, '"1", not a regular expression as RE2 reads it'],
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
