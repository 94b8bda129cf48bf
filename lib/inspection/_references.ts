import type { Clause, Flag, Segment } from "../model/mod.ts";
import type { OnFinding } from "./_entry.ts";

/** A flag or a segment, as far as references are concerned. The item itself is not kept. */
export interface Node {
  kind: "flags" | "segments";
  key: string;
  isDeleted: boolean;
  /** Whether its references count: those of a flag that is off do not. */
  isOn: boolean;
  /** Number of variations of a flag. */
  variations: number;
  /** Variations that a flag lacks and wants itself, which is a finding already. */
  lacking: ReadonlySet<number>;
  references: Reference[];
  onFinding: OnFinding;
}

/** A place where an item refers to another. */
export interface Reference {
  kind: "flags" | "segments";
  key: string;
  /** JSON path of the key. */
  path: string;
  /** Wanted variation, and its path, of a prerequisite. */
  wanted?: { variation: number; path: string };
}

/** What a node is made of. */
export interface NodeSource extends Pick<Node, "kind" | "key" | "onFinding"> {
  /** The flag or the segment. */
  item: Flag | Segment;
  /** Variations that a flag lacks and wants itself. */
  lacking?: ReadonlySet<number> | undefined;
}

/**
 * Creates the node of a flag or a segment.
 *
 * @param source The item, and what is known of it.
 * @returns The node.
 */
export function createNode({ kind, key, item, lacking, onFinding }: NodeSource): Node {
  const flag = kind === "flags" ? item as Flag : undefined;
  const isDeleted = item.deleted ?? false;
  return {
    kind,
    key,
    isDeleted,
    isOn: flag === undefined || flag.on === true,
    variations: flag?.variations?.length ?? 0,
    lacking: lacking ?? new Set(),
    references: isDeleted ? [] : [...listPrerequisites(flag), ...listSegments(item)],
    onFinding,
  };
}

function* listPrerequisites(flag: Flag | undefined): Generator<Reference> {
  for (const [i, { key, variation }] of (flag?.prerequisites ?? []).entries()) {
    const path = `prerequisites[${i}]`;
    const wanted = { variation: variation ?? 0, path: `${path}.variation` };
    yield { kind: "flags", key: key ?? "", path: `${path}.key`, wanted };
  }
}

function* listSegments({ rules }: { rules?: { clauses?: Clause[] | null }[] | null }): Generator<Reference> {
  for (const [i, { clauses }] of (rules ?? []).entries()) {
    for (const [j, { op, values }] of (clauses ?? []).entries()) {
      if (op !== "segmentMatch") continue;
      for (const [k, key] of (values ?? []).entries()) {
        if (typeof key === "string") {
          yield { kind: "segments", key, path: `rules[${i}].clauses[${j}].values[${k}]` };
        }
      }
    }
  }
}
