import type { EnvironmentData } from "../model/mod.ts";
import { computeDepths } from "./_depth.ts";
import { type CompiledFlag, compileFlag } from "./_flag.ts";
import { LinkedEnvironment } from "./_linked.ts";
import { Registry } from "./_registry.ts";
import { type CompiledSegment, compileSegment } from "./_segment.ts";

/** Flags and segments of an environment, ready to be evaluated. */
export interface CompiledEnvironment {
  /**
   * The evaluator's own business.
   * @internal
   */
  readonly linked: LinkedEnvironment;
}

/**
 * Compiles an environment. A flag or segment whose text is unchanged keeps its compiled form.
 *
 * @param data Flags and segments; tombstones are left out.
 * @param previous The environment before a reload.
 * @returns The compiled environment. `previous` stays as it is and can still be evaluated.
 */
export function compileEnvironment(
  data: EnvironmentData,
  previous?: CompiledEnvironment,
): CompiledEnvironment {
  const steps = compileInSteps(data, previous);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/**
 * Compiles an environment like `compileEnvironment`, but stops after each flag and segment, so that the caller can let
 * others work in between: thousands of changed flags take longer than a server may stand still.
 *
 * @param data Flags and segments.
 * @param previous The environment before a reload.
 * @returns Steps; the last one gives the compiled environment.
 */
export function* compileInSteps(
  data: EnvironmentData,
  previous?: CompiledEnvironment,
): Generator<void, CompiledEnvironment> {
  const known = previous?.linked.registry.isWorn ? undefined : previous?.linked;
  const registry = known?.registry ?? new Registry();
  const segments = new Map<string, CompiledSegment>();
  for (const [key, { value, text }] of data.segments) {
    const same = known?.segments.get(key);
    if (same?.text === text) segments.set(key, same);
    else if (!value.deleted) segments.set(key, compileSegment(value, text, registry));
    yield;
  }
  const flags = new Map<string, CompiledFlag>();
  for (const [key, { value, text }] of data.flags) {
    const same = known?.flags.get(key)?.compiled;
    if (same?.text === text) flags.set(key, same);
    else if (!value.deleted) flags.set(key, compileFlag(value, text, registry));
    yield;
  }
  registry.limitGrowth();
  const depths = {
    flags: yield* computeDepths(listPrerequisites(registry, flags)),
    segments: yield* computeDepths(listSegments(registry, segments)),
  };
  return { linked: new LinkedEnvironment(registry, flags, segments, depths) };
}

/** By slot, the slots of the flags that a flag needs; one for which the context does not matter needs none. */
function listPrerequisites(registry: Registry, flags: Map<string, CompiledFlag>): number[][] {
  return registry.prerequisites.keys().map((key) => {
    const flag = flags.get(key);
    return flag && flag.constant === null ? flag.prerequisites.map(({ slot }) => slot) : [];
  }).toArray();
}

/** By slot, the slots of the segments that a segment's rules ask. */
function listSegments(registry: Registry, segments: Map<string, CompiledSegment>): number[][] {
  return registry.segments.keys().map((key) =>
    (segments.get(key)?.rules ?? []).flatMap(({ clauses }) =>
      clauses.slice(1).flatMap((slot) => {
        const { op, values } = registry.clauses[slot]!;
        return op === "segmentMatch" ? values : [];
      })
    )
  ).toArray();
}
