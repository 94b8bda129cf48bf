import type { Pause } from "../wire/mod.ts";
import type { ItemKind } from "./_items.ts";
import { type Change, compareSnapshots, getTombstoneVersion } from "./diff.ts";
import type { History, PastItem } from "./past_version.ts";
import type { Snapshot } from "./snapshot.ts";

/** Most versions of an environment before the current one whose differences from it are known. @limit versions: a client that polls with an older one gets everything */
const MAX_PAST_VERSIONS = 7;

/** Most changed items of an environment in these versions together. Each takes some 200 bytes. @limit items: all are forgotten, and each client that polls gets everything once */
const MAX_PAST_ITEMS = 20_000;

/**
 * Extends what is remembered of an environment by one version.
 *
 * @param before The snapshot of that version, with its own history.
 * @param after The snapshot after it.
 * @param pause Called between items.
 * @returns The history of the latter.
 */
export async function extendHistory(before: Snapshot, after: Snapshot, pause: Pause): Promise<History> {
  if (before.hasSameData(after)) return before.history;
  const { changes } = await compareSnapshots(before, after, pause);
  const others = before.history.slice(0, MAX_PAST_VERSIONS - 1);
  if (others.reduce((count, { items }) => count + items.length, changes.length) > MAX_PAST_ITEMS) return [];
  const items: PastItem[] = [];
  for (const { kind, key, body, previous } of changes) {
    await pause();
    const item = { kind, key, isRemoved: !body };
    if (previous === undefined) {
      items.push(item);
    } else {
      const digest = before.items.getDigest(before.items.find(kind, key));
      items.push({ ...item, version: previous, digest });
    }
  }
  return [{ digest: before.digest, items }, ...others];
}

/** Version of an environment that a client has. */
export interface ClientVersion {
  /** Position in the history of the current one. */
  position: number;
  /**
   * Whether the client may remember deletions: of what was deleted before the relay started, or by another replica, nothing is known
   * here, so it cannot be added again by a change.
   */
  hasDeleted: boolean;
}

/**
 * Finds out how a snapshot differs from an earlier version.
 *
 * Some clients keep a version with each item, that of a deletion included, and ignore a change that does not have a higher one.
 *
 * @param snapshot The snapshot.
 * @param version What the client has.
 * @param pause Called between items.
 * @returns What is added or changed, by kind and key, then what is removed; `undefined` where a client might ignore a change.
 */
export async function findChangesSince(
  { items, history }: Snapshot,
  { position: base, hasDeleted }: ClientVersion,
  pause: Pause,
): Promise<Change[] | undefined> {
  const past = new Map<string, PastItem>();
  const highest = new Map<string, number>();
  for (const [i, { items }] of history.entries()) {
    for (const item of items) {
      const name = nameOf(item.kind, item.key);
      // The earliest one since the base counts: it is how the base had the item.
      if (i <= base) past.set(name, item);
      const { version = -Infinity, isRemoved } = item;
      const known = isRemoved ? getTombstoneVersion(version) : version;
      highest.set(name, Math.max(known, highest.get(name) ?? -Infinity));
      await pause();
    }
  }
  const changes: Change[] = [];
  for (const [name, { kind, key, version: previous, digest }] of past) {
    await pause();
    const position = items.find(kind, key);
    if (position >= 0 && !items.isDeleted(position)) {
      if (items.getDigest(position) === digest) continue;
      const version = items.getVersion(position);
      if (version <= highest.get(name)! || previous === undefined && hasDeleted) return undefined;
      const body = items.getBody(position);
      changes.push({ kind, key, version, body, ...previous !== undefined && { previous } });
    } else if (previous !== undefined) {
      changes.push({ kind, key, version: getTombstoneVersion(previous), previous });
    }
  }
  return changes.sort(compareChanges);
}

function nameOf(kind: ItemKind, key: string): string {
  return `${kind}/${key}`;
}

function compareChanges(a: Change, b: Change): number {
  if (!a.body !== !b.body) return a.body ? -1 : 1;
  const [first, second] = [nameOf(a.kind, a.key), nameOf(b.kind, b.key)];
  return first < second ? -1 : first > second ? 1 : 0;
}
