import { clause, flagOf, type Json, type Planted, ruleWith, tombstone } from "./_checked.ts";

/** Flags each of which needs the next one. */
function chain(length: number): Json {
  return Object.fromEntries(Array.from({ length }, (_, i) => {
    const prerequisites = i + 1 < length ? [{ key: `f${i + 1}`, variation: 1 }] : [];
    return [`f${i}`, flagOf({ prerequisites })];
  }));
}

/** Faults in flags and their references. */
export const FLAG_FAULTS: readonly Planted[] = [
  // Variations
  [
    "a fallthrough to no variation",
    { flags: { f: flagOf({ fallthrough: { variation: 2 } }) } },
    'error flags.f.fallthrough.variation: "fallthrough.variation" is 2, the flag has 2 variations',
  ],
  [
    "a fallthrough to nothing",
    { flags: { f: flagOf({ fallthrough: {} }) } },
    'error flags.f.fallthrough: "fallthrough" has neither a variation nor a rollout',
  ],
  [
    "an empty rollout",
    { flags: { f: flagOf({ fallthrough: { rollout: { variations: [] } } }) } },
    'error flags.f.fallthrough.rollout: "fallthrough.rollout" has no variations',
  ],
  [
    "a rule that serves no variation, with the clauses of an earlier one",
    {
      flags: {
        f: flagOf({ rules: [{ clauses: [clause], variation: 0 }, { clauses: [clause], variation: 9 }] }),
      },
    },
    'error flags.f.rules[1].variation: "rules[1].variation" is 9, the flag has 2 variations',
  ],
  [
    "an off variation that is not served now",
    { flags: { f: flagOf({ offVariation: -1 }) } },
    'warning flags.f.offVariation: "offVariation" is -1, the flag has 2 variations; nobody comes to it as the flag is now',
  ],
  [
    "a target of a flag that is off",
    { flags: { f: flagOf({ on: false, targets: [{ variation: 2, values: ["ann"] }] }) } },
    'warning flags.f.targets[0].variation: "targets[0].variation" is 2, the flag has 2 variations; ' +
    "nobody comes to it as the flag is now",
  ],
  [
    "no variations",
    {
      flags: {
        f: flagOf({ variations: [], targets: [{ variation: 1, values: ["ann"] }] }),
        g: flagOf({ prerequisites: [{ key: "f", variation: 1 }] }),
      },
    },
    'error flags.f.variations: "variations" is empty, but "targets[0].variation" is 1',
  ],
  [
    "no variations of a flag that is off",
    { flags: { f: flagOf({ on: false, offVariation: null, variations: null }) } },
    'warning flags.f.variations: "variations" is missing, but "fallthrough.variation" is 1; ' +
    "nobody comes to it as the flag is now",
  ],
  [
    "a variation that is missing, in several places",
    {
      flags: {
        f: flagOf({
          offVariation: 2,
          fallthrough: {
            rollout: { variations: [{ variation: 0, weight: 50_000 }, { variation: 2, weight: 50_000 }] },
          },
        }),
        g: flagOf({ prerequisites: [{ key: "f", variation: 2 }] }),
      },
    },
    'error flags.f.fallthrough.rollout.variations[1].variation: "fallthrough.rollout.variations[1].variation" is 2, ' +
    "the flag has 2 variations; likewise 1 more in the flag",
  ],
  [
    "an empty bucket to no variation",
    {
      flags: {
        f: flagOf({
          fallthrough: {
            rollout: { variations: [{ variation: 2, weight: 0 }, { variation: 0, weight: 100_000 }] },
          },
        }),
      },
    },
    'warning flags.f.fallthrough.rollout.variations[0].variation: "fallthrough.rollout.variations[0].variation" is 2, ' +
    "the flag has 2 variations; nobody comes to it as the flag is now",
  ],
  [
    "a user target to no variation, which nothing stands for",
    {
      flags: {
        f: flagOf({
          targets: [{ variation: 2, values: ["ann"] }],
          contextTargets: [{ contextKind: "user", variation: 1, values: [] }],
        }),
      },
    },
    'error flags.f.targets[0].variation: "targets[0].variation" is 2, the flag has 2 variations; ' +
    "nobody comes to it as the flag is now",
  ],
  [
    "an empty rollout of a flag that is off",
    { flags: { f: flagOf({ on: false, fallthrough: { rollout: {} } }) } },
    'warning flags.f.fallthrough.rollout: "fallthrough.rollout" has no variations; nobody comes to it as the flag is now',
  ],
  [
    "a rollout beside a variation",
    {
      flags: {
        f: flagOf({
          fallthrough: { variation: 0, rollout: { variations: [{ variation: 1, weight: 100_000 }] } },
        }),
      },
    },
    'warning flags.f.fallthrough.rollout: "fallthrough.rollout" counts for nobody, since there is "fallthrough.variation"',
  ],
  [
    "a kind of rollout that is none",
    {
      flags: {
        f: flagOf({
          fallthrough: { rollout: { kind: "percent", variations: [{ variation: 1, weight: 100_000 }] } },
        }),
      },
    },
    'warning flags.f.fallthrough.rollout.kind: "fallthrough.rollout.kind" is "percent", neither "rollout" nor ' +
    '"experiment": it counts as "rollout"',
  ],
  [
    "an attribute reference that is none",
    { flags: { f: ruleWith({ contextKind: "user", attribute: "/a//b" }) } },
    'error flags.f.rules[0].clauses[0].attribute: "rules[0].clauses[0].attribute" is "/a//b", not an attribute reference',
  ],
  [
    "a clause without an attribute in a segment",
    { segments: { s: { version: 1, rules: [{ clauses: [{ op: "in", values: [1] }] }] } } },
    'error segments.s.rules[0].clauses[0].attribute: "rules[0].clauses[0].attribute" is missing',
  ],
  // References
  [
    "a prerequisite that is not there",
    { flags: { f: flagOf({ prerequisites: [{ key: "none", variation: 0 }] }) } },
    'error flags.f.prerequisites[0].key: "prerequisites[0].key" is "none", but there is no such flag: ' +
    "the flag always serves its off variation",
  ],
  [
    "a prerequisite that is not there, of a flag that is off",
    { flags: { f: flagOf({ on: false, prerequisites: [{ key: "none", variation: 0 }] }) } },
    'warning flags.f.prerequisites[0].key: "prerequisites[0].key" is "none", but there is no such flag: ' +
    "the flag always serves its off variation",
  ],
  [
    "a prerequisite that is deleted",
    { flags: { f: flagOf({ prerequisites: [{ key: "g", variation: 0 }] }), g: tombstone } },
    'error flags.f.prerequisites[0].key: "prerequisites[0].key" is "g", which is deleted: ' +
    "the flag always serves its off variation",
  ],
  [
    "a prerequisite whose variation is not there",
    { flags: { f: flagOf({ prerequisites: [{ key: "g", variation: 2 }] }), g: flagOf() } },
    'error flags.f.prerequisites[0].variation: "prerequisites[0].variation" is 2, but flag "g" has 2 variations: ' +
    "the flag always serves its off variation",
  ],
  [
    "a segment that is not there",
    {
      flags: { f: ruleWith({ attribute: "", op: "segmentMatch", values: ["s", "none"] }) },
      segments: { s: { version: 1 } },
    },
    'error flags.f.rules[0].clauses[0].values[1]: "rules[0].clauses[0].values[1]" is "none", ' +
    "but there is no such segment: nobody belongs to it",
  ],
  [
    "a segment that is not there, in several places",
    {
      flags: {
        f: { ...ruleWith({ op: "segmentMatch", values: ["none"] }), on: false },
        g: ruleWith({ op: "segmentMatch", values: ["none"] }),
      },
      segments: { s: { version: 1, rules: [{ clauses: [{ op: "segmentMatch", values: ["none"] }] }] } },
    },
    'error flags.g.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is "none", ' +
    'but there is no such segment: nobody belongs to it; likewise in flag "f" and 1 other place',
  ],
  [
    "a prerequisite without a key",
    { flags: { f: flagOf({ prerequisites: [{ variation: 0 }] }) } },
    'error flags.f.prerequisites[0].key: "prerequisites[0].key" is empty: the flag always serves its off variation',
  ],
  [
    "a segment that is not there, in a segment",
    { segments: { s: { version: 1, rules: [{ clauses: [{ op: "segmentMatch", values: ["none"] }] }] } } },
    'error segments.s.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is "none", ' +
    "but there is no such segment: nobody belongs to it",
  ],
  [
    "a cycle of prerequisites, and a flag that leads into it",
    {
      flags: {
        a: flagOf({ prerequisites: [{ key: "b", variation: 1 }] }),
        b: flagOf({ prerequisites: [{ key: "d", variation: 1 }] }),
        c: flagOf({ prerequisites: [{ key: "b", variation: 1 }] }),
        d: flagOf({ prerequisites: [{ key: "c", variation: 1 }] }),
      },
    },
    'error flags.b.prerequisites[0].key: "prerequisites[0].key" is in a cycle of prerequisites ("b" → "d" → "c" → "b"): ' +
    "contexts that come to it get an error",
  ],
  [
    "a flag that is its own prerequisite, but off",
    { flags: { f: flagOf({ on: false, prerequisites: [{ key: "f", variation: 1 }] }) } },
    'warning flags.f.prerequisites[0].key: "prerequisites[0].key" is in a cycle of prerequisites ("f" → "f"): ' +
    "it counts once all of them are on",
  ],
  [
    "a cycle of segments",
    {
      segments: {
        a: { version: 1, rules: [{ clauses: [{ op: "segmentMatch", values: ["b"] }] }] },
        b: { version: 1, rules: [{ clauses: [{ op: "segmentMatch", values: ["a"] }] }] },
      },
    },
    'error segments.a.rules[0].clauses[0].values[0]: "rules[0].clauses[0].values[0]" is in a cycle of segments in segments ' +
    '("a" → "b" → "a"): contexts that come to it get an error',
  ],
  [
    "a chain that is too long",
    { flags: chain(402) },
    "warning flags.f0: The flag begins a chain of 402 prerequisites, more than 400: 2 flags can give an error",
  ],
  [
    "a prerequisite that is there twice",
    {
      flags: {
        f: flagOf({ prerequisites: [{ key: "g", variation: 0 }, { key: "g", variation: 0 }] }),
        g: flagOf(),
      },
    },
    'warning flags.f.prerequisites[1].key: "prerequisites[1].key" is "g", as "prerequisites[0].key" is',
  ],
  [
    "a prerequisite that wants two variations",
    {
      flags: {
        f: flagOf({ prerequisites: [{ key: "g", variation: 0 }, { key: "g", variation: 1 }] }),
        g: flagOf(),
      },
    },
    'error flags.f.prerequisites[1].variation: "prerequisites[1].variation" is 1, but "prerequisites[0]" wants 0 ' +
    "of the same flag: the flag always serves its off variation",
  ],
  [
    "a target that is there twice",
    {
      flags: {
        f: flagOf({ targets: [{ variation: 0, values: ["ann"] }, { variation: 1, values: ["bob", "ann"] }] }),
      },
    },
    'warning flags.f.targets[1].values[1]: "targets[1].values[1]" is "ann", which "targets[0]" lists already: that one counts',
  ],
  [
    "a user target that nobody tries",
    {
      flags: {
        f: flagOf({
          targets: [{ variation: 1, values: ["ann"] }],
          contextTargets: [{ contextKind: "org", variation: 0, values: ["acme"] }],
        }),
      },
    },
    'warning flags.f.targets[0]: "targets[0]" counts for nobody: "contextTargets" has no empty target of kind "user" and ' +
    "variation 1 in its place",
  ],
  // Weights
  [
    "weights that add up to less",
    {
      flags: { f: flagOf({ fallthrough: { rollout: { variations: [{ variation: 0, weight: 99_999 }] } } }) },
    },
    'warning flags.f.fallthrough.rollout.variations: "fallthrough.rollout.variations" has weights that add up to 99999, ' +
    "not 100000 (thousandths of a percent): the last variation gets the rest too",
  ],
  [
    "weights that add up to more",
    {
      flags: {
        f: flagOf({
          rules: [{
            clauses: [clause],
            rollout: { variations: [{ variation: 0, weight: 60_000 }, { variation: 1, weight: 60_000 }] },
          }],
        }),
      },
    },
    'warning flags.f.rules[0].rollout.variations: "rules[0].rollout.variations" has weights that add up to 120000, ' +
    "not 100000 (thousandths of a percent): what is past that is never served",
  ],
  [
    "a negative weight",
    {
      flags: {
        f: flagOf({
          fallthrough: {
            rollout: { variations: [{ variation: 0, weight: 150_000 }, { variation: 1, weight: -50_000 }] },
          },
        }),
      },
    },
    'warning flags.f.fallthrough.rollout.variations[1].weight: "fallthrough.rollout.variations[1].weight" is -50000: ' +
    "a weight is 0 to 100000",
  ],
  [
    "a segment's weight that is too large",
    { segments: { s: { version: 1, rules: [{ clauses: [clause], weight: 100_001 }] } } },
    'warning segments.s.rules[0].weight: "rules[0].weight" is 100001: a weight is 0 to 100000',
  ],
];
