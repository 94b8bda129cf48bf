import { any, arrayOf, boolean, type Check, number, type OnFault, string, wholeNumber } from "./_check.ts";
import {
  checkOf,
  type Cut,
  cutFractions,
  field,
  needed,
  notNull,
  part,
  parts,
  required,
  type Shape,
  shape,
} from "./shape.ts";

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | {
  [key: string]: JsonValue;
};

/** A test of one attribute of a context (or of its membership in segments). */
export interface Clause {
  /** Kind of the context that is tested; `user` when absent. */
  contextKind?: string | null;
  /** Attribute reference, e.g. `email` or `/address/city`; a plain name when `contextKind` is absent. */
  attribute?: string | null;
  /** Operator, e.g. `in`, `semVerEqual`, `segmentMatch`. An unknown one never matches. */
  op?: string | null;
  /** Values that the attribute is compared with; one match suffices. */
  values?: JsonValue[] | null;
  /** Whether the result is inverted. */
  negate?: boolean | null;
}

/** One bucket of a rollout. */
export interface WeightedVariation {
  /** Index into the flag's variations. */
  variation?: number | null;
  /** Share in thousandths of a percent (0 to 100,000). */
  weight?: number | null;
  /** For experiments: contexts in this bucket are not part of the experiment. */
  untracked?: boolean | null;
}

/** A percentage rollout or an experiment. */
export interface Rollout {
  /** `rollout` (default) or `experiment`. */
  kind?: string | null;
  /** Kind of the context that is bucketed; `user` when absent. */
  contextKind?: string | null;
  /** The buckets, in order. */
  variations?: WeightedVariation[] | null;
  /** Attribute to bucket by; `key` when absent. Experiments ignore it. */
  bucketBy?: string | null;
  /** Replaces flag key and salt in the hash. */
  seed?: number | null;
}

/** Either a fixed variation or a rollout. */
export interface VariationOrRollout {
  /** Index into the flag's variations. */
  variation?: number | null;
  /** Percentage rollout or experiment, when there is no `variation`. */
  rollout?: Rollout | null;
}

/** A rule of a flag: all clauses must match. */
export interface Rule extends VariationOrRollout {
  /** Stable identifier, shown in evaluation reasons. */
  id?: string | null;
  /** Conditions; a rule without any matches every context. */
  clauses?: Clause[] | null;
  /** Whether a match is tracked as an experiment. */
  trackEvents?: boolean | null;
}

/** Context keys that get one variation. */
export interface Target {
  /** Kind of the keys; `user` when absent. */
  contextKind?: string | null;
  /** Index into the flag's variations. */
  variation?: number | null;
  /** Context keys. */
  values?: string[] | null;
}

/** Another flag that must be on and evaluate to this variation. */
export interface Prerequisite {
  /** Key of the other flag. */
  key?: string | null;
  /** Variation that it must evaluate to. */
  variation?: number | null;
}

/** A feature flag as an archive's data file holds it: LaunchDarkly's `latest-all` model. Fields that Halyard does not use are not listed; they reach SDKs all the same, because the wire uses the text. */
export interface Flag {
  /** Equal to the key under which the archive lists it. */
  key: string;
  /** Rises with each change of the flag. */
  version: number;
  /** Marks a tombstone: nothing but `version` counts. */
  deleted?: boolean | null;
  /** Whether targeting is on; when off, the off variation is served. */
  on?: boolean | null;
  /** Prerequisites, checked first. */
  prerequisites?: Prerequisite[] | null;
  /** Targets by user key; with `contextTargets` present also the order in which user targets are tried. */
  targets?: Target[] | null;
  /** Targets of any kind. */
  contextTargets?: Target[] | null;
  /** Rules, tried in order. */
  rules?: Rule[] | null;
  /** Variation or rollout for all other contexts. */
  fallthrough?: VariationOrRollout | null;
  /** Variation when off; absent means a null value. */
  offVariation?: number | null;
  /** Values the flag can have. */
  variations?: JsonValue[] | null;
  /** Which client-side SDKs may see it. */
  clientSideAvailability?: {
    usingMobileKey?: boolean | null;
    usingEnvironmentId?: boolean | null;
  } | null;
  /** Old form of `clientSideAvailability.usingEnvironmentId`; used when the new object is absent. */
  clientSide?: boolean | null;
  /** Part of the bucketing hash. */
  salt?: string | null;
  /** Whether SDKs send full events. */
  trackEvents?: boolean | null;
  /** Whether a fallthrough is tracked as an experiment. */
  trackEventsFallthrough?: boolean | null;
  /** Until when SDKs send debug events: ms since epoch. */
  debugEventsUntilDate?: number | null;
  /** Whether SDKs leave it out of summary events. */
  excludeFromSummaries?: boolean | null;
  /** One in how many events SDKs send. */
  samplingRatio?: number | null;
  /** Settings of a migration flag. */
  migration?: { checkRatio?: number | null } | null;
}

/** Shape of a clause; segments have the same ones. */
export const CLAUSE: Shape = shape({
  contextKind: field(string, notNull()),
  attribute: field(string, needed('""')),
  op: field(string, needed('""')),
  values: field(arrayOf(any), needed("[]")),
  negate: field(boolean, needed("false")),
});

const VARIATION_OR_ROLLOUT = {
  variation: field(wholeNumber),
  rollout: part(shape({
    kind: field(string, notNull()),
    contextKind: field(string, notNull()),
    bucketBy: field(string),
    seed: field(wholeNumber),
    variations: parts(
      shape({
        variation: field(wholeNumber, needed("0")),
        weight: field(wholeNumber, needed("0")),
        untracked: field(boolean, notNull("false")),
      }),
      needed("[]"),
    ),
  })),
};

const TARGET = shape({
  contextKind: field(string, notNull()),
  variation: field(wholeNumber, needed("0")),
  values: field(arrayOf(string), needed("[]")),
});

/** Shape of a tombstone; flags and segments have the same ones. All other fields are ignored. */
export const TOMBSTONE: Shape = shape({
  key: field(string),
  version: required(wholeNumber),
  deleted: field(boolean),
});

/**
 * Shape of a flag. Defaults are the values that the Relay Proxy 8.10.1 sends (seen on its wire), for each field that some
 * server SDK cannot do without: Rust, Haskell and PHP read many fields as required, Go (the Relay Proxy's own reader)
 * refuses `null` but for arrays and some numbers, Python refuses `null` for arrays.
 */
export const FLAG: Shape = shape({
  key: required(string),
  version: required(wholeNumber),
  deleted: field(boolean, needed("false")),
  on: field(boolean, needed("false")),
  prerequisites: parts(
    shape({ key: field(string, needed('""')), variation: field(wholeNumber, needed("0")) }),
    needed("[]"),
  ),
  targets: parts(TARGET, needed("[]")),
  contextTargets: parts(TARGET, notNull("[]")),
  rules: parts(
    shape({
      ...VARIATION_OR_ROLLOUT,
      id: field(string, notNull()),
      clauses: parts(CLAUSE, needed("[]")),
      trackEvents: field(boolean, needed("false")),
    }),
    needed("[]"),
  ),
  fallthrough: part(shape(VARIATION_OR_ROLLOUT), needed("{}")),
  offVariation: field(wholeNumber, { absent: "null" }),
  variations: field(arrayOf(any), needed("[]")),
  clientSideAvailability: part(
    shape({
      usingMobileKey: field(boolean, needed("false")),
      usingEnvironmentId: field(boolean, needed("false")),
    }),
    notNull(),
  ),
  clientSide: field(boolean, notNull("false")),
  salt: field(string, needed('""')),
  trackEvents: field(boolean, needed("false")),
  trackEventsFallthrough: field(boolean, needed("false")),
  debugEventsUntilDate: { ...field(number), whole: true },
  excludeFromSummaries: field(boolean, notNull("false")),
  samplingRatio: field(wholeNumber, notNull()),
  migration: part(shape({ checkRatio: field(wholeNumber, notNull()) })),
});

/** The same where only the newer of the two fields for browsers may be there: Java and PHP know the older one alone. */
const FLAG_FOR_BROWSERS: Shape = new Map([...FLAG, ["clientSide", field(boolean, needed("true"))]]);

const checkTombstone = checkOf(TOMBSTONE);
const checkFields = checkOf(FLAG);

/**
 * Parses a flag out of already parsed JSON. The value is checked, not copied; fractions of whole numbers are cut in it.
 *
 * Absent and null optional fields and unknown fields are no faults; a wrong JSON type is, because SDKs written in
 * typed languages would throw away everything that comes with it.
 *
 * @param value JSON value from the data file.
 * @param key Key under which the data file lists it.
 * @param onCut Called for each number whose fraction was cut.
 * @returns The same value, typed.
 * @throws {TypeError} When a field has the wrong JSON type, or `version` or `key` is missing or wrong.
 */
export function parseFlag(value: unknown, key: string, onCut?: (cut: Cut) => void): Flag {
  checkFlag(value, key, refuseItem("flag", key));
  const flag = value as Flag;
  cutFractions(flag, getFlagShape(flag), onCut ?? ignore);
  return flag;
}

/** Gets the shape of a flag: what it must have, and what SDKs need of it. */
export function getFlagShape({ deleted, clientSideAvailability }: Flag): Shape {
  if (deleted) return TOMBSTONE;
  return clientSideAvailability?.usingEnvironmentId ? FLAG_FOR_BROWSERS : FLAG;
}

/** Does nothing about a cut. */
export function ignore(): void {}

/**
 * Checks a flag.
 *
 * @param value JSON value from the data file.
 * @param key Key under which the data file lists it.
 * @param onFault Called for each field that has the wrong JSON type, or is missing, and for another `key`.
 */
export function checkFlag(value: unknown, key: string, onFault: OnFault): void {
  checkItem(value, key, checkFields, onFault);
}

/** Checks a flag or a segment: a tombstone's fields, or those of `check`, and that its key is the one it is listed under. */
export function checkItem(value: unknown, key: string, check: Check, onFault: OnFault): void {
  const item = value as { key?: unknown; deleted?: unknown } | null;
  (item?.deleted === true ? checkTombstone : check)(value, "", onFault);
  if (typeof item?.key === "string" && item.key !== key) {
    onFault("key", `must be the key it is listed under, is "${item.key}"`);
  }
}

/** Creates the receiver of faults that throws at the first one; the error names kind and key. */
export function refuseItem(kind: "flag" | "segment", key: string): OnFault {
  return (path, problem) => {
    throw new TypeError(`Cannot read ${kind} "${key}": "${path}" ${problem}`);
  };
}
