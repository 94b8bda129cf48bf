import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { applyChanges } from "../../lib/inspection/mod.ts";
import { type Context, type JsonValue, parseContext } from "../../lib/model/mod.ts";
import { anyContexts } from "../evaluation/_contexts.ts";
import { complete, type Json, type RawData } from "../evaluation/_environment.ts";
import { anyEnvironments, environments } from "../evaluation/_generate.ts";
import { KEYS, KINDS, OPERATORS, PATHS, REFERENCES } from "../evaluation/_values.ts";
import { runs } from "../_nightly.ts";
import { applyEach, evaluateText, listChanges, makeEnvironment } from "./_brute_force.ts";
import { findChange } from "./_at_once.ts";

/** For each number of changed attributes the contexts to which a brute force changes a context. */
type Tries = readonly (readonly Context[])[];

/** Sees that what findChange() finds is right and as small as what a brute force finds, which finds nothing where it says so. */
function checkAgainst(raw: RawData, context: Context, tries: Tries): void {
  const environment = makeEnvironment(raw);
  for (const [key, flag] of Object.entries(raw.flags ?? {})) {
    if (flag.deleted) continue;
    const reached = tries.map((contexts) =>
      new Set(contexts.map((context) => evaluateText(environment, key, context)))
    );
    for (const wanted of JSON.parse(JSON.stringify(flag.variations)) as JsonValue[]) {
      const fewest = reached.findIndex((values) => values.has(JSON.stringify(wanted)));
      const result = findChange(environment.snapshot, key, context, wanted);
      if (result.changes) {
        const after = evaluateText(environment, key, applyChanges(context, result.changes));
        assertEquals(JSON.parse(after!), wanted);
        if (fewest >= 0) assertLessOrEqual(result.changes.length, fewest);
      } else assert(result.why !== "no change" || fewest < 0, `${key} can be ${JSON.stringify(wanted)}`);
    }
  }
}

const VALUES = new Set(Object.values(OPERATORS).flatMap(({ values }) => values));
const CHANGES = listChanges(
  KINDS,
  [...REFERENCES, ...PATHS],
  [...KEYS, ...VALUES, true, false, {}, [], { s: "a" }, ["a"]],
);

for (const [name, arbitrary] of Object.entries({ environments, anyEnvironments })) {
  Deno.test(`findChange() is right about ${name} of all kinds`, () => {
    const isRight = fc.property(arbitrary, anyContexts, (environment, json) => {
      const context = parseContext(JSON.parse(JSON.stringify(json)));
      checkAgainst({ ...environment }, context, [[context], applyEach(context, CHANGES)]);
    });
    fc.assert(isRight, { numRuns: runs(10), endOnFailure: true });
  });
}

/** Values on all sides of those in clauses. */
const VALUES_AROUND = [null, -1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4];
const TUPLES = VALUES_AROUND.flatMap((r) =>
  VALUES_AROUND.flatMap((s) => VALUES_AROUND.map((t) => ({ r, s, t })))
);

const clause: fc.Arbitrary<Json> = fc.record({
  attribute: fc.constantFrom("r", "s", "t"),
  op: fc.constantFrom("in", "in", "lessThan", "greaterThanOrEqual"),
  values: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
  negate: fc.boolean(),
});
const clauses = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: clause },
    fc.record({ op: fc.constant("segmentMatch"), values: fc.constant(["segment"]), negate: fc.boolean() }),
  ),
  { minLength: 1, maxLength: 3 },
);
const flag: fc.Arbitrary<Json> = fc.record({
  rules: fc.array(fc.record({ clauses, variation: fc.integer({ min: 0, max: 2 }) }), { maxLength: 5 }),
  targets: fc.array(fc.constant({ values: ["zoe"], variation: 2 }), { maxLength: 1 }),
});
const denseEnvironments: fc.Arbitrary<RawData> = fc.record({
  flag,
  other: fc.tuple(flag, fc.integer({ min: 0, max: 2 })).map(([flag, variation]) => ({
    ...flag,
    prerequisites: [{ key: "flag", variation }],
  })),
  included: fc.array(fc.constantFrom("ann", "zoe"), { maxLength: 1 }),
  rules: fc.array(fc.record({ clauses: fc.array(clause, { maxLength: 2 }) }), { maxLength: 2 }),
}).map(({ flag, other, ...segment }) => complete({ flags: { flag, other }, segments: { segment } }));

Deno.test("findChange() changes as few attributes as trying all values of all of them does", () => {
  const isSmallest = fc.property(
    denseEnvironments,
    fc.constantFrom(...TUPLES),
    (environment, { r, s, t }) => {
      const context = parseContext({ kind: "user", key: "ann", r, s, t });
      const tries: Context[][] = [[], [], [], [], []];
      for (const key of ["ann", "zoe", "bob"]) {
        for (const values of TUPLES) {
          const changed = [key !== "ann", values.r !== r, values.s !== s, values.t !== t].filter(Boolean);
          tries[changed.length]!.push(parseContext({ kind: "user", key, ...values }));
        }
      }
      checkAgainst(environment, context, tries);
    },
  );
  fc.assert(isSmallest, { numRuns: runs(30), endOnFailure: true });
});
