import { type CompiledEnvironment, compileInSteps } from "../evaluation/mod.ts";
import type { Environment, EnvironmentData, EnvironmentMetadata, Flag, Item, Segment } from "../model/mod.ts";
import type { Pause } from "../wire/mod.ts";
import {
  type KnownEnvironment,
  type Payload,
  type PreparedEnvironment,
  type PreparedItems,
  prepareEnvironment,
  toPayload,
} from "./prepare.ts";

/** Everything that one version of an environment serves, ready to send. Never changed once made. */
export interface Snapshot {
  /** Who the environment is and who may read it. */
  readonly metadata: EnvironmentMetadata;
  /** Flags and segments, one by one. An item that a reload did not change is the same object as before. */
  readonly data: EnvironmentData;
  /** `{"flags":{…},"segments":{…}}`: `/sdk/latest-all` and, as event, `/all`. */
  readonly all: Payload;
  /** `{"<key>":{…}}`: `/sdk/flags` and, as event, `/flags`. */
  readonly flags: Payload;
  /** Flags and segments ready for evaluation. */
  readonly compiled: CompiledEnvironment;
  /** Digests of all flags and segments, by which the next load tells what has changed. */
  readonly digests: Uint8Array<ArrayBuffer>;
}

/**
 * Makes a snapshot of what a load has prepared.
 *
 * @param prepared What the load handed over, prepared against `previous`.
 * @param previous What is served now.
 * @param pause Is called between items. @default {never pauses}
 * @returns The snapshot; `previous` itself when nothing that anyone can see has changed.
 */
export async function assembleSnapshot(
  prepared: PreparedEnvironment,
  previous?: Snapshot,
  pause: Pause = () => undefined,
): Promise<Snapshot> {
  const { metadata, digests } = prepared;
  const all = prepared.all ? toPayload(prepared.all, ['{"path":"/","data":', "}"]) : previous?.all;
  const flags = prepared.flags ? toPayload(prepared.flags, ["", ""]) : previous?.flags;
  if (!all || !flags) {
    throw new TypeError("Cannot assemble a snapshot: its payloads are neither new nor known");
  }
  if (all === previous?.all) return renewMetadata(previous, metadata);
  const data = {
    flags: await assembleItems<Flag>(prepared.flagItems, previous?.data.flags, pause),
    segments: await assembleItems<Segment>(prepared.segmentItems, previous?.data.segments, pause),
  };
  const steps = compileInSteps(data, previous?.compiled);
  let step = steps.next();
  for (; !step.done; step = steps.next()) await pause();
  return { metadata, data, all, flags, digests, compiled: step.value };
}

/**
 * Makes a snapshot that differs in its metadata alone.
 *
 * @param previous What is served now.
 * @param metadata Who the environment is and who may read it from now on.
 * @returns The snapshot; `previous` itself when the metadata is the same.
 */
export function renewMetadata(previous: Snapshot, metadata: EnvironmentMetadata): Snapshot {
  return JSON.stringify(metadata) === JSON.stringify(previous.metadata)
    ? previous
    : { ...previous, metadata };
}

/**
 * Tells a load what is served already.
 *
 * @param snapshot What is served.
 * @returns What the load needs to know of it.
 */
export function knownOf({ all, flags, digests }: Snapshot): KnownEnvironment {
  return { allEtag: all.etag, flagsEtag: flags.etag, digests };
}

/**
 * Prepares and assembles in one go, where holding up requests does not matter.
 *
 * @param environment What the archive says.
 * @param previous What is served now.
 * @returns The snapshot; `previous` itself when nothing that anyone can see has changed.
 */
export async function prepareSnapshot(environment: Environment, previous?: Snapshot): Promise<Snapshot> {
  return await assembleSnapshot(
    await prepareEnvironment(environment, previous && knownOf(previous)),
    previous,
  );
}

/** What is checked when it is loaded is only parsed here. */
async function assembleItems<T extends Flag | Segment>(
  { keys, changed, texts, ends }: PreparedItems,
  previous: Map<string, Item<T>> | undefined,
  pause: Pause,
): Promise<Map<string, Item<T>>> {
  const decoder = new TextDecoder();
  const items = new Map<string, Item<T>>();
  let next = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (changed[next] === i) {
      const text = decoder.decode(texts.subarray(ends[next - 1] ?? 0, ends[next]));
      items.set(key, { value: JSON.parse(text), text });
      next++;
      await pause();
    } else {
      const known = previous?.get(key);
      if (!known) throw new TypeError(`Cannot assemble a snapshot: "${key}" is neither new nor known`);
      items.set(key, known);
    }
  }
  return items;
}
