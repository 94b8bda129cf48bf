import type { EnvironmentMetadata, Flag, Segment } from "../model/mod.ts";
import {
  type Change,
  compareSnapshots,
  encodeChanges,
  isTaken,
  type ItemKind,
  Snapshot,
} from "../snapshot/mod.ts";
import type { Pause } from "../wire/mod.ts";
import { describeFlagChange, describeSegmentChange } from "./_item_changes.ts";
import { type KeyDifference, listKeyChanges, listMetadataChanges } from "./_metadata_changes.ts";
import { describeFlag, describeSegment } from "./words.ts";

/** An environment of an archive that cannot be served. */
export interface FaultyEnvironment {
  /** ID of the environment. */
  id: string;
  /** Its metadata, unless the fault is there. */
  metadata?: EnvironmentMetadata;
  /** The fault: a sentence. */
  fault: string;
}

/** A flag or a segment that differs between two versions of an environment. */
export interface ItemDifference {
  /** Key. */
  key: string;
  /** What happened to it; one that is replaced by a tombstone is removed. */
  change: "added" | "removed" | "changed";
  /** Older version; absent when it is added. */
  before?: number;
  /** Newer version; absent when it is removed. */
  after?: number;
  /**
   * What changed, or what was added: lines; never empty for what changed. Empty for what is removed, and for all items of an
   * environment that is added or removed.
   */
  words: string[];
}

/** The difference of two versions of an environment. */
export interface EnvironmentDifference {
  /** ID of the environment. */
  id: string;
  /** Name of its project, or the project's key. */
  project: string;
  /** Name of the environment, or its key. */
  name: string;
  /** What happened to it; `faulty` when one of the versions cannot be served, so that flags and segments are not compared. */
  change: "added" | "removed" | "changed" | "same" | "faulty";
  /** What changed in its metadata, and the faults: lines. */
  metadata: string[];
  /** SDK keys and mobile keys that changed. */
  keys: KeyDifference[];
  /** Flags that differ, in ascending order of key. */
  flags: ItemDifference[];
  /** Segments that differ, in ascending order of key. */
  segments: ItemDifference[];
  /** Whether a flag or segment has other content, and a version that is not higher than before or than its tombstone's. */
  rollback: boolean;
  /** What open streams of server-side SDKs (`/all`) get: changes one by one, everything, or nothing. */
  streams: "deltas" | "put" | "none";
}

/** A version of an environment: a snapshot, or the fault for which there is none. */
export type EnvironmentVersion = Snapshot | FaultyEnvironment;

/**
 * Compares two versions of an environment, of which one may be missing.
 *
 * @param before The older one; `undefined` when there is none.
 * @param after The newer one; `undefined` when there is none.
 * @param pause Called between flags and segments. @default {never pauses}
 * @returns The difference.
 */
export async function compareEnvironments(
  before: EnvironmentVersion | undefined,
  after: EnvironmentVersion | undefined,
  pause: Pause = neverPause,
): Promise<EnvironmentDifference> {
  const identity = identify(before, after);
  const [old, now] = [before?.metadata, after?.metadata];
  const faults = [...describeFault(before, "older"), ...describeFault(after, "newer")];
  const metadata = [...faults, ...old && now ? listMetadataChanges(old, now) : []];
  const areKeysKnown = (old || !before) && (now || !after);
  const keys = areKeysKnown ? listKeyChanges(old, now) : [];
  const data = await compareData(before, after, pause);
  const isSame = metadata.length + keys.length + data.flags.length + data.segments.length === 0;
  let change: EnvironmentDifference["change"] = isSame ? "same" : "changed";
  if (faults.length > 0) change = "faulty";
  else if (!before) change = "added";
  else if (!after) change = "removed";
  return { ...identity, change, metadata, keys, ...data };
}

/** The part of a difference that flags and segments make. */
type DataDifference = Pick<EnvironmentDifference, "flags" | "segments" | "rollback" | "streams">;

function neverPause(): undefined {}

function identify(
  before: EnvironmentVersion | undefined,
  after: EnvironmentVersion | undefined,
): Pick<EnvironmentDifference, "id" | "project" | "name"> {
  const metadata = after?.metadata ?? before?.metadata;
  const version = after ?? before!;
  return {
    id: version instanceof Snapshot ? version.metadata.id : version.id,
    project: metadata?.projectName || metadata?.projectKey || "",
    name: metadata?.name || metadata?.key || "",
  };
}

function describeFault(version: EnvironmentVersion | undefined, which: "older" | "newer"): string[] {
  return version && "fault" in version ? [`the ${which} version cannot be served: ${version.fault}`] : [];
}

async function compareData(
  before: EnvironmentVersion | undefined,
  after: EnvironmentVersion | undefined,
  pause: Pause,
): Promise<DataDifference> {
  const [old, now] = [before, after].map((version) => version instanceof Snapshot ? version : undefined);
  if (old && now) return await compareItems(old, now, pause);
  const isOneSided = (old && !after) || (now && !before);
  return {
    flags: isOneSided ? [...listItems("flags", old, now)] : [],
    segments: isOneSided ? [...listItems("segments", old, now)] : [],
    rollback: false,
    streams: "none",
  };
}

/** Lists the flags or segments of an environment that is only in one archive. */
function* listItems(
  kind: ItemKind,
  before: Snapshot | undefined,
  after: Snapshot | undefined,
): Generator<ItemDifference> {
  const { items } = after ?? before!;
  const [start, end] = items.range(kind);
  for (let i = start; i < end; i++) {
    if (items.isDeleted(i)) continue;
    const [key, version] = [items.getKey(i), items.getVersion(i)];
    yield after
      ? { key, change: "added", after: version, words: [] }
      : { key, change: "removed", before: version, words: [] };
  }
}

async function compareItems(before: Snapshot, after: Snapshot, pause: Pause): Promise<DataDifference> {
  const { changes } = await compareSnapshots(before, after, pause);
  const items: Record<ItemKind, ItemDifference[]> = { flags: [], segments: [] };
  for (const change of changes) {
    items[change.kind].push(describeChange(change, before, after));
    await pause();
  }
  for (const list of Object.values(items)) list.sort((a, b) => a.key < b.key ? -1 : 1);
  return {
    ...items,
    rollback: changes.some((change) => !isTaken(change, getTombstone(change, before))),
    streams: await predictStreams(changes, after, pause),
  };
}

/** Gets the version at which an item that is new was deleted before. */
function getTombstone({ kind, key, previous }: Change, before: Snapshot): number | undefined {
  return previous === undefined ? before.find(kind, key)?.version : undefined;
}

/** Streams decide it with the same functions. */
async function predictStreams(
  changes: readonly Change[],
  after: Snapshot,
  pause: Pause,
): Promise<EnvironmentDifference["streams"]> {
  if (changes.length === 0) return "none";
  const isTold = changes.every((change) => isTaken(change, undefined));
  return isTold && await encodeChanges(changes, after, "all", pause) ? "deltas" : "put";
}

function describeChange(
  { kind, key, body, previous, version }: Change,
  before: Snapshot,
  after: Snapshot,
): ItemDifference {
  if (!body) return { key, change: "removed", before: previous!, words: [] };
  const now = parse(after, kind, key);
  if (previous === undefined) {
    const words = kind === "flags" ? describeFlag(now as Flag) : describeSegment(now as Segment);
    return { key, change: "added", after: version, words };
  }
  const old = parse(before, kind, key);
  const words = kind === "flags"
    ? describeFlagChange(old as Flag, now as Flag)
    : describeSegmentChange(old as Segment, now as Segment);
  return { key, change: "changed", before: previous, after: version, words };
}

function parse({ items }: Snapshot, kind: ItemKind, key: string): unknown {
  return items.parse(items.find(kind, key));
}
