import { createSession, evaluate, type Evaluation } from "../evaluation/mod.ts";
import type { Context } from "../model/mod.ts";
import { compareSnapshots, type Snapshot } from "../snapshot/mod.ts";
import type { Pause } from "../wire/mod.ts";
import { isEqual } from "./_changes.ts";

/** A flag that serves another value to some of the contexts. */
export interface ContextDifference {
  /** Key of the flag. */
  flag: string;
  /** Number of contexts that get another value. */
  changed: number;
  /** Number of all contexts. */
  of: number;
}

/** What two versions of an environment serve to the same contexts. */
export interface ContextComparison {
  /** Number of contexts. */
  contexts: number;
  /** Number of those that get another value of at least one flag. */
  changed: number;
  /** Flags that serve another value to at least one, in ascending order of key. */
  flags: ContextDifference[];
}

/**
 * Compares the values that two versions of an environment serve to contexts. A flag that does not exist has the value null, for
 * which, as for none, SDKs use their caller's default.
 *
 * @param before The older version.
 * @param after The newer version.
 * @param contexts The contexts, taken one at a time.
 * @param pause Called between flags, segments and contexts. @default {never pauses}
 * @returns How many contexts get another value, of which flags.
 * @throws {EvaluationLimitError} When a context takes too many steps.
 */
export async function compareContexts(
  before: Snapshot,
  after: Snapshot,
  contexts: Iterable<Context> | AsyncIterable<Context>,
  pause: Pause = () => undefined,
): Promise<ContextComparison> {
  const { findAffectedFlags } = await compareSnapshots(before, after, pause);
  const affected = [...await findAffectedFlags()].sort();
  const [old, now] = [await before.compile(pause), await after.compile(pause)];
  const comparisons = affected.map((flag) => ({ flag, changed: 0, isSame: rememberSame() }));
  let [count, changed] = [0, 0];
  for await (const context of contexts) {
    count++;
    const sessions = [createSession(old, context), createSession(now, context)] as const;
    let isChanged = false;
    for (const comparison of comparisons) {
      const { flag, isSame } = comparison;
      if (isSame(evaluate(sessions[0], flag), evaluate(sessions[1], flag))) continue;
      comparison.changed++;
      isChanged = true;
    }
    if (isChanged) changed++;
    await pause();
  }
  const flags = comparisons.filter(({ changed }) => changed > 0)
    .map(({ flag, changed }) => ({ flag, changed, of: count }));
  return { contexts: count, changed, flags };
}

/** Compares the values of one flag once for each pair of variations: they may be long. */
function rememberSame(): (before: Evaluation | undefined, after: Evaluation | undefined) => boolean {
  const known = new Map<string, boolean>();
  return (before, after) => {
    const pair = `${before?.variation} ${after?.variation}`;
    let isSame = known.get(pair);
    if (isSame === undefined) {
      known.set(pair, isSame = isEqual(before?.value ?? null, after?.value ?? null));
    }
    return isSame;
  };
}
