import type { Segment, SegmentRule, SegmentTarget } from "../model/mod.ts";
import { compileClauses } from "./_clause.ts";
import type { Registry } from "./_registry.ts";
import { type Bucketing, compileBucketing, toShare } from "./_rollout.ts";

/** Keys of one kind. */
export interface KeyList {
  /** Slot of the kind's key. */
  slot: number;
  /** The keys. */
  keys: Set<string>;
}

/** A rule of a segment, compiled. */
export interface CompiledSegmentRule {
  /** The rule. */
  source: SegmentRule;
  /** The number of its clauses and their slots. */
  clauses: number[];
  /** Share of the matching contexts that belong to the segment; null for all. */
  share: number | null;
  /** Bucketing of the share; null when there is no share, or its attribute reference is malformed. */
  bucketing: Bucketing | null;
}

/** A segment, compiled. */
export interface CompiledSegment {
  /** Digest by which a later environment recognizes that it is unchanged. */
  digest: string;
  /** Keys of its members. */
  included: KeyList[];
  /** Keys that are not members. */
  excluded: KeyList[];
  /** Rules for all other contexts. */
  rules: CompiledSegmentRule[];
  /** Set for a big segment, whose lists are not in the archive: the slot of its members' key. */
  unbounded: { slot: number; hasGeneration: boolean } | null;
}

/**
 * Compiles a segment.
 *
 * @param segment The segment.
 * @param digest Digest of its content.
 * @param registry Numbers attributes and segments.
 * @returns The compiled form.
 */
export function compileSegment(segment: Segment, digest: string, registry: Registry): CompiledSegment {
  return {
    digest,
    included: compileLists(segment.included, segment.includedContexts, registry),
    excluded: compileLists(segment.excluded, segment.excludedContexts, registry),
    rules: (segment.rules ?? []).map((source) => {
      const { key, salt } = segment;
      const { clauses, weight, bucketBy, rolloutContextKind } = source;
      const sharing = typeof weight === "number";
      return {
        source,
        clauses: compileClauses(clauses, registry),
        share: sharing ? toShare(weight) : null,
        bucketing: sharing
          ? compileBucketing({ key, salt, contextKind: rolloutContextKind, bucketBy }, registry)
          : null,
      };
    }),
    unbounded: segment.unbounded
      ? {
        slot: registry.getAttribute(segment.unboundedContextKind || "user", ["key"]),
        hasGeneration: typeof segment.generation === "number",
      }
      : null,
  };
}

function compileLists(
  users: string[] | null | undefined,
  contexts: SegmentTarget[] | null | undefined,
  registry: Registry,
): KeyList[] {
  return [{ values: users ?? null }, ...(contexts ?? [])]
    .map(({ contextKind, values }: SegmentTarget) => ({
      slot: registry.getAttribute(contextKind || "user", ["key"]),
      keys: new Set(values),
    }))
    .filter(({ keys }) => keys.size > 0);
}
