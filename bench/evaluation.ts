/**
 * Compares evaluating all flags with `allFlagsState` and `JSON.stringify` of LaunchDarkly's SDK for Node.js: both from
 * a context as a JSON value to the bytes of a JSON text, side by side in one process.
 *
 * Usage: `deno run -A bench/evaluation.ts`
 */
import { Session } from "node:inspector/promises";
import { TERMINAL } from "../lib/cli/terminal.ts";
import { compileEnvironment, evaluateAll } from "../lib/evaluation/mod.ts";
import { parseContext } from "../lib/model/mod.ts";
import { parseData } from "../tests/evaluation/_environment.ts";
import { startOracle } from "../tests/evaluation/_oracle.ts";
import { makeContexts, makeFlags, type Shape } from "./_flags.ts";

/** Rounds in which the two take turns; the first, in which code is compiled, does not count. */
const ROUNDS = 12;
/** How long each has its turn: long enough to be alone with the processor's cache. */
const TURN_MS = 100;
/** Bytes of allocation between two samples of the heap profiler. */
const SAMPLING_INTERVAL = 512;

const CONTEXTS = makeContexts(50);
const UTF8 = new TextEncoder();

/** Evaluates all flags for one context; gives the number of bytes. */
type Run = (context: unknown) => Promise<number> | number;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/** Ms that one evaluation of all flags takes. */
async function time(run: Run): Promise<number> {
  const start = performance.now();
  let now = start, evaluations = 0;
  for (; now - start < TURN_MS; now = performance.now()) await run(CONTEXTS[evaluations++ % CONTEXTS.length]);
  return (now - start) / evaluations;
}

/** Bytes that one evaluation of all flags allocates on the JavaScript heap, what is collected at once included. */
async function measureAllocation(run: Run): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: SAMPLING_INTERVAL,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (const context of CONTEXTS) await run(context);
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  return sumSizes(profile.head) / CONTEXTS.length;
}

interface ProfileNode {
  selfSize: number;
  children: ProfileNode[];
}

function sumSizes({ selfSize, children }: ProfileNode): number {
  return children.reduce((sum, child) => sum + sumSizes(child), selfSize);
}

const COLUMNS = [
  "shape",
  "flags",
  "SDK us/flag",
  "ours us/flag",
  "ratio",
  "SDK B/flag",
  "ours B/flag",
  "compile ms",
];

function printRow(cells: (string | number)[]): void {
  TERMINAL.print(cells.map((cell, i) => String(cell).padStart(COLUMNS[i]!.length)).join("  ") + "\n");
}

async function compareShape(shape: Shape, count: number): Promise<void> {
  const text = JSON.stringify(makeFlags(count, shape));
  const oracle = await startOracle(text);
  const data = parseData(JSON.parse(text));
  const start = performance.now();
  const environment = compileEnvironment(data);
  const compile = performance.now() - start;
  const sdk: Run = async (context) => UTF8.encode(await oracle.evaluateText(context, false)).length;
  const ours: Run = (context) =>
    UTF8.encode(evaluateAll(environment, parseContext(context), { audience: "server", withReasons: false }))
      .length;
  const times: [sdk: number, ours: number][] = [];
  for (let round = 0; round < ROUNDS; round++) times.push([await time(sdk), await time(ours)]);
  times.shift();
  printRow([
    shape,
    count,
    (median(times.map(([sdk]) => sdk)) / count * 1000).toFixed(3),
    (median(times.map(([, ours]) => ours)) / count * 1000).toFixed(3),
    median(times.map(([sdk, ours]) => sdk / ours)).toFixed(1),
    Math.round(await measureAllocation(sdk) / count),
    Math.round(await measureAllocation(ours) / count),
    compile.toFixed(0),
  ]);
  oracle.close();
}

printRow(COLUMNS);
for (const shape of ["rules", "mixed"] satisfies Shape[]) {
  for (const count of [100, 1000, 5000]) await compareShape(shape, count);
}
