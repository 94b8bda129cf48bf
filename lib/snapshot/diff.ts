import type { EnvironmentData, Flag, Item, Segment } from "../model/mod.ts";
import type { Pause } from "../wire/mod.ts";
import type { Snapshot } from "./snapshot.ts";

/** What is not as it was. */
export interface Change {
  /** What it is. */
  kind: "flags" | "segments";
  /** Its key. */
  key: string;
  /** Its JSON; absent when it is gone. */
  text?: string;
  /** Its version; when it is gone, that of its tombstone. */
  version: number;
  /** Version that it had; absent when it was not there. */
  previous?: number;
}

/**
 * Tells two states of an environment apart, by the text of each flag and segment.
 *
 * @param before What was.
 * @param after What is.
 * @param pause Is called between items. @default {never pauses}
 * @returns The changes in the order in which a client can take them one by one without ever having a flag before what it
 * refers to: segments, then flags, each after those it depends on; in the end what is gone, the other way round.
 */
export async function diffEnvironments(
  before: EnvironmentData,
  after: EnvironmentData,
  pause: Pause = neverPause,
): Promise<Change[]> {
  const segments = await listChanges("segments", before.segments, after.segments, pause);
  const flags = await listChanges("flags", before.flags, after.flags, pause);
  return [
    ...await sortChanges(segments.filter(isThere), after.segments, listSegments, pause),
    ...await sortChanges(flags.filter(isThere), after.flags, listPrerequisites, pause),
    ...(await sortChanges(flags.filter(isGone), before.flags, listPrerequisites, pause)).reverse(),
    ...(await sortChanges(segments.filter(isGone), before.segments, listSegments, pause)).reverse(),
  ];
}

/**
 * Gives the version with which something is deleted.
 *
 * @param previous Version that it had.
 * @param current Version that it has where it still is: in the archive's own tombstone, or out of a client's sight.
 * @returns A version that is higher than `previous` and not lower than `current`.
 */
export function getTombstoneVersion(previous: number, current = -Infinity): number {
  return Math.max(previous + 1, current);
}

/**
 * Finds the flags whose results may have changed: those that changed themselves, and those that a change reaches through
 * segments, segments in segments, and prerequisites.
 *
 * @param changes What has changed.
 * @param after The environment after it.
 * @param pause Is called between items. @default {never pauses}
 * @returns Keys of these flags, of those that are gone too.
 */
export async function findAffectedFlags(
  changes: Change[],
  after: EnvironmentData,
  pause: Pause = neverPause,
): Promise<Set<string>> {
  const changed = listKeys(changes, "segments");
  const segments = await addDependents(changed, after.segments, listSegments, pause);
  const flags = listKeys(changes, "flags");
  if (segments.size > 0) {
    for (const key of after.flags.keys()) {
      if (listSegments(getLive(after.flags, key)).some((segment) => segments.has(segment))) flags.add(key);
      await pause();
    }
  }
  return await addDependents(flags, after.flags, listPrerequisites, pause);
}

/**
 * Makes a function that compares each two snapshots once, for all who ask.
 *
 * @param compare Compares two snapshots.
 * @returns The same, but it remembers its results for as long as both snapshots are in use.
 */
export function oncePerPair<T>(
  compare: (before: Snapshot, after: Snapshot) => T,
): (before: Snapshot, after: Snapshot) => T {
  const results = new WeakMap<Snapshot, WeakMap<Snapshot, { result: T }>>();
  return (before, after) => {
    let known = results.get(before);
    if (!known) results.set(before, known = new WeakMap());
    let entry = known.get(after);
    if (!entry) known.set(after, entry = { result: compare(before, after) });
    return entry.result;
  };
}

type Items<T extends Flag | Segment> = Map<string, Item<T>>;

function neverPause(): undefined {}

async function listChanges<T extends Flag | Segment>(
  kind: "flags" | "segments",
  before: Items<T>,
  after: Items<T>,
  pause: Pause,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    await pause();
    const [old, now] = [getLive(before, key), getLive(after, key)];
    // What a reload did not touch has the same string, so texts are hardly ever read.
    if (old?.text === now?.text) continue;
    const previous = old?.value.version;
    changes.push({
      kind,
      key,
      ...previous !== undefined && { previous },
      ...now
        ? { text: now.text, version: now.value.version }
        : { version: getTombstoneVersion(previous!, after.get(key)?.value.version) },
    });
  }
  return changes;
}

function isThere({ text }: Change): boolean {
  return text !== undefined;
}

function isGone({ text }: Change): boolean {
  return text === undefined;
}

function listKeys(changes: Change[], kind: "flags" | "segments"): Set<string> {
  return new Set(changes.filter((change) => change.kind === kind).map(({ key }) => key));
}

/** Tombstones hold whatever somebody wrote into them, so nobody looks at more than their version. */
function getLive<T extends Flag | Segment>(items: Items<T>, key: string): Item<T> | undefined {
  const item = items.get(key);
  return item?.value.deleted ? undefined : item;
}

function listPrerequisites(item: Item<Flag> | undefined): string[] {
  return (item?.value.prerequisites ?? []).map(({ key }) => key ?? "");
}

function listSegments(item: Item<Flag> | Item<Segment> | undefined): string[] {
  const keys: string[] = [];
  for (const { clauses } of item?.value.rules ?? []) {
    for (const { op, values } of clauses ?? []) {
      if (op !== "segmentMatch") continue;
      for (const value of values ?? []) {
        if (typeof value === "string") keys.push(value);
      }
    }
  }
  return keys;
}

/** Puts each change after those it depends on, if only through others that did not change. Cycles are cut somewhere. */
async function sortChanges<T extends Flag | Segment>(
  changes: Change[],
  items: Items<T>,
  listDependencies: (item: Item<T> | undefined) => string[],
  pause: Pause,
): Promise<Change[]> {
  const byKey = new Map(changes.map((change) => [change.key, change]));
  const sorted = new Set<Change>();
  const seen = new Set<string>();
  // A stack of its own, because chains may be longer than the program's goes.
  const stack = changes.map(({ key }) => key).reverse();
  while (stack.length > 0) {
    await pause();
    const key = stack.at(-1)!;
    if (seen.has(key)) {
      stack.pop();
      const change = byKey.get(key);
      if (change) sorted.add(change);
    } else {
      seen.add(key);
      for (const dependency of listDependencies(getLive(items, key))) {
        if (!seen.has(dependency)) stack.push(dependency);
      }
    }
  }
  return [...sorted];
}

async function addDependents<T extends Flag | Segment>(
  keys: Set<string>,
  items: Items<T>,
  listDependencies: (item: Item<T> | undefined) => string[],
  pause: Pause,
): Promise<Set<string>> {
  if (keys.size === 0) return keys;
  const dependents = new Map<string, string[]>();
  for (const key of items.keys()) {
    for (const dependency of listDependencies(getLive(items, key))) {
      const known = dependents.get(dependency);
      if (known) known.push(key);
      else dependents.set(dependency, [key]);
    }
    await pause();
  }
  const affected = new Set(keys);
  // What is added to a set while it is gone through is gone through as well.
  for (const key of affected) {
    for (const dependent of dependents.get(key) ?? []) affected.add(dependent);
  }
  return affected;
}
