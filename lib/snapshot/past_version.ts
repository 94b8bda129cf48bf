import type { ItemKind } from "./_items.ts";

/** An item as it was before a version that changed it. */
export interface PastItem {
  /** Flag or segment. */
  kind: ItemKind;
  /** Key. */
  key: string;
  /** Digest; absent when there was no such item. */
  digest?: string;
  /** Version; absent likewise. */
  version?: number;
  /** Whether the next version removed it. */
  isRemoved: boolean;
}

/** A past version of an environment: how it differed from the one after it. */
export interface PastVersion {
  /** Digest of the snapshot. */
  digest: string;
  /** The items that the next version changed, added or removed, as they were. */
  items: readonly PastItem[];
}

/** What is remembered of the versions before one: the latest first. */
export type History = readonly PastVersion[];
