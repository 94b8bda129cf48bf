import type { EnvironmentData, Flag } from "../model/mod.ts";
import { type CompiledFlag, compileFlag } from "./_flag.ts";
import { type Entry, type Output, prepareOutput } from "./_output.ts";
import { Registry } from "./_registry.ts";
import { type CompiledSegment, compileSegment } from "./_segment.ts";

/** Who asks, which decides what flags are seen: clients with an environment ID, with a mobile key, or with an SDK key (all flags). */
export type Audience = "environmentId" | "mobile" | "server";

/** What clients get. */
export interface OutputOptions {
  /** Who asks. */
  audience: Audience;
  /** Whether evaluations say why; one that counts as an experiment's does in any case. */
  withReasons: boolean;
}

/** Flags and segments of an environment, ready to be evaluated. What is inside is the evaluator's own business. */
export class CompiledEnvironment {
  /** Numbers what flags and segments refer to. */
  readonly registry: Registry;
  /** Flags by key, in the order of the data. */
  readonly flags: ReadonlyMap<string, Entry>;
  /** Segments by key. */
  readonly segments: ReadonlyMap<string, CompiledSegment>;
  /** Flags by their slot as a prerequisite. */
  readonly flagsBySlot: readonly (CompiledFlag | undefined)[];
  /** Segments by slot. */
  readonly segmentsBySlot: readonly (CompiledSegment | undefined)[];
  readonly #outputs = new Map<string, Output>();

  /**
   * Puts flags and segments where the numbers by which others refer to them point.
   *
   * @param registry Those numbers.
   * @param flags Compiled flags by key.
   * @param segments Compiled segments by key.
   */
  constructor(
    registry: Registry,
    flags: ReadonlyMap<string, CompiledFlag>,
    segments: ReadonlyMap<string, CompiledSegment>,
  ) {
    this.registry = registry;
    this.segments = segments;
    this.flagsBySlot = registry.prerequisites.keys().map((key) => flags.get(key)).toArray();
    this.segmentsBySlot = registry.segments.keys().map((key) => segments.get(key)).toArray();
    this.flags = new Map(
      flags.entries().map(([key, compiled]) => [key, { compiled, slot: registry.prerequisites.find(key) }]),
    );
  }

  /**
   * Gets the prepared output, which is made the first time that somebody asks for it.
   *
   * @param options Who asks, and for what.
   * @returns All flags that they see.
   */
  getOutput({ audience, withReasons }: OutputOptions): Output {
    const name = `${audience} ${withReasons}`;
    let output = this.#outputs.get(name);
    if (output === undefined) {
      const visible = this.flags.values().filter(({ compiled }) => isVisible(compiled.flag, audience));
      this.#outputs.set(name, output = prepareOutput(visible, withReasons));
    }
    return output;
  }
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
  const known = previous?.registry.isWorn ? undefined : previous;
  const registry = known?.registry ?? new Registry();
  const segments = new Map<string, CompiledSegment>();
  for (const [key, { value, text }] of data.segments) {
    if (value.deleted) continue;
    const same = known?.segments.get(key);
    segments.set(key, same?.text === text ? same : compileSegment(value, text, registry));
  }
  const flags = new Map<string, CompiledFlag>();
  for (const [key, { value, text }] of data.flags) {
    if (value.deleted) continue;
    const same = known?.flags.get(key)?.compiled;
    flags.set(key, same?.text === text ? same : compileFlag(value, text, registry));
  }
  registry.limitGrowth();
  return new CompiledEnvironment(registry, flags, segments);
}

/**
 * Says whether an audience sees a flag. Without `clientSideAvailability` the older `clientSide` counts for clients with
 * an environment ID, and mobile clients see everything.
 *
 * @param flag The flag.
 * @param audience Who asks.
 * @returns Whether they see it.
 */
export function isVisible({ clientSideAvailability, clientSide }: Flag, audience: Audience): boolean {
  switch (audience) {
    case "environmentId":
      return (clientSideAvailability ? clientSideAvailability.usingEnvironmentId : clientSide) ?? false;
    case "mobile":
      return clientSideAvailability ? clientSideAvailability.usingMobileKey ?? false : true;
    case "server":
      return true;
  }
}
