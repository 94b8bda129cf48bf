import type { EnvironmentData, Flag, Item, Segment } from "../model/mod.ts";
import { computeDepths } from "./_depth.ts";
import { type CompiledFlag, compileFlag } from "./_flag.ts";
import { LinkedEnvironment } from "./_linked.ts";
import { Registry } from "./_registry.ts";
import { type CompiledSegment, compileSegment } from "./_segment.ts";

/** Flags and segments of an environment, ready to be evaluated. */
export interface CompiledEnvironment {
  /**
   * Internals of the evaluator.
   * @internal
   */
  readonly linked: LinkedEnvironment;
}

/** A flag or a segment to compile. */
export interface Compilable<T extends Flag | Segment> {
  /** Key. */
  key: string;
  /** Text that no other content of it has, such as a digest: with the same one the compiled form is reused. */
  digest: string;
  /**
   * Parses it; it has been checked. Called only where it has to be compiled.
   *
   * @returns The flag or segment.
   */
  parse(): T;
}

/** Flags and segments to compile, in the order in which clients get them; tombstones are left out. */
export interface CompilableEnvironment {
  /** The flags. */
  flags: Iterable<Compilable<Flag>>;
  /** The segments. */
  segments: Iterable<Compilable<Segment>>;
}

/**
 * Compiles an environment in one go. A flag or segment with the same digest keeps its compiled form.
 *
 * @param data Flags and segments.
 * @param previous The environment before a reload.
 * @returns The compiled environment. `previous` stays as it is and can still be evaluated.
 */
export function compileEnvironment(
  data: EnvironmentData,
  previous?: CompiledEnvironment,
): CompiledEnvironment {
  const steps = compileInSteps({ flags: listLive(data.flags), segments: listLive(data.segments) }, previous);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

function listLive<T extends Flag | Segment>(items: Map<string, Item<T>>): Iterable<Compilable<T>> {
  return items.entries()
    .filter(([, { value }]) => !value.deleted)
    .map(([key, { value, text }]) => ({ key, digest: text, parse: () => value }));
}

/**
 * Compiles an environment like {@linkcode compileEnvironment}, but yields after each flag and segment, so that the caller can
 * serve others in between: thousands of changed flags take longer than a server may stall.
 *
 * @param environment Flags and segments.
 * @param previous The environment before a reload.
 * @returns Generator of steps that returns the compiled environment.
 */
export function* compileInSteps(
  environment: CompilableEnvironment,
  previous?: CompiledEnvironment,
): Generator<void, CompiledEnvironment> {
  const known = previous?.linked.registry.isWorn ? undefined : previous?.linked;
  const registry = known?.registry ?? new Registry();
  const segments = new Map<string, CompiledSegment>();
  for (const { key, digest, parse } of environment.segments) {
    const same = known?.segments.get(key);
    segments.set(key, same?.digest === digest ? same : compileSegment(parse(), digest, registry));
    yield;
  }
  const flags = new Map<string, CompiledFlag>();
  for (const { key, digest, parse } of environment.flags) {
    const same = known?.flags.get(key)?.compiled;
    flags.set(key, same?.digest === digest ? same : compileFlag(parse(), digest, registry));
    yield;
  }
  registry.limitGrowth();
  const depths = {
    flags: yield* computeDepths(listPrerequisites(registry, flags)),
    segments: yield* computeDepths(listSegments(registry, segments)),
  };
  return { linked: new LinkedEnvironment(registry, flags, segments, depths) };
}

/** Lists, by slot, the slots of the prerequisites of a flag; one for which the context does not matter has none. */
function listPrerequisites(registry: Registry, flags: Map<string, CompiledFlag>): number[][] {
  return registry.prerequisites.keys().map((key) => {
    const flag = flags.get(key);
    return flag && flag.constant === null ? flag.prerequisites.map(({ slot }) => slot) : [];
  }).toArray();
}

/** Lists, by slot, the slots of the segments that a segment's rules test. */
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
