import type { EnvironmentData, Flag, Item, Segment } from "../model/mod.ts";
import { computeDepths } from "./_depth.ts";
import { type CompiledFlag, compileFlag } from "./_flag.ts";
import type { LinkedEnvironment, OverriddenKeys } from "./_linked.ts";
import type { Entry } from "./_output.ts";
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

/** A flag to compile. */
export interface CompilableFlag extends Compilable<Flag> {
  /** Whether it, or what it refers to at any depth, comes from overrides: its reasons say so. @default {false} */
  isAffected?: boolean;
}

/** No overrides. */
const NOTHING_OVERRIDDEN: OverriddenKeys = { flags: new Set(), segments: new Set() };

/** Flags and segments to compile, in the order in which clients get them; tombstones are left out. */
export interface CompilableEnvironment {
  /** The flags. */
  flags: Iterable<CompilableFlag>;
  /** The segments. */
  segments: Iterable<Compilable<Segment>>;
  /** What of them comes from overrides. @default {nothing} */
  overridden?: OverriddenKeys;
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
 * Compiles an environment like {@linkcode compileEnvironment}, but yields after each flag and segment and between steps of
 * linking them, so that the caller can serve others in between: thousands of changed flags take longer than a server may stall.
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
  for (const { key, digest, isAffected = false, parse } of environment.flags) {
    const same = known?.flags.get(key)?.compiled;
    const isSame = same?.digest === digest && same.isAffected === isAffected;
    flags.set(key, isSame ? same : compileFlag(parse(), { digest, isAffected, registry }));
    yield;
  }
  registry.limitGrowth();
  const flagsBySlot = yield* collect(registry.prerequisites.keys().map((key) => flags.get(key)));
  const segmentsBySlot = yield* collect(registry.segments.keys().map((key) => segments.get(key)));
  const prerequisites = yield* collect(flagsBySlot.values().map(listPrerequisites));
  const segmentsAsked = yield* collect(
    segmentsBySlot.values().map((segment) => listSegments(segment, registry)),
  );
  const entries = new Map<string, Entry>();
  for (const [key, compiled] of flags) {
    entries.set(key, { compiled, slot: registry.prerequisites.find(key) });
    yield;
  }
  return {
    linked: {
      registry,
      flags: entries,
      segments,
      flagsBySlot,
      segmentsBySlot,
      flagDepths: yield* computeDepths(prerequisites),
      segmentDepths: yield* computeDepths(segmentsAsked),
      overridden: environment.overridden ?? NOTHING_OVERRIDDEN,
      outputs: new Map(),
    },
  };
}

/** Puts values into an array, one in a step. */
function* collect<T>(values: Iterable<T>): Generator<void, T[]> {
  const list: T[] = [];
  for (const value of values) {
    list.push(value);
    yield;
  }
  return list;
}

/** Slots of the flags that a flag needs; one for which the context does not matter needs none. */
function listPrerequisites(flag: CompiledFlag | undefined): number[] {
  return flag && flag.constant === null ? flag.prerequisites.map(({ slot }) => slot) : [];
}

/** Slots of the segments that a segment's rules ask. */
function listSegments(segment: CompiledSegment | undefined, registry: Registry): number[] {
  return (segment?.rules ?? []).flatMap(({ clauses }) =>
    clauses.slice(1).flatMap((slot) => {
      const { op, values } = registry.clauses[slot]!;
      return op === "segmentMatch" ? values : [];
    })
  );
}
