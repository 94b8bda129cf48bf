/**
 * Compares the evaluator with LaunchDarkly's SDK for Node.js on as many pairs of a flag and a context as wanted.
 *
 * Usage: `deno run -A tools/fuzz.ts [pairs] [seed]`. It prints one mismatch of each environment that has any, and
 * at the end the count, the seed and the number of mismatches; the exit code is 1 when there are any.
 */
import fc from "fast-check";
import { TERMINAL } from "../lib/cli/terminal.ts";
import { compare } from "../tests/evaluation/_compare.ts";
import { contexts } from "../tests/evaluation/_contexts.ts";
import { environments } from "../tests/evaluation/_generate.ts";

const CONTEXTS = 20;
const BATCH = 50;

const wanted = Number(Deno.args[0] ?? 1_000_000);
const seed = Number(Deno.args[1] ?? Math.floor(Math.random() * 2 ** 31));

let pairs = 0, mismatches = 0, nearBoundary = 0, behindMalformed = 0;
for (let batch = 0; pairs < wanted; batch++) {
  const cases = fc.sample(
    fc.tuple(environments, fc.array(contexts, { minLength: CONTEXTS, maxLength: CONTEXTS })),
    { numRuns: BATCH, seed: seed + batch },
  );
  for (const [environment, contexts] of cases) {
    const comparison = await compare(environment, contexts);
    pairs += comparison.pairs;
    nearBoundary += comparison.nearBoundary;
    behindMalformed += comparison.behindMalformed;
    mismatches += comparison.mismatches.length;
    for (const mismatch of comparison.mismatches.slice(0, 1)) {
      TERMINAL.print(`${JSON.stringify({ ...mismatch, flag: environment.flags[mismatch.flag] })}\n`);
    }
  }
}
TERMINAL.print(
  `${pairs} pairs, seed ${seed}: ${mismatches} mismatches, ${nearBoundary} within rounding of the end of a share, ` +
    `${behindMalformed} behind a malformed prerequisite\n`,
);
Deno.exitCode = mismatches === 0 ? 0 : 1;
