import {
  compileInSteps,
  createSession,
  evaluateInSlices,
  explain,
  type RuleStep,
  type SegmentTrace,
} from "../evaluation/mod.ts";
import type { Context, Flag, Segment } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import { finishSlices, type Pause } from "../wire/mod.ts";
import { findDependenciesInSlices } from "./dependencies.ts";

/** Key of the flag that asks. It is the only flag there. */
const ASKING = "is in the segment";

/**
 * Explains whether a context belongs to a segment. Asked by a flag, as the evaluator has it: no flag of the environment need refer to
 * the segment.
 *
 * @param snapshot Snapshot of the environment.
 * @param key Key of the segment.
 * @param context The context.
 * @param pause Called between slices.
 * @returns The trace; `undefined` when there is no such segment.
 * @throws {EvaluationLimitError} When the context takes too many steps.
 */
export async function explainMembership(
  snapshot: Snapshot,
  key: string,
  context: Context,
  pause: Pause,
): Promise<SegmentTrace | undefined> {
  const dependencies = await finishSlices(findDependenciesInSlices(snapshot, "segments", key), pause);
  if (!dependencies) return undefined;
  const { items, overridden } = snapshot;
  const { segments, indirect } = dependencies.dependsOn;
  const positions = new Set(
    [key, ...segments, ...indirect.segments].map((key) => items.find("segments", key)),
  );
  const asking: Flag = {
    key: ASKING,
    version: 1,
    on: true,
    variations: [true],
    rules: [{ clauses: [{ op: "segmentMatch", values: [key] }], variation: 0 }],
  };
  const compiled = await finishSlices(
    compileInSteps({
      flags: [{ key: ASKING, digest: ASKING, parse: () => asking }],
      segments: [...positions].map((position) => ({
        key: items.getKey(position),
        digest: items.getDigest(position),
        parse: () => items.parse(position) as Segment,
      })),
      overridden: {
        flags: new Set(),
        segments: new Set(overridden.filter((at) => positions.has(at)).map((at) => items.getKey(at))),
      },
    }),
    pause,
  );
  const session = createSession(compiled, context);
  await finishSlices(evaluateInSlices(session, ASKING), pause);
  const rule = explain(session, ASKING)!.steps.find((step): step is RuleStep => step.type === "rule");
  return rule!.clauses[0]!.segments![0];
}
