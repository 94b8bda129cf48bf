import { compileEnvironment, evaluateAll } from "../../lib/evaluation/mod.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { parseData, type RawData } from "./_environment.ts";
import { type OracleResult, startOracle } from "./_oracle.ts";

/** A flag and a context for which the two evaluators disagree. */
export interface Mismatch {
  flag: string;
  context: unknown;
  ours: unknown;
  theirs: unknown;
}

/** What a comparison came to. */
export interface Comparison {
  /** Flag and context pairs compared. */
  pairs: number;
  /** The pairs that differ. */
  mismatches: Mismatch[];
}

/** Evaluates every flag for every context here and in LaunchDarkly's SDK. */
export async function compare(data: RawData, contexts: unknown[]): Promise<Comparison> {
  const oracle = await startOracle(JSON.stringify(data));
  try {
    // Through JSON, because generated objects may share parts and hold -0.
    const environment = compileEnvironment(parseData(JSON.parse(JSON.stringify(data))));
    const mismatches: Mismatch[] = [];
    let pairs = 0;
    for (const context of contexts) {
      const theirs = await oracle.evaluateAll(context);
      const parsed = parseContext(JSON.parse(JSON.stringify(context)));
      const ours = JSON.parse(evaluateAll(environment, parsed, { audience: "server", withReasons: true }));
      for (const flag of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
        pairs++;
        const [left, right] = [normalize(ours[flag]), normalize(theirs[flag])];
        if (JSON.stringify(left) !== JSON.stringify(right)) mismatches.push({ flag, context, ours: left, theirs: right });
      }
    }
    return { pairs, mismatches };
  } finally {
    oracle.close();
  }
}

/** One order of fields for both; the prerequisites of a malformed flag are left out: JavaScript lists the malformed one too. */
function normalize(result: OracleResult | undefined): unknown {
  if (result === undefined) return undefined;
  const { value, variation, version, reason, trackEvents, trackReason, debugEventsUntilDate, prerequisites } = result;
  return {
    value,
    variation: variation ?? null,
    version,
    reason: Object.fromEntries(Object.entries(reason).sort()),
    trackEvents,
    trackReason,
    debugEventsUntilDate,
    prerequisites: reason.kind === "ERROR" ? undefined : prerequisites,
  };
}
