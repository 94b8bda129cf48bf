import type { Flag } from "../model/mod.ts";
import type { CompiledFlag } from "./_flag.ts";
import { type Entry, type Output, prepareOutput } from "./_output.ts";
import type { Registry } from "./_registry.ts";
import type { CompiledSegment } from "./_segment.ts";
import type { Audience, OutputOptions } from "./output_options.ts";

/** Compiled flags and segments of an environment, put where the numbers by which others refer to them point. */
export class LinkedEnvironment {
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
  /** Length of the longest chain of prerequisites that begins at each flag, by slot. */
  readonly flagDepths: Int32Array;
  /** Likewise of segments. */
  readonly segmentDepths: Int32Array;
  readonly #outputs = new Map<string, Output>();

  /**
   * Links flags and segments.
   *
   * @param registry Numbers what they refer to.
   * @param flags Compiled flags by key.
   * @param segments Compiled segments by key.
   * @param depths Lengths of chains by slot.
   */
  constructor(
    registry: Registry,
    flags: ReadonlyMap<string, CompiledFlag>,
    segments: ReadonlyMap<string, CompiledSegment>,
    depths: { flags: Int32Array; segments: Int32Array },
  ) {
    this.registry = registry;
    this.flagDepths = depths.flags;
    this.segmentDepths = depths.segments;
    this.segments = segments;
    this.flagsBySlot = registry.prerequisites.keys().map((key) => flags.get(key)).toArray();
    this.segmentsBySlot = registry.segments.keys().map((key) => segments.get(key)).toArray();
    this.flags = new Map(
      flags.entries().map(([key, compiled]) => [key, { compiled, slot: registry.prerequisites.find(key) }]),
    );
  }

  /**
   * Gets the prepared output, which is made on first use.
   *
   * @param options Audience, and whether reasons are included.
   * @returns All flags visible to it.
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
 * Reports whether an audience sees a flag. Without `clientSideAvailability` the older `clientSide` counts for clients with
 * an environment ID, and mobile clients see everything.
 *
 * @param flag The flag.
 * @param audience The audience.
 * @returns Whether the flag is visible to it.
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
