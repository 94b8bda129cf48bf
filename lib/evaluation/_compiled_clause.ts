import type { JsonValue } from "../model/mod.ts";
import type { Pattern } from "./_pattern.ts";
import type { SemVer } from "./_semver.ts";

/** An operator and the values it compares with, parsed. Values that it can never match are left out. */
export type Test =
  | { op: "in"; values: Set<JsonValue> }
  | { op: "startsWith" | "endsWith" | "contains"; values: string[] }
  | { op: "matches"; values: Pattern[] }
  | { op: "lessThan" | "lessThanOrEqual" | "greaterThan" | "greaterThanOrEqual"; values: number[] }
  | { op: "before" | "after"; values: bigint[] }
  | { op: "semVerEqual" | "semVerLessThan" | "semVerGreaterThan"; values: SemVer[] }
  /** Slots of segments. */
  | { op: "segmentMatch"; values: number[] }
  /** An operator that this version does not know. */
  | { op: "unknown"; values: null }
  /** A malformed attribute reference. */
  | { op: "malformed"; values: null };

/** A clause, compiled. */
export type CompiledClause = Test & {
  /** Slot of the attribute that is tested; -1 when none is. */
  slot: number;
  /** Turns the answer round. */
  negate: boolean;
  /** How many comparisons a value of the context takes. */
  width: number;
};
