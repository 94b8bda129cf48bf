import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import { runs } from "../_nightly.ts";
import { compare } from "./_compare.ts";
import { contexts } from "./_contexts.ts";
import { environments } from "./_generate.ts";

const RUNS = runs(25);
const CONTEXTS = 10;
const MIN_PAIRS = 5_000;

Deno.test("evaluateAll() agrees with LaunchDarkly's SDK for Node.js on random flags and contexts", async () => {
  let pairs = 0;
  const agree = fc.asyncProperty(
    environments,
    fc.array(contexts, { minLength: CONTEXTS, maxLength: CONTEXTS }),
    async (environment, contexts) => {
      const comparison = await compare(environment, contexts);
      pairs += comparison.pairs;
      assertEquals(comparison.mismatches, []);
    },
  );
  await fc.assert(agree, { numRuns: RUNS });
  assertGreaterOrEqual(pairs, MIN_PAIRS);
});
