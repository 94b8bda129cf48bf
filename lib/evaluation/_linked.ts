import type { Flag } from "../model/mod.ts";
import type { CompiledFlag } from "./_flag.ts";
import { type Entry, type Output, prepareOutput } from "./_output.ts";
import type { Registry } from "./_registry.ts";
import type { CompiledSegment } from "./_segment.ts";
import type { Audience, OutputOptions } from "./output_options.ts";

/** Output for an audience, which is put together in steps by whoever asks first, and by whoever asks meanwhile. */
export interface PreparedOutput {
  /** Steps of putting it together. */
  steps: Generator<void, Output>;
  /** The output, once all steps are done. */
  output?: Output;
}

/** Keys of the flags and segments that come from overrides and not from the archive, those that they delete included. */
export interface OverriddenKeys {
  /** Keys of flags. */
  readonly flags: ReadonlySet<string>;
  /** Keys of segments. */
  readonly segments: ReadonlySet<string>;
}

/** Compiled flags and segments of an environment, put where the numbers by which others refer to them point. */
export interface LinkedEnvironment {
  /** Numbers of what flags and segments refer to. */
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
  /** Keys of what comes from overrides. */
  readonly overridden: OverriddenKeys;
  /** Prepared outputs by audience and whether reasons are included, each made on first use. */
  readonly outputs: Map<string, PreparedOutput>;
}

/**
 * Gets the prepared output for an audience, which is made on first use, once for all who ask.
 *
 * @param environment The environment.
 * @param options Audience, and whether reasons are included.
 * @returns Steps, one for each flag if it has to be made; the last one returns all flags visible to the audience.
 */
export function* getOutput(
  { flags, outputs }: LinkedEnvironment,
  { audience, withReasons }: OutputOptions,
): Generator<void, Output> {
  const name = `${audience} ${withReasons}`;
  let prepared = outputs.get(name);
  if (prepared === undefined) {
    const visible = flags.values().filter(({ compiled }) => isVisible(compiled.flag, audience));
    outputs.set(name, prepared = { steps: prepareOutput(visible, withReasons) });
  }
  while (prepared.output === undefined) {
    const step = prepared.steps.next();
    if (step.done) prepared.output = step.value;
    else yield;
  }
  return prepared.output;
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
