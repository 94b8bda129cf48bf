/**
 * Compares evaluating all flags here with `allFlagsState` and `JSON.stringify` of LaunchDarkly's Node.js SDK, both from
 * a context as JSON value to bytes of JSON.
 */
import { compileEnvironment, evaluateAll } from "../lib/evaluation/mod.ts";
import { parseContext } from "../lib/model/mod.ts";
import { parseData } from "../tests/evaluation/_environment.ts";
import { startOracle } from "../tests/evaluation/_oracle.ts";
import { makeContexts, makeFlags, type Shape } from "./_flags.ts";

const ROUNDS = 7;
const CONTEXTS = makeContexts(50);
const UTF8 = new TextEncoder();

/** Evaluates all flags for one context; gives the length of the answer. */
type Run = (context: unknown) => Promise<number> | number;

/** Median of the ms that one evaluation of all flags takes, over rounds that alternate between the contestants. */
async function measure(runs: Run[], evaluations: number): Promise<number[]> {
  const times: number[][] = runs.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      for (let n = 0; n < evaluations; n++) await run(CONTEXTS[n % CONTEXTS.length]);
      times[i]!.push((performance.now() - start) / evaluations);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[ROUNDS >> 1]!);
}

console.log("shape  flags   SDK ms   ours ms   ratio   SDK us/flag   ours us/flag   SDK bytes   our bytes   compile ms");
for (const shape of ["rules", "mixed"] satisfies Shape[]) {
  for (const count of [100, 1000, 5000]) {
    const data = makeFlags(count, shape);
    const text = JSON.stringify(data);
    const oracle = await startOracle(text);
    const parsed = parseData(JSON.parse(text));
    const start = performance.now();
    const environment = compileEnvironment(parsed);
    const compile = performance.now() - start;
    const theirs: Run = async (context) => UTF8.encode(await oracle.evaluateText(context, false)).length;
    const ours: Run = (context) =>
      UTF8.encode(evaluateAll(environment, parseContext(context), { audience: "server", withReasons: false })).length;
    const [sdk, own] = await measure([theirs, ours], Math.max(20, 20_000 / count)) as [number, number];
    const cells = [shape, count, sdk.toFixed(3), own.toFixed(4), (sdk / own).toFixed(1), (sdk / count * 1000).toFixed(2),
      (own / count * 1000).toFixed(3), await theirs(CONTEXTS[0]), await ours(CONTEXTS[0]), compile.toFixed(1)];
    console.log(cells.map((cell) => String(cell).padEnd(9)).join(" "));
    oracle.close();
  }
}
