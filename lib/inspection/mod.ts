/**
 * What a person asks of data, without I/O: findings, rules in words, differences, why a context gets a value and why not another.
 *
 * @module
 */
export { describeFlagChange, describeSegmentChange } from "./_item_changes.ts";
export type { KeyDifference } from "./_metadata_changes.ts";
export * from "./context_difference.ts";
export * from "./dependencies.ts";
export * from "./difference.ts";
export * from "./explanation.ts";
export * from "./flag_result.ts";
export * from "./items.ts";
export * from "./json.ts";
export * from "./membership.ts";
export * from "./reason_words.ts";
export {
  describeAttribute,
  describeClause,
  describeFlag,
  describeSegment,
  describeServed,
  formatValue,
  nameVariations,
  type VariationWords,
} from "./words.ts";
export { applyChanges, type ContextChange } from "./context_change.ts";
export * from "./served_difference.ts";
export * from "./want.ts";
export * from "./finding.ts";
export * from "./findings.ts";
