import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { applyChanges, findChange } from "../../lib/inspection/mod.ts";
import { type JsonValue, parseContext } from "../../lib/model/mod.ts";
import { anyContexts } from "../evaluation/_contexts.ts";
import type { RawData } from "../evaluation/_environment.ts";
import { anyEnvironments, environments, FLAG_KEYS } from "../evaluation/_generate.ts";
import { KEYS, KINDS, OPERATORS, PATHS, REFERENCES } from "../evaluation/_values.ts";
import { runs } from "../_nightly.ts";
import { applyEach, evaluateText, findReachable, listChanges, makeEnvironment, type Pool } from "./_brute_force.ts";

/** What became of all searches of a test. */
interface Tally {
  found: number;
  none: number;
  limit: number;
  ms: number;
  slowest: number;
}

/** Sees that what findChange() finds is right, and that there is nothing where it says so. */
function checkAgainst(raw: RawData, json: unknown, { pool, isMinimal, tally }: Options): void {
  const environment = makeEnvironment(raw);
  const context = parseContext(JSON.parse(JSON.stringify(json)));
  const changed = applyEach(context, listChanges(pool));
  for (const key of Object.keys(raw.flags ?? {})) {
    const { variations, deleted } = environmentFlag(raw, key);
    if (deleted) continue;
    const reachable = findReachable(environment, key, changed);
    for (const wanted of variations) {
      const t = performance.now();
      const result = findChange(environment.snapshot, key, context, wanted);
      const d = performance.now() - t;
      tally.ms += d;
      if (d > tally.slowest) tally.slowest = d;
      if (result.changes === null) {
        assertNotEquals(result.why, "no variation");
        if (result.why === "no change") {
          assert(!reachable.has(JSON.stringify(wanted)), `${key} can be ${JSON.stringify(wanted)}`);
          tally.none++;
        } else tally.limit++;
        continue;
      }
      tally.found++;
      const after = evaluateText(environment, key, applyChanges(context, result.changes));
      assertEquals(JSON.parse(after!), wanted);
      if (isMinimal && reachable.has(JSON.stringify(wanted))) assert(result.changes.length <= 1, JSON.stringify([key, wanted, result]));
    }
  }
}

interface Options {
  pool: Pool;
  isMinimal: boolean;
  tally: Tally;
}

function environmentFlag(raw: RawData, key: string): { variations: JsonValue[]; deleted?: boolean } {
  return JSON.parse(JSON.stringify(raw.flags![key]));
}

const VALUES = [...new Set(Object.values(OPERATORS).flatMap(({ values }) => values))];
const POOL: Pool = {
  kinds: KINDS,
  attributes: [...REFERENCES, ...PATHS],
  values: [...KEYS, ...VALUES, true, false, {}, [], { s: "a" }, ["a"]],
};

for (const [name, arbitrary] of Object.entries({ environments, anyEnvironments })) {
  Deno.test(`findChange() is right about ${name}`, () => {
    const tally = { found: 0, none: 0, limit: 0, ms: 0, slowest: 0 };
    const isRight = fc.property(arbitrary, anyContexts, (environment, context) => {
      checkAgainst(environment as unknown as RawData, context, { pool: POOL, isMinimal: true, tally });
    });
    fc.assert(isRight, { numRuns: runs(300) });
    console.log(tally);
  });
}
