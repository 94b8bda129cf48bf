import type { Pause } from "../wire/mod.ts";
import { addDependents } from "./_dependents.ts";
import type { ItemKind, Items } from "./_items.ts";
import type { Snapshot } from "./snapshot.ts";

/** A flag or a segment that differs between two snapshots. */
export interface Change {
  /** Flag or segment. */
  kind: ItemKind;
  /** Key. */
  key: string;
  /** JSON: a view of the snapshot; absent when the item is gone. */
  body?: Uint8Array<ArrayBuffer>;
  /** Version; when the item is gone, that of its tombstone. */
  version: number;
  /** Previous version; absent when the item is new. */
  previous?: number;
}

/** The difference of two snapshots. */
export interface Comparison {
  /**
   * Changes in an order in which a client can apply them one by one without ever having a flag before those it depends on:
   * segments, then flags, each after its dependencies; at the end the deletions, in reverse.
   */
  changes: Change[];
  /**
   * Finds the flags whose results may have changed: those that changed themselves, and those that a change reaches through
   * segments, segments in segments, and prerequisites.
   *
   * @returns Keys of these flags, deleted ones included.
   */
  findAffectedFlags(): Promise<Set<string>>;
}

/** Numbers of flags and segments that differ between two snapshots. */
export interface ItemChanges {
  /** Those that are in the newer one alone. */
  added: number;
  /** Those that are in both, and differ. */
  changed: number;
  /** Those that are in the older one alone. */
  removed: number;
}

/** One changed item: its positions in the two snapshots, -1 where it is absent or a tombstone. */
interface Pair {
  before: number;
  after: number;
}

/**
 * Compares two snapshots of an environment by the digests of their items.
 *
 * @param before The older one.
 * @param after The newer one.
 * @param pause Called between items. @default {never pauses}
 * @returns The difference.
 */
export async function compareSnapshots(
  before: Snapshot,
  after: Snapshot,
  pause: Pause = neverPause,
): Promise<Comparison> {
  const [old, now] = [before.items, after.items];
  const union = new Union(old, now);
  const there = new Map<number, Pair>();
  const gone = new Map<number, Pair>();
  if (!before.hasSameData(after)) {
    for (const kind of ["segments", "flags"] as const) {
      await union.match(kind, pause, (pair) => {
        if (pair.after >= 0) there.set(pair.after, pair);
        else gone.set(pair.before, pair);
      });
    }
  }
  const changes: Change[] = [];
  for (const position of await sort(there, now, pause)) {
    changes.push(describeChange(there.get(position)!, old, now));
    await pause();
  }
  for (const position of (await sort(gone, old, pause)).reverse()) {
    changes.push(describeChange(gone.get(position)!, old, now));
    await pause();
  }
  return {
    changes,
    findAffectedFlags: () => union.findAffectedFlags([...there.values(), ...gone.values()], pause),
  };
}

/**
 * Counts the flags and segments that differ between two snapshots of an environment, by their digests.
 *
 * @param before The older one; `undefined` if the environment is new.
 * @param after The newer one; `undefined` if the environment is gone.
 * @param pause Called between items.
 * @returns The numbers. Tombstones do not count.
 */
export async function countItemChanges(
  before: Snapshot | undefined,
  after: Snapshot | undefined,
  pause: Pause,
): Promise<ItemChanges> {
  if (!before || !after) return { added: countItems(after), changed: 0, removed: countItems(before) };
  const counts: ItemChanges = { added: 0, changed: 0, removed: 0 };
  if (before.hasSameData(after)) return counts;
  const union = new Union(before.items, after.items);
  for (const kind of ["flags", "segments"] as const) {
    await union.match(kind, pause, (pair) => {
      counts[pair.before < 0 ? "added" : pair.after < 0 ? "removed" : "changed"]++;
    });
  }
  return counts;
}

/**
 * Returns the version of a deletion.
 *
 * @param previous Version of the deleted item.
 * @param current Version of the archive's own tombstone, or of the item that the client can no longer see.
 * @returns A version that is higher than `previous` and not lower than `current`.
 */
export function getTombstoneVersion(previous: number, current = -Infinity): number {
  return Math.max(previous + 1, current);
}

/**
 * Memoizes a comparison per (before, after) pair.
 *
 * @param compare Compares two snapshots.
 * @returns The same, with its results remembered for as long as both snapshots are in use.
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

function neverPause(): undefined {}

function countItems(snapshot: Snapshot | undefined): number {
  const { flags, segments } = snapshot?.counts ?? { flags: 0, segments: 0 };
  return flags + segments;
}

function describeChange({ before, after }: Pair, old: Items, now: Items): Change {
  const previous = before < 0 ? undefined : old.getVersion(before);
  if (after >= 0) {
    return {
      kind: now.getKind(after),
      key: now.getKey(after),
      ...previous !== undefined && { previous },
      version: now.getVersion(after),
      body: now.getBody(after),
    };
  }
  const [kind, key] = [old.getKind(before), old.getKey(before)];
  const tombstone = now.find(kind, key);
  const version = getTombstoneVersion(previous!, tombstone < 0 ? undefined : now.getVersion(tombstone));
  return { kind, key, previous: previous!, version };
}

/** Items of two snapshots as one graph: an item in both is one node, numbered as in the newer one. */
class Union {
  readonly #old: Items;
  readonly #now: Items;
  /** Node of each item of the older one. */
  readonly #nodes: Uint32Array;

  constructor(old: Items, now: Items) {
    this.#old = old;
    this.#now = now;
    this.#nodes = new Uint32Array(old.count);
    for (let position = 0; position < old.count; position++) this.#nodes[position] = now.count + position;
  }

  /** Walks through both lists of a kind, which have the same order, and reports each difference. */
  async match(kind: ItemKind, pause: Pause, onDifference: (pair: Pair) => void): Promise<void> {
    const [old, now] = [this.#old, this.#now];
    let [before, beforeEnd] = old.range(kind);
    let [after, afterEnd] = now.range(kind);
    while (before < beforeEnd || after < afterEnd) {
      await pause();
      const isSame = before < beforeEnd && after < afterEnd && old.isSame(before, now, after);
      const order = isSame ? 0 : compareKeys(
        before < beforeEnd ? old.getKey(before) : undefined,
        after < afterEnd ? now.getKey(after) : undefined,
      );
      if (order === 0) this.#nodes[before] = after;
      if (!isSame) {
        const pair = {
          before: order <= 0 && !old.isDeleted(before) ? before : -1,
          after: order >= 0 && !now.isDeleted(after) ? after : -1,
        };
        if (pair.before >= 0 || pair.after >= 0) onDifference(pair);
      }
      if (order <= 0) before++;
      if (order >= 0) after++;
    }
  }

  async findAffectedFlags(pairs: Pair[], pause: Pause): Promise<Set<string>> {
    const affected = new Set<number>();
    for (const { before, after } of pairs) {
      affected.add(after >= 0 ? after : this.#nodes[before]!);
      await pause();
    }
    if (affected.size > 0) {
      const dependents = new Map<number, number[]>();
      await addDependents(dependents, this.#now, (position) => position, pause);
      await addDependents(dependents, this.#old, (position) => this.#nodes[position]!, pause);
      // Members added to a set during iteration are visited as well.
      for (const node of affected) {
        await pause();
        for (const dependent of dependents.get(node) ?? []) affected.add(dependent);
      }
    }
    const keys = new Set<string>();
    for (const node of affected) {
      await pause();
      const [items, position] = node < this.#now.count
        ? [this.#now, node]
        : [this.#old, node - this.#now.count];
      if (items.getKind(position) === "flags") keys.add(items.getKey(position));
    }
    return keys;
  }
}

/** Compares two keys: negative when `a` comes first or `b` is absent. */
function compareKeys(a: string | undefined, b: string | undefined): number {
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/**
 * Sorts positions so that each item comes after its dependencies, even those through items outside the list; segments first. Cycles
 * are cut somewhere.
 */
async function sort(wanted: ReadonlyMap<number, Pair>, items: Items, pause: Pause): Promise<number[]> {
  const sorted = new Set<number>();
  const seen = new Set<number>();
  // A stack of its own, because chains may be longer than the call stack allows.
  const stack = [...wanted.keys()].reverse();
  while (stack.length > 0) {
    await pause();
    const position = stack.at(-1)!;
    if (seen.has(position)) {
      stack.pop();
      if (wanted.has(position)) sorted.add(position);
    } else {
      seen.add(position);
      for (const reference of items.getReferences(position)) {
        // Segments have all been sorted before the first flag.
        const isFollowed = items.getKind(reference) === items.getKind(position);
        if (isFollowed && !items.isDeleted(reference) && !seen.has(reference)) stack.push(reference);
      }
    }
  }
  return [...sorted];
}
