import { arrayOf, boolean, type OnFault, string, wholeNumber } from "./_check.ts";
import { checkItem, CLAUSE, type Clause, ignore, refuseItem, TOMBSTONE } from "./flag.ts";
import {
  checkOf,
  type Cut,
  cutFractions,
  field,
  needed,
  notNull,
  parts,
  required,
  type Shape,
  shape,
} from "./shape.ts";

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
  /** User keys that do not, regardless of the rules. */
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

const TARGETS = parts(
  shape({
    contextKind: field(string, needed('"user"')),
    values: field(arrayOf(string), needed("[]")),
  }),
  needed("[]"),
);

/** Shape of a segment; its defaults are those of the Relay Proxy and of a target's kind, which Rust and Haskell need too. */
const SEGMENT: Shape = shape({
  key: required(string),
  version: required(wholeNumber),
  deleted: field(boolean, needed("false")),
  included: field(arrayOf(string), needed("[]")),
  excluded: field(arrayOf(string), needed("[]")),
  includedContexts: TARGETS,
  excludedContexts: TARGETS,
  salt: field(string, needed('""')),
  rules: parts(
    shape({
      id: field(string, needed('""')),
      clauses: parts(CLAUSE, needed("[]")),
      weight: field(wholeNumber),
      bucketBy: field(string),
      rolloutContextKind: field(string, notNull()),
    }),
    needed("[]"),
  ),
  unbounded: field(boolean, notNull("false")),
  unboundedContextKind: field(string, notNull()),
  generation: field(wholeNumber),
});

const checkFields = checkOf(SEGMENT);

/**
 * Parses a segment out of already parsed JSON. The rules are those of `parseFlag`.
 *
 * @param value JSON value from the data file.
 * @param key Key under which the data file lists it.
 * @param onCut Called for each number whose fraction was cut.
 * @returns The same value, typed.
 * @throws {TypeError} When a field has the wrong JSON type, or `version` or `key` is missing or wrong.
 */
export function parseSegment(value: unknown, key: string, onCut?: (cut: Cut) => void): Segment {
  checkSegment(value, key, refuseItem("segment", key));
  const segment = value as Segment;
  cutFractions(segment, getSegmentShape(segment), onCut ?? ignore);
  return segment;
}

/**
 * Checks a segment.
 *
 * @param value JSON value from the data file.
 * @param key Key under which the data file lists it.
 * @param onFault Called for each fault, as by `checkFlag`.
 */
export function checkSegment(value: unknown, key: string, onFault: OnFault): void {
  checkItem(value, key, checkFields, onFault);
}

/** Gets the shape of a segment: what it must have, and what SDKs need of it. */
export function getSegmentShape({ deleted }: Segment): Shape {
  return deleted ? TOMBSTONE : SEGMENT;
}
