import {
  type CompiledEnvironment,
  createSession,
  evaluateInSlices,
  type Evaluation,
  type Slices,
} from "../evaluation/mod.ts";
import type { Context } from "../model/mod.ts";
import { compareSnapshots, type Snapshot } from "../snapshot/mod.ts";
import { finishSlices, type Pause } from "../wire/mod.ts";
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
 * Compares the values that two versions of each environment serve to contexts. A flag that does not exist has the value null, for
 * which, as for none, SDKs use their caller's default.
 *
 * @param environments Older and newer version of each environment.
 * @param contexts The contexts, taken once, one at a time.
 * @param pause Called between flags, segments and evaluations. @default {never pauses}
 * @returns For each environment how many contexts get another value, of which flags.
 * @throws {EvaluationLimitError} When a context takes too many steps.
 */
export async function compareContexts(
  environments: readonly (readonly [before: Snapshot, after: Snapshot])[],
  contexts: Iterable<Context> | AsyncIterable<Context>,
  pause: Pause = () => undefined,
): Promise<ContextComparison[]> {
  const counters: Counter[] = [];
  for (const [before, after] of environments) counters.push(await createCounter(before, after, pause));
  for await (const context of contexts) {
    for (const counter of counters) await finishSlices(countInSlices(counter, context), pause);
  }
  return counters.map(({ contexts, changed, flags }) => ({
    contexts,
    changed,
    flags: flags.filter(({ changed }) => changed > 0)
      .map(({ flag, changed }) => ({ flag, changed, of: contexts })),
  }));
}

/** Counts of an environment's contexts. */
interface Counter {
  before: CompiledEnvironment;
  after: CompiledEnvironment;
  contexts: number;
  changed: number;
  flags: { flag: string; changed: number; isSame: ReturnType<typeof rememberSame> }[];
}

async function createCounter(before: Snapshot, after: Snapshot, pause: Pause): Promise<Counter> {
  const { findAffectedFlags } = await compareSnapshots(before, after, pause);
  const affected = [...await findAffectedFlags()].sort();
  return {
    before: await before.compile(pause),
    after: await after.compile(pause),
    contexts: 0,
    changed: 0,
    flags: affected.map((flag) => ({ flag, changed: 0, isSame: rememberSame() })),
  };
}

function* countInSlices(counter: Counter, context: Context): Slices<void> {
  const [before, after] = [createSession(counter.before, context), createSession(counter.after, context)];
  let isChanged = false;
  for (const one of counter.flags) {
    yield;
    const old = yield* evaluateInSlices(before, one.flag);
    const now = yield* evaluateInSlices(after, one.flag);
    if (one.isSame(old, now)) continue;
    one.changed++;
    isChanged = true;
  }
  counter.contexts++;
  if (isChanged) counter.changed++;
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
