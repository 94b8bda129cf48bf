import type { Slices } from "../evaluation/mod.ts";
import type { Flag, Segment } from "../model/mod.ts";
import type { ItemKind, Snapshot } from "../snapshot/mod.ts";
import { type Dependencies, findDependenciesInSlices } from "./dependencies.ts";
import { describeFlag, describeSegment } from "./words.ts";

/** A flag or a segment in a list. */
export interface ListedItem {
  /** What it is. */
  kind: ItemKind;
  /** Its key. */
  key: string;
  /** Its version. */
  version: number;
  /** Whether a flag is on. */
  isOn: boolean;
  /** Whether it comes from overrides. */
  isOverridden: boolean;
  /**
   * Parses it.
   *
   * @returns The flag or segment.
   */
  parse(): Flag | Segment;
}

/** A flag or a segment and what it is connected with. */
export interface InspectedItem extends Pick<ListedItem, "kind" | "key" | "version" | "isOverridden"> {
  /** The flag or segment. */
  value: Flag | Segment;
  /** Its rules in words: lines. */
  rules: string[];
  /** What it depends on, and what depends on it. */
  dependencies: Dependencies;
}

/** Kinds of items, in the order in which they are listed. */
const KINDS: readonly ItemKind[] = ["flags", "segments"];

/**
 * Lists flags and segments, each in ascending order of key; tombstones are left out.
 *
 * @param snapshot Snapshot of the environment.
 * @returns The items, one at a time.
 */
export function* listItems({ items, overridden }: Snapshot): Generator<ListedItem> {
  const isOverridden = new Set(overridden);
  for (let position = 0; position < items.count; position++) {
    if (items.isDeleted(position)) continue;
    yield {
      kind: items.getKind(position),
      key: items.getKey(position),
      version: items.getVersion(position),
      isOn: items.isOn(position),
      isOverridden: isOverridden.has(position),
      parse: () => items.parse(position) as Flag | Segment,
    };
  }
}

/**
 * Inspects what has a key.
 *
 * @param snapshot Snapshot of the environment.
 * @param key The key.
 * @returns Slices; the last one returns a flag, a segment, one of each, or nothing.
 */
export function* inspectItemsInSlices(snapshot: Snapshot, key: string): Slices<InspectedItem[]> {
  const { items, overridden } = snapshot;
  const found: InspectedItem[] = [];
  for (const kind of KINDS) {
    const dependencies = yield* findDependenciesInSlices(snapshot, kind, key);
    if (!dependencies) continue;
    const position = items.find(kind, key);
    const value = items.parse(position) as Flag | Segment;
    const rules = kind === "flags"
      ? describeFlag(value as Flag, (key) => findFlag(snapshot, key))
      : describeSegment(value as Segment);
    const [version, isOverridden] = [items.getVersion(position), overridden.includes(position)];
    found.push({ kind, key, version, value, isOverridden, rules, dependencies });
  }
  return found;
}

function findFlag({ items }: Snapshot, key: string): Flag | undefined {
  const position = items.find("flags", key);
  return position < 0 || items.isDeleted(position) ? undefined : items.parse(position) as Flag;
}
