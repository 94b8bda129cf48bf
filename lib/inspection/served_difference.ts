import { createSession, evaluateInSlices, type Evaluation, type Reason } from "../evaluation/mod.ts";
import type { Context, JsonValue } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import { finishSlices, type Pause } from "../wire/mod.ts";
import { isEqual } from "./_changes.ts";

/** A version of an environment, and a context in it. */
export interface ServedSide {
  /** Snapshot of the environment. */
  snapshot: Snapshot;
  /** The context. */
  context: Context;
}

/** What a flag serves to a context. */
export interface ServedValue {
  /** Version of the flag. */
  version: number;
  /** The value. */
  value: JsonValue;
  /** Index of the variation; null when the value is none of them. */
  variation: number | null;
  /** Why. */
  reason: Reason;
}

/** A flag whose value differs. */
export interface ServedDifference {
  /** Key of the flag. */
  key: string;
  /** What it serves on one side; null where there is no such flag. */
  from: ServedValue | null;
  /** What it serves on the other. */
  to: ServedValue | null;
}

/**
 * Compares the values that flags serve to a context in a version of an environment with those that they serve to another context, or
 * in another version. As SDKs have it, a flag that does not exist serves null.
 *
 * @param from One side.
 * @param to The other one.
 * @param pause Called between slices of evaluations.
 * @returns Flags whose values differ, in ascending order of key.
 * @throws {EvaluationLimitError} When a context takes too many steps.
 */
export async function compareServed(
  from: ServedSide,
  to: ServedSide,
  pause: Pause,
): Promise<ServedDifference[]> {
  const evaluateOld = await prepare(from, pause);
  const evaluateNow = await prepare(to, pause);
  const differences: ServedDifference[] = [];
  for (const key of mergeKeys(from.snapshot.items, to.snapshot.items)) {
    const [old, now] = [await evaluateOld(key), await evaluateNow(key)];
    if (isEqual(old?.value ?? null, now?.value ?? null)) continue;
    differences.push({ key, from: pick(old), to: pick(now) });
  }
  return differences;
}

async function prepare(
  { snapshot, context }: ServedSide,
  pause: Pause,
): Promise<(key: string) => Promise<Evaluation | undefined>> {
  const session = createSession(await snapshot.compile(pause), context);
  return (key) => finishSlices(evaluateInSlices(session, key), pause);
}

/** Lists the keys of the flags of both sides, each of which has its own in ascending order. */
function* mergeKeys(from: Snapshot["items"], to: Snapshot["items"]): Generator<string> {
  let at = 0;
  for (let i = 0; i < from.flagCount; i++) {
    const key = from.getKey(i);
    for (; at < to.flagCount && to.getKey(at) < key; at++) yield to.getKey(at);
    if (at < to.flagCount && to.getKey(at) === key) at++;
    yield key;
  }
  for (; at < to.flagCount; at++) yield to.getKey(at);
}

function pick(evaluation: Evaluation | undefined): ServedValue | null {
  if (!evaluation) return null;
  const { flag: { version }, value, variation, reason } = evaluation;
  return { version, value, variation, reason };
}
