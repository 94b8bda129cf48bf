import fc from "fast-check";
import {
  anyValue,
  GROUPS,
  KEYS,
  KINDS,
  MALFORMED_PATHS,
  ODD_DATES,
  ODD_PATTERNS,
  ODD_VERSIONS,
  OPERATORS,
  partial,
  PATHS,
  REFERENCES,
  valueOf,
} from "./_values.ts";

/**
 * Random environments and contexts for the comparison with the JavaScript SDK. Names and values come from small pools,
 * so that clauses match often enough.
 *
 * Where Go and JavaScript differ, `environments` has nothing; each difference has a test of its own in
 * `differences_test.ts`: rules without `clauses`, seed 0, weights of missing kinds, big segments without a generation,
 * user targets with values in `contextTargets`, references that JavaScript reads differently, dates, versions and
 * patterns that only one of them accepts, nulls in clauses, clauses after a malformed one, prerequisites after a cycle,
 * empty strings for kinds, and fields that JavaScript requires. What is behind a malformed prerequisite is generated and
 * not compared. `anyEnvironments` has some of it.
 */
export interface GeneratedEnvironment {
  flags: Record<string, Json>;
  segments: Record<string, Json>;
}

type Json = Record<string, unknown>;

/** Keys of the flags that are not deleted. */
export const FLAG_KEYS: string[] = Array.from({ length: 20 }, (_, i) => `f${i}`);

const SEGMENT_KEYS = Array.from({ length: 6 }, (_, i) => `s${i}`);

const kind = fc.constantFrom(...KINDS);
const key = fc.constantFrom(...KEYS);
const weights = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 4 });

/**
 * Where faults may stand: JavaScript forgets a fault in a clause when another clause follows. And whether there is what
 * JavaScript reads otherwise.
 */
interface Shape {
  faulty: boolean;
  odd: boolean;
}

/** Clauses over many long strings. */
const groupClause: fc.Arbitrary<Json> = fc.oneof(
  fc.record({
    op: fc.constantFrom("contains", "startsWith", "endsWith", "in"),
    values: fc.array(
      fc.tuple(fc.constantFrom(...GROUPS), fc.nat(40)).map(([group, start]) => group.slice(start)),
      { maxLength: 10 },
    ),
  }),
  fc.record({
    op: fc.constant("matches"),
    values: fc.array(fc.nat(99).map((n) => `^CN=Group-${n},.*DC=(?:corp|no)`), { maxLength: 100 }),
  }),
).map((rest) => ({ attribute: "groups", ...rest }));

const oddClause: fc.Arbitrary<Json> = fc.oneof(
  fc.record({
    attribute: fc.constantFrom("oddDate", "when"),
    op: fc.constantFrom("before", "after"),
    values: fc.array(fc.constantFrom(...ODD_DATES), { maxLength: 3 }),
  }),
  fc.record({
    attribute: fc.constantFrom("oddVersion", "ver"),
    op: fc.constantFrom("semVerEqual", "semVerLessThan", "semVerGreaterThan"),
    values: fc.array(fc.constantFrom(...ODD_VERSIONS), { maxLength: 3 }),
  }),
  fc.record({
    attribute: fc.constantFrom("groups", "s", "key"),
    op: fc.constant("matches"),
    values: fc.array(fc.constantFrom(...ODD_PATTERNS), { maxLength: 3 }),
  }),
  fc.record({
    attribute: fc.constantFrom("/kind", "kind", "/key", "/", "a//b", "/a//b", "/groups", "/~1x"),
    op: fc.constantFrom("in", "contains", "nonsense", ""),
    values: fc.array(fc.constantFrom<unknown>(...KINDS, ...KEYS, null), { maxLength: 3 }),
  }),
);

/** Attribute references with the kind they are for, if any; plain names that hold a slash only without one. */
function reference(name: "attribute" | "bucketBy", { faulty }: Shape): fc.Arbitrary<Json> {
  const plain = fc.constantFrom(...REFERENCES, "/x", "//", "/a~2").map((text) => ({ [name]: text }));
  const path = fc.record({ [name]: fc.constantFrom(...REFERENCES, ...PATHS), contextKind: kind });
  const malformed = fc.record({ [name]: fc.constantFrom(...MALFORMED_PATHS), contextKind: kind });
  return faulty
    ? fc.oneof({ weight: 10, arbitrary: plain }, { weight: 10, arbitrary: path }, malformed)
    : fc.oneof(plain, path);
}

function clause(shape: Shape): fc.Arbitrary<Json> {
  const usual = fc.constantFrom(...Object.entries(OPERATORS)).chain(([op, { attributes, values }]) =>
    fc.record({
      attribute: fc.constantFrom(...attributes),
      op: fc.constant(op),
      values: fc.array(fc.constantFrom(...values), { maxLength: 4 }),
    })
  );
  const equal = fc.constantFrom(...REFERENCES).chain((attribute) =>
    fc.record({
      attribute: fc.constant(attribute),
      op: fc.constant("in"),
      values: fc.array(valueOf(attribute), { maxLength: 4 }),
    })
  );
  // Not with dates, of which any number with a fraction could be one.
  const operators = Object.keys(OPERATORS).filter((op) => op !== "before" && op !== "after");
  const wild = fc.tuple(
    reference("attribute", shape),
    fc.record({ op: fc.constantFrom("in", ...operators), values: fc.array(anyValue, { maxLength: 4 }) }),
  ).map(([reference, rest]) => ({ ...reference, ...rest }));
  const named = fc.tuple(partial({ contextKind: kind }), fc.oneof(usual, equal)).map(([part, rest]) => ({
    ...part,
    ...rest,
  }));
  const rare = shape.odd
    ? [fc.tuple(partial({ contextKind: kind }), oddClause).map(([a, b]) => ({ ...a, ...b }))]
    : [];
  return fc.tuple(
    fc.oneof({ weight: 4, arbitrary: named }, { weight: 2, arbitrary: wild }, groupClause, ...rare),
    fc.boolean(),
  ).map(([clause, negate]) => ({
    ...clause,
    values: forJavaScript(clause.values as unknown[], shape),
    negate,
  }));
}

/** A null in a clause equals one in an array there, and nothing in Go. */
function forJavaScript(values: unknown[], { odd }: Shape): unknown[] {
  return odd ? values : values.filter((value) => value !== null);
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
  const sound = clause({ ...shape, faulty: false });
  const risky = fc.oneof(segmentClause(segments), clause(shape));
  if (!shape.faulty) return fc.array(fc.oneof({ weight: 2, arbitrary: sound }, risky), { maxLength: 3 });
  return fc.tuple(fc.array(sound, { maxLength: 2 }), fc.array(risky, { maxLength: 1 })).map((parts) =>
    parts.flat()
  );
}

/** Index of a variation; rarely one past the end, which makes the flag malformed. */
function variationOf(count: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 30, arbitrary: fc.integer({ min: 0, max: count - 1 }) }, fc.constant(count));
}

function rollout(count: number, shape: Shape): fc.Arbitrary<Json> {
  return fc.tuple(
    fc.record({
      kind: fc.constantFrom("rollout", "experiment"),
      variations: weights.chain((list) =>
        fc.tuple(...list.map((weight) =>
          fc.record({
            variation: variationOf(count),
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

function served(count: number, shape: Shape): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 15, arbitrary: fc.record({ variation: variationOf(count) }) },
    { weight: 15, arbitrary: fc.record({ rollout: rollout(count, shape) }) },
    fc.constantFrom<Json>({ variation: -1 }, {}, { rollout: { variations: [] } }),
  );
}

function segment(index: number, shape: Shape): fc.Arbitrary<Json> {
  const others = shape.faulty ? SEGMENT_KEYS : SEGMENT_KEYS.slice(0, index);
  const lists = fc.array(fc.record({ contextKind: kind, values: fc.array(key, { maxLength: 2 }) }), {
    maxLength: 2,
  });
  const rule = (referable: string[]) =>
    fc.tuple(clauses(referable, shape), weightOf(shape)).map(([list, weight]) => {
      if (weight.weight === undefined) return { clauses: list };
      // The rule must ask for the kind it buckets: JavaScript gives a context without it bucket 0.
      const asks = {
        contextKind: weight.rolloutContextKind ?? "user",
        attribute: "key",
        op: "in",
        values: [],
        negate: true,
      };
      return { clauses: [asks, ...list], ...weight };
    });
  const fields = {
    key: fc.constant(SEGMENT_KEYS[index]!),
    version: fc.integer({ min: 1, max: 9 }),
    salt: fc.constantFrom("", "salt", "ß"),
  };
  const plain = fc.tuple(
    fc.record({ ...fields, rules: fc.array(rule(others), { maxLength: 2 }) }),
    partial({
      included: fc.array(key, { maxLength: 2 }),
      excluded: fc.array(key, { maxLength: 2 }),
      includedContexts: lists,
      excludedContexts: lists,
    }),
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
  const keys = cyclic ? FLAG_KEYS : FLAG_KEYS.slice(0, index);
  const one = fc.record({
    key: fc.constantFrom(...keys, ...keys, "no-such-flag", "f-deleted"),
    variation: fc.integer({ min: 0, max: 2 }),
  });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant<Json[]>([]) },
    fc.array(one, { maxLength: cyclic ? 1 : 3 }),
  );
}

function flag(index: number, shape: Shape & { cyclic: boolean }): fc.Arbitrary<Json> {
  const targetValues = fc.array(key, { maxLength: 3 });
  return fc.integer({ min: 1, max: 4 }).chain((count) => {
    const variation = variationOf(count);
    const contextTarget = fc.oneof(
      fc.record({ variation, values: fc.constant([]) }),
      fc.record({ contextKind: fc.constant("user"), variation, values: fc.constant([]) }),
      fc.record({ contextKind: fc.constantFrom("org", "device"), variation, values: targetValues }),
    );
    return fc.tuple(
      fc.record({
        key: fc.constant(FLAG_KEYS[index]!),
        version: fc.integer({ min: 1, max: 99 }),
        on: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
        salt: fc.constantFrom("", "salt", "0123456789abcdef0123456789abcdef", "x".repeat(80)),
        fallthrough: fc.oneof({ weight: 20, arbitrary: served(count, shape) }, fc.constant(null)),
        variations: fc.array(fc.oneof(anyValue, fc.jsonValue({ maxDepth: 2 })), {
          minLength: count,
          maxLength: count,
        }),
        prerequisites: prerequisites(index, shape.cyclic),
        targets: fc.array(fc.record({ variation, values: targetValues }), { maxLength: 2 }),
        contextTargets: fc.oneof(fc.constant([]), fc.array(contextTarget, { maxLength: 3 })),
        rules: fc.array(
          fc.tuple(
            fc.record({ clauses: clauses(SEGMENT_KEYS, shape) }),
            served(count, shape),
            partial({ id: fc.constantFrom("r1", "rule-2"), trackEvents: fc.boolean() }),
          ).map((parts) => Object.assign({}, ...parts)),
          { maxLength: 3 },
        ),
      }),
      partial({
        offVariation: fc.option(variation),
        trackEvents: fc.boolean(),
        trackEventsFallthrough: fc.boolean(),
        debugEventsUntilDate: fc.integer({ min: 1, max: 2e12 }),
      }),
    ).map(([first, second]) => ({ ...first, ...second }));
  });
}

/** Environments of 20 flags and 6 segments, and a deleted one of each; where JavaScript is right. */
export const environments: fc.Arbitrary<GeneratedEnvironment> = makeEnvironments(false);

/** The same, with everything that JavaScript reads otherwise. */
export const anyEnvironments: fc.Arbitrary<GeneratedEnvironment> = makeEnvironments(true);

function makeEnvironments(odd: boolean): fc.Arbitrary<GeneratedEnvironment> {
  return fc.record({
    faulty: fc.boolean(),
    cyclic: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    odd: fc.constant(odd),
  }).chain((shape) =>
    fc.tuple(
      fc.tuple(...FLAG_KEYS.map((_, i) => flag(i, shape))),
      fc.tuple(...SEGMENT_KEYS.map((_, i) => segment(i, shape))),
    )
  )
    .map(([flags, segments]) => ({
      flags: byKey([...flags, { key: "f-deleted", version: 2, deleted: true }]),
      segments: byKey([...segments, { key: "s-deleted", version: 2, deleted: true }]),
    }));
}

function byKey(items: Json[]): Record<string, Json> {
  return Object.fromEntries(items.map((item) => [item.key as string, item]));
}
