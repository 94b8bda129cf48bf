import { compileEnvironment, evaluateAll } from "../../lib/evaluation/mod.ts";
import { type EnvironmentData, parseContext } from "../../lib/model/mod.ts";
import { isNearBoundary } from "./_boundary.ts";
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
  /** Pairs of a flag and a context that were compared. */
  pairs: number;
  /** Pairs that differ. */
  mismatches: Mismatch[];
  /** Pairs that differ where 32 and 64 bits may; they are no mismatches. */
  nearBoundary: number;
  /** Pairs that differ because a prerequisite is malformed: JavaScript takes its dependents for malformed too. */
  behindMalformed: number;
}

/** Evaluates every flag for every context here and in LaunchDarkly's SDK, and compares all that clients get. */
export async function compare(raw: RawData, contexts: unknown[]): Promise<Comparison> {
  // Through JSON, because generated objects may share parts and hold -0.
  const text = JSON.stringify(raw);
  const data = parseData(JSON.parse(text));
  const [flags, segments] = [[...data.flags.values()], [...data.segments.values()]];
  const environment = compileEnvironment(data);
  const oracle = await startOracle(text);
  const comparison: Comparison = { pairs: 0, mismatches: [], nearBoundary: 0, behindMalformed: 0 };
  for (const context of contexts) {
    const parsed = parseContext(JSON.parse(JSON.stringify(context)));
    const ours = JSON.parse(evaluateAll(environment, parsed, { audience: "server", withReasons: true }));
    const theirs = await oracle.evaluateAll(context);
    for (const flag of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      comparison.pairs++;
      const [left, right] = [normalize(ours[flag]), normalize(theirs[flag])];
      if (JSON.stringify(left) === JSON.stringify(right)) continue;
      if (isBehindMalformed(flag, data.flags, theirs)) {
        comparison.behindMalformed++;
        continue;
      }
      const near = isNearBoundary(
        flags.map(({ value }) => value),
        segments.map(({ value }) => value),
        parsed,
      );
      if (near) comparison.nearBoundary++;
      else comparison.mismatches.push({ flag, context, ours: left, theirs: right });
    }
  }
  oracle.close();
  return comparison;
}

/** Whether JavaScript's result is an error that a prerequisite handed on. */
function isBehindMalformed(
  key: string,
  flags: EnvironmentData["flags"],
  theirs: Record<string, OracleResult>,
): boolean {
  return theirs[key]?.reason.kind === "ERROR" &&
    (flags.get(key)?.value.prerequisites ?? []).some((other) => theirs[other.key!]?.reason.kind === "ERROR");
}

/** One order of fields for both. The prerequisites of a malformed flag are left out: JavaScript lists the malformed one too. */
function normalize(result: OracleResult | undefined): unknown {
  if (result === undefined) return undefined;
  const { value, variation, version, reason, trackEvents, trackReason, debugEventsUntilDate, prerequisites } =
    result;
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
