import type { Slices } from "../evaluation/mod.ts";
import type { Flag, Segment } from "../model/mod.ts";
import { type ItemKind, listReferences, type Reference, type Snapshot } from "../snapshot/mod.ts";

/** Keys of flags and of segments, each in ascending order. */
export interface ItemKeys {
  /** Flags. */
  flags: string[];
  /** Segments. */
  segments: string[];
}

/** Flags and segments on one side of an item. Those in a cycle with it include the item itself. */
export interface Neighbours extends ItemKeys {
  /** Those that are only reached through others. */
  indirect: ItemKeys;
}

/** What a flag or a segment depends on, and what depends on it: by prerequisites and by segments in rules. */
export interface Dependencies {
  /** What it depends on; `missing` are the ones that do not exist or are deleted. */
  dependsOn: Neighbours & { missing: Reference[] };
  /** What depends on it. */
  dependents: Neighbours;
}

/**
 * Finds the dependencies of a flag or a segment.
 *
 * @param snapshot Snapshot of the environment.
 * @param kind Kind of the item.
 * @param key Its key.
 * @returns Slices; the last one returns the dependencies, or `undefined` when there is no such item.
 */
export function* findDependenciesInSlices(
  { items }: Snapshot,
  kind: ItemKind,
  key: string,
): Slices<Dependencies | undefined> {
  const position = items.find(kind, key);
  if (position < 0 || items.isDeleted(position)) return undefined;
  const references = listReferences(kind, items.parse(position) as Flag | Segment);
  const distinct = new Map(references.map((one) => [`${one.kind}/${one.key}`, one])).values();
  const dependents = yield* invert(items);
  return {
    dependsOn: {
      ...yield* listNeighbours(items, position, (at) => items.getReferences(at)),
      missing: [...distinct.filter((one) => isMissing(items, one))],
    },
    dependents: yield* listNeighbours(items, position, (at) => dependents.get(at) ?? []),
  };
}

function isMissing(items: Snapshot["items"], { kind, key }: Reference): boolean {
  const position = items.find(kind, key);
  return position < 0 || items.isDeleted(position);
}

/** Lists for each item those that refer to it. */
function* invert(items: Snapshot["items"]): Slices<Map<number, number[]>> {
  const dependents = new Map<number, number[]>();
  for (let position = 0; position < items.count; position++) {
    for (const reference of items.getReferences(position)) {
      const known = dependents.get(reference);
      if (known) known.push(position);
      else dependents.set(reference, [position]);
    }
    yield;
  }
  return dependents;
}

function* listNeighbours(
  items: Snapshot["items"],
  position: number,
  getNext: (position: number) => Iterable<number>,
): Slices<Neighbours> {
  const direct = new Set(getNext(position));
  const reached = new Set(direct);
  // Members added to a set during iteration are visited as well.
  for (const at of reached) {
    for (const next of getNext(at)) reached.add(next);
    yield;
  }
  return { ...toKeys(items, direct), indirect: toKeys(items, reached.difference(direct)) };
}

function toKeys(items: Snapshot["items"], positions: ReadonlySet<number>): ItemKeys {
  const keys: ItemKeys = { flags: [], segments: [] };
  for (const position of [...positions].sort((a, b) => a - b)) {
    if (!items.isDeleted(position)) keys[items.getKind(position)].push(items.getKey(position));
  }
  return keys;
}
