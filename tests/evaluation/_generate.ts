import fc from "fast-check";

/**
 * Random environments and contexts for the comparison with the JavaScript SDK. Names and values come from small pools,
 * so that clauses match often enough.
 *
 * Where Go and JavaScript differ, nothing is generated; each difference has a test of its own in `differences_test.ts`:
 * rules without `clauses`, seed 0, weights of missing kinds, big segments without a generation, user targets with values
 * in `contextTargets`, references that JavaScript reads differently, dates and versions that only one of them accepts,
 * clauses after a malformed one, prerequisites after a cycle, empty strings for kinds, and fields that JavaScript
 * requires.
 */
export interface GeneratedEnvironment {
  flags: Record<string, Json>;
  segments: Record<string, Json>;
}

type Json = Record<string, unknown>;

const FLAGS = 20;
const SEGMENTS = 6;

const KINDS = ["user", "org", "device"];
const KEYS = ["a", "b", "c", "key-1", "日本", "é"];
const STRINGS = ["", "a", "b", "abc", "ABC", "a.c", "日本語", "user@example.com", "/x", "100"];
const NUMBERS = [0, -0, 1, -1, 1.5, 99, 100, 1e15, 1577836800000, 1577836800001];
const DATES = [
  "2020-01-01T00:00:00Z",
  "2020-01-01T00:00:00.001Z",
  "2019-12-31T19:00:00-05:00",
  "2020-01-01T05:30:00.5+05:30",
  "2020-02-30T00:00:00Z",
  "2020-13-01T00:00:00Z",
  "2020-01-01",
  "0001-01-01T00:00:00Z",
];
const VERSIONS = [
  "1",
  "1.0",
  "1.0.0",
  "2-rc",
  "2.0.0-rc.1",
  "2.0.0-rc.2",
  "2.0.0-rc.10",
  "2.0.0-rc",
  "2.0.0-1",
  "2.0.0+build",
  "2",
  "10.2.3",
  "02.0.0",
  "v2.0.0",
  "2.0.0.0",
  "2.",
  "1.0.0-01",
  "1.0.0-0a",
  "9007199254740992.0.0",
];
const PATTERNS = ["a", "^a", "c$", "^a.c$", "[", "(a+)+$", "^\\d+$", "日", "@example\\.com$", "^(?:a|b)c?$", ""];
const NAMES = ["s", "n", "when", "ver", "list", "deep", "/x", "name"];
const REFERENCES = ["key", "name", "anonymous", "kind", "s", "n", "when", "ver", "list", "missing"];
const PATHS = ["/s", "/deep/s", "/deep/n", "/deep/in/s", "/deep/a~1b", "/x~0y", "/list/0", "/key", "/s/length"];
const MALFORMED_PATHS = ["", "/", "//", "/a//b", "/a~2", "/a~"];
const OPERATORS = [
  "in",
  "endsWith",
  "startsWith",
  "matches",
  "contains",
  "lessThan",
  "lessThanOrEqual",
  "greaterThan",
  "greaterThanOrEqual",
  "before",
  "after",
  "semVerEqual",
  "semVerLessThan",
  "semVerGreaterThan",
  "unknownOperator",
  "",
];

const scalar = fc.oneof(
  fc.constantFrom<unknown>(...STRINGS, ...NUMBERS),
  fc.constantFrom<unknown>(...DATES, ...VERSIONS),
  fc.constantFrom<unknown>(true, false, ...KINDS, ...KEYS),
);
const value = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, [], { s: "a" }, ["a"]) },
);
const kind = fc.constantFrom(...KINDS);
const key = fc.constantFrom(...KEYS);
const weights = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 4 });

/** Where faults may stand: JavaScript forgets a fault in a clause when another clause follows. */
interface Shape {
  faulty: boolean;
}

/** An object whose fields may each be left out. */
function partial<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

/** Attribute references with the kind they are for, if any; plain names that hold a slash only without one. */
function reference(name: "attribute" | "bucketBy", { faulty }: Shape): fc.Arbitrary<Json> {
  const plain = fc.constantFrom(...REFERENCES, "/x", "//", "/a~2").map((text) => ({ [name]: text }));
  const path = fc.record({ [name]: fc.constantFrom(...REFERENCES, ...PATHS), contextKind: kind });
  const malformed = fc.record({ [name]: fc.constantFrom(...MALFORMED_PATHS), contextKind: kind });
  return faulty ? fc.oneof({ weight: 10, arbitrary: plain }, { weight: 10, arbitrary: path }, malformed) : fc.oneof(plain, path);
}

function clause(op: string, shape: Shape): fc.Arbitrary<Json> {
  const values = op === "matches"
    ? fc.constantFrom<unknown>(...PATTERNS, 1)
    : op.startsWith("semVer")
    ? fc.constantFrom<unknown>(...VERSIONS, 2)
    : op === "before" || op === "after"
    ? fc.constantFrom<unknown>(...DATES, ...NUMBERS, "x", true)
    : value;
  return fc.tuple(
    reference("attribute", shape),
    fc.record({ op: fc.constant(op), values: fc.array(values, { maxLength: 4 }), negate: fc.boolean() }),
  ).map(([attribute, rest]) => ({ ...attribute, ...rest }));
}

function segmentClause(keys: string[]): fc.Arbitrary<Json> {
  return fc.record({
    attribute: fc.constantFrom("", "s"),
    op: fc.constant("segmentMatch"),
    values: fc.array(fc.constantFrom<unknown>(...keys, "no-such-segment", "s-deleted", 3), { maxLength: 3 }),
    negate: fc.boolean(),
  });
}

/** Clauses of one rule. In a faulty environment those that can be at fault come last. */
function clauses(segments: string[], shape: Shape): fc.Arbitrary<Json[]> {
  const sound = fc.constantFrom(...OPERATORS).chain((op) => clause(op, { faulty: false }));
  const risky = fc.oneof(segmentClause(segments), fc.constantFrom(...OPERATORS).chain((op) => clause(op, shape)));
  if (!shape.faulty) return fc.array(fc.oneof({ weight: 3, arbitrary: sound }, risky), { maxLength: 3 });
  return fc.tuple(fc.array(sound, { maxLength: 2 }), fc.array(risky, { maxLength: 1 })).map((parts) => parts.flat());
}

function rollout(variations: number, shape: Shape): fc.Arbitrary<Json> {
  return fc.tuple(
    fc.record({
      kind: fc.constantFrom("rollout", "experiment"),
      variations: weights.chain((list) =>
        fc.tuple(...list.map((weight) =>
          fc.record({
            variation: fc.integer({ min: 0, max: variations }),
            weight: fc.constant(weight),
            untracked: fc.boolean(),
          })
        ))
      ),
    }),
    partial({ seed: fc.constantFrom(1, 61, -3) }),
    fc.oneof(fc.constant({}), partial({ contextKind: kind }), bucketReference(shape)),
  ).map((parts) => Object.assign({}, ...parts));
}

/** Not by kind: there JavaScript hashes nothing and Go the kind's name. */
function bucketReference(shape: Shape): fc.Arbitrary<Json> {
  return reference("bucketBy", shape).filter(({ bucketBy }) => bucketBy !== "kind");
}

function served(variations: number, shape: Shape): fc.Arbitrary<Json> {
  // An index past the end is a malformed flag; so are an empty rollout and neither of the two.
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ variation: fc.integer({ min: 0, max: variations - 1 }) }) },
    { weight: 5, arbitrary: fc.record({ rollout: rollout(variations - 1, shape) }) },
    fc.record({ rollout: rollout(variations, shape) }),
    fc.constantFrom<Json>({ variation: variations }, { variation: -1 }, {}, { rollout: { variations: [] } }),
  );
}

function segment(index: number, shape: Shape): fc.Arbitrary<Json> {
  const others = Array.from({ length: shape.faulty ? SEGMENTS : index }, (_, i) => `s${i}`);
  const lists = fc.array(fc.record({ contextKind: kind, values: fc.array(key, { maxLength: 2 }) }), { maxLength: 2 });
  const rule = (referable: string[]) =>
    fc.tuple(clauses(referable, shape), weightOf(shape)).map(([list, weight]) => {
      if (weight.weight === undefined) return { clauses: list };
      // The rule must ask for the kind it buckets: JavaScript gives a context without it bucket 0.
      const asks = { contextKind: weight.rolloutContextKind ?? "user", attribute: "key", op: "in", values: [], negate: true };
      return { clauses: [asks, ...list], ...weight };
    });
  const fields = {
    key: fc.constant(`s${index}`),
    version: fc.integer({ min: 1, max: 9 }),
    salt: fc.constantFrom("", "salt", "ß"),
  };
  const plain = fc.tuple(
    fc.record({ ...fields, rules: fc.array(rule(others), { maxLength: 2 }) }),
    partial({ included: fc.array(key, { maxLength: 2 }), excluded: fc.array(key, { maxLength: 2 }), includedContexts: lists, excludedContexts: lists }),
  ).map(([first, second]) => ({ ...first, ...second }));
  const big = fc.record({
    ...fields,
    unbounded: fc.constant(true),
    generation: fc.integer({ min: 1, max: 3 }),
    unboundedContextKind: kind,
    included: fc.array(key, { maxLength: 2 }),
    rules: fc.array(rule(["no-such-segment"]), { maxLength: 2 }),
  });
  return fc.oneof({ weight: 5, arbitrary: plain }, big);
}

function weightOf(shape: Shape): fc.Arbitrary<Json> {
  return fc.oneof(
    fc.constant({}),
    fc.tuple(
      fc.record({ weight: fc.integer({ min: 0, max: 100_000 }) }),
      fc.oneof(
        fc.constant({}),
        bucketReference(shape).map(({ bucketBy, contextKind }) =>
          contextKind === undefined ? { bucketBy } : { bucketBy, rolloutContextKind: contextKind }
        ),
      ),
    ).map(([weight, by]) => ({ ...weight, ...by })),
  );
}

/** Prerequisites: earlier flags, or in a cyclic environment any one flag (JavaScript does not stop at a cycle if more follow). */
function prerequisites(index: number, cyclic: boolean): fc.Arbitrary<Json[]> {
  const keys = Array.from({ length: cyclic ? FLAGS : index }, (_, i) => `f${i}`);
  const one = fc.record({
    key: fc.constantFrom(...keys, ...keys, "no-such-flag", "f-deleted"),
    variation: fc.integer({ min: 0, max: 2 }),
  });
  return fc.oneof({ weight: 2, arbitrary: fc.constant<Json[]>([]) }, fc.array(one, { maxLength: cyclic ? 1 : 3 }));
}

function flag(index: number, shape: Shape & { cyclic: boolean }): fc.Arbitrary<Json> {
  const segments = Array.from({ length: SEGMENTS }, (_, i) => `s${i}`);
  const targetValues = fc.array(key, { maxLength: 3 });
  return fc.integer({ min: 1, max: 4 }).chain((count) => {
    const variation = fc.integer({ min: 0, max: count });
    const contextTarget = fc.oneof(
      fc.record({ variation, values: fc.constant([]) }),
      fc.record({ contextKind: fc.constant("user"), variation, values: fc.constant([]) }),
      fc.record({ contextKind: fc.constantFrom("org", "device"), variation, values: targetValues }),
    );
    return fc.tuple(
      fc.record({
        key: fc.constant(`f${index}`),
        version: fc.integer({ min: 1, max: 99 }),
        on: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
        salt: fc.constantFrom("", "salt", "0123456789abcdef0123456789abcdef", "x".repeat(80)),
        variations: fc.array(fc.oneof(value, fc.jsonValue({ maxDepth: 2 })), { minLength: count, maxLength: count }),
        prerequisites: prerequisites(index, shape.cyclic),
        targets: fc.array(fc.record({ variation, values: targetValues }), { maxLength: 2 }),
        contextTargets: fc.oneof(fc.constant([]), fc.array(contextTarget, { maxLength: 3 })),
        rules: fc.array(
          fc.tuple(
            fc.record({ clauses: clauses(segments, shape) }),
            served(count, shape),
            partial({ id: fc.constantFrom("r1", "rule-2"), trackEvents: fc.boolean() }),
          ).map((parts) => Object.assign({}, ...parts)),
          { maxLength: 3 },
        ),
      }),
      partial({
        fallthrough: served(count, shape),
        offVariation: fc.option(variation),
        trackEvents: fc.boolean(),
        trackEventsFallthrough: fc.boolean(),
        debugEventsUntilDate: fc.integer({ min: 1, max: 2e12 }),
      }),
    ).map(([first, second]) => ({ ...first, ...second }));
  });
}

/** Environments of 20 flags and 6 segments, and a deleted one of each. */
export const environments: fc.Arbitrary<GeneratedEnvironment> = fc
  .record({ faulty: fc.boolean(), cyclic: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) })
  .chain((shape) =>
    fc.tuple(
      fc.tuple(...Array.from({ length: FLAGS }, (_, i) => flag(i, shape))),
      fc.tuple(...Array.from({ length: SEGMENTS }, (_, i) => segment(i, shape))),
    )
  )
  .map(([flags, segments]) => ({
    flags: byKey([...flags, { key: "f-deleted", version: 2, deleted: true }]),
    segments: byKey([...segments, { key: "s-deleted", version: 2, deleted: true }]),
  }));

function byKey(items: Json[]): Record<string, Json> {
  return Object.fromEntries(items.map((item) => [item.key as string, item]));
}

const attributes = fc.tuple(
  fc.record({ key }),
  partial({
    name: fc.constantFrom("a", "abc", "é"),
    anonymous: fc.boolean(),
  }),
  fc.dictionary(
    fc.constantFrom(...NAMES.filter((name) => name !== "name")),
    fc.oneof({ weight: 4, arbitrary: value }, fc.array(value, { maxLength: 4 }), deep()),
    { maxKeys: 6 },
  ),
).map((parts) => Object.assign({}, ...parts) as Json);

function deep(): fc.Arbitrary<Json> {
  return partial({ "s": value, "n": value, "a/b": value, "in": fc.record({ s: value }) }) as fc.Arbitrary<Json>;
}

const user = fc.tuple(fc.record({ key }), partial({ name: key, email: fc.constantFrom(...STRINGS), anonymous: fc.boolean() }), partial({
  custom: fc.dictionary(fc.constantFrom("s", "n", "list", "deep"), value),
})).map((parts) => Object.assign({}, ...parts) as Json);

/** Contexts: of one kind, of several, and legacy users. */
export const contexts: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(kind, attributes).map(([kind, rest]) => ({ kind, ...rest })) },
  {
    weight: 4,
    arbitrary: fc.dictionary(kind, attributes, { minKeys: 1, maxKeys: 3 }).map((parts) => ({ kind: "multi", ...parts })),
  },
  user,
);
