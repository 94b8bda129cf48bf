/**
 * Flags, segments, contexts and environments, and their parsers, which are strict: errors name key and field.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFlag } from "./flag.ts";
 *
 * const flag = parseFlag(JSON.parse('{"key":"beta","version":3,"on":true}'), "beta");
 * assertEquals(flag.version, 3);
 * ```
 *
 * @module
 */
export { isAttributeReference, parseAttributeReference } from "./attribute.ts";
export {
  type Context,
  ContextError,
  decodeBase64,
  decodeContext,
  getAttribute,
  isContextKind,
  parseContext,
  parseContextJson,
  readContext,
  type SingleContext,
  toContext,
} from "./context.ts";
export * from "./environment.ts";
export type { Check, OnFault } from "./_check.ts";
export { findExcess, type JsonLimits } from "./json_size.ts";
export { type Cut, type Field, type Shape } from "./shape.ts";
export {
  checkFlag,
  type Clause,
  type Flag,
  getFlagShape,
  type JsonValue,
  parseFlag,
  type Prerequisite,
  type Rollout,
} from "./flag.ts";
export type { Rule, Target, VariationOrRollout, WeightedVariation } from "./flag.ts";
export {
  checkSegment,
  getSegmentShape,
  parseSegment,
  type Segment,
  type SegmentRule,
  type SegmentTarget,
} from "./segment.ts";
