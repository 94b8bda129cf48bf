import { arrayOf, boolean, integer, objectOf, optional, string } from "./_check.ts";
import { checkItem, type Clause, CLAUSES } from "./flag.ts";

/** Context keys of one kind that a segment lists. */
export interface SegmentTarget {
  /** Kind of the keys; `user` when absent. */
  contextKind?: string | null;
  /** Context keys. */
  values?: string[] | null;
}

/** A rule of a segment: all clauses must match, and the context must fall into the weight if there is one. */
export interface SegmentRule {
  /** Stable identifier. */
  id?: string | null;
  /** Conditions; a rule without any matches every context. */
  clauses?: Clause[] | null;
  /** Share of matching contexts that belong to the segment, in thousandths of a percent; absent means all. */
  weight?: number | null;
  /** Attribute to bucket by; `key` when absent. */
  bucketBy?: string | null;
  /** Kind of the context that is bucketed; `user` when absent. */
  rolloutContextKind?: string | null;
}

/** A segment as an archive's data file holds it. */
export interface Segment {
  /** Equal to the key under which the archive lists it. */
  key: string;
  /** Rises with each change of the segment. */
  version: number;
  /** Marks a tombstone: nothing but `version` counts. */
  deleted?: boolean | null;
  /** User keys that belong to it. */
  included?: string[] | null;
  /** User keys that do not, whatever the rules say. */
  excluded?: string[] | null;
  /** Keys of other kinds that belong to it. */
  includedContexts?: SegmentTarget[] | null;
  /** Keys of other kinds that do not. */
  excludedContexts?: SegmentTarget[] | null;
  /** Part of the bucketing hash. */
  salt?: string | null;
  /** Rules, tried in order. */
  rules?: SegmentRule[] | null;
  /** A big segment: its members are not in the archive. */
  unbounded?: boolean | null;
  /** Kind of a big segment's members. */
  unboundedContextKind?: string | null;
  /** Generation of a big segment's members. */
  generation?: number | null;
}

const KEYS = optional(arrayOf(string));
const TARGETS = optional(
  arrayOf(objectOf({ contextKind: optional(string), values: KEYS })),
);

const SEGMENT = objectOf({
  key: string,
  included: KEYS,
  excluded: KEYS,
  includedContexts: TARGETS,
  excludedContexts: TARGETS,
  salt: optional(string),
  rules: optional(arrayOf(objectOf({
    id: optional(string),
    clauses: CLAUSES,
    weight: optional(integer),
    bucketBy: optional(string),
    rolloutContextKind: optional(string),
  }))),
  unbounded: optional(boolean),
  unboundedContextKind: optional(string),
  generation: optional(integer),
});

/**
 * Parses a segment out of already parsed JSON. The value is checked, not copied; the rules are those of `parseFlag`.
 *
 * @param value JSON value from the data file.
 * @param key Key under which the data file lists it.
 * @returns The same value, typed.
 * @throws {TypeError} When a field has the wrong JSON type, or `version` or `key` is missing or wrong.
 */
export function parseSegment(value: unknown, key: string): Segment {
  checkItem(value, key, SEGMENT, "segment");
  return value as Segment;
}
