import {
  type Clause,
  type Flag,
  isAttributeReference,
  type Rollout,
  type Segment,
  type Target,
  type VariationOrRollout,
} from "../model/mod.ts";
import { findTarget } from "./_flag.ts";

/**
 * Most faults listed of one flag or segment: a reader mends a few and looks again, and a hostile one could have millions.
 *
 * @limit faults: the others are not listed
 */
const MAX_LISTED_FAULTS = 10;

/** The `fallthrough`, where rules go by their index. */
const FALLTHROUGH = -1;

/** Longest value that a fault quotes in full: enough to recognize it by. @limit characters: the rest is left out */
const MAX_QUOTED_LENGTH = 100;

/**
 * Lists the faults in a flag's own data for which some context gets MALFORMED_FLAG. Cycles of prerequisites
 * ({@linkcode findCycles}) and faults of segments ({@linkcode listSegmentFaults}) are not among them. What no context reaches
 * (rules of a flag that is off, or behind a rule without clauses) is no fault.
 *
 * @param flag The flag.
 * @returns Short phrases that begin with a JSON path, e.g. `"fallthrough.variation" is 7, the flag has 2 variations`; at most 10.
 */
export function listFaults(flag: Flag): string[] {
  const faults: string[] = [];
  if (flag.deleted) return faults;
  const { on, offVariation, prerequisites, fallthrough } = flag;
  if (typeof offVariation === "number" && (!on || prerequisites?.length)) {
    checkVariation(faults, flag, offVariation, "offVariation");
  }
  if (!on) return faults;
  checkTargets(faults, flag);
  const rules = flag.rules ?? [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i]!;
    checkClauses(faults, rule.clauses, i);
    checkServed(faults, flag, rule, i);
    if (!rule.clauses?.length) return faults;
  }
  checkServed(faults, flag, fallthrough ?? {}, FALLTHROUGH);
  return faults;
}

/**
 * Lists the faults of a segment for which some context gets MALFORMED_FLAG from each flag that asks the segment.
 *
 * @param segment The segment.
 * @returns Short phrases that begin with a JSON path; at most 10.
 */
export function listSegmentFaults(segment: Segment): string[] {
  const faults: string[] = [];
  const { deleted, unbounded, generation } = segment;
  // Nobody belongs to a big segment without a generation, whatever its rules say.
  if (deleted || (unbounded && typeof generation !== "number")) return faults;
  const rules = segment.rules ?? [];
  for (let i = 0; i < rules.length; i++) {
    const { clauses, weight, bucketBy, rolloutContextKind } = rules[i]!;
    checkClauses(faults, clauses, i);
    const sharing = typeof weight === "number";
    if (sharing && bucketBy && !isAttributeReference(bucketBy, rolloutContextKind)) {
      report(faults, `"rules[${i}].bucketBy" is ${quote(bucketBy)}, not an attribute reference`);
    }
    if (!sharing && !clauses?.length) return faults;
  }
  return faults;
}

/** Paths are written only for what is at fault: this runs over every flag at each load. */
function report(faults: string[], fault: string): void {
  if (faults.length < MAX_LISTED_FAULTS) faults.push(fault);
}

function hasVariation({ variations }: Flag, variation: number): boolean {
  return variations?.[variation] !== undefined;
}

function checkVariation(faults: string[], flag: Flag, variation: number, path: string): void {
  if (hasVariation(flag, variation)) return;
  const count = flag.variations?.length ?? 0;
  const has = count === 0 ? "no variations" : count === 1 ? "1 variation" : `${count} variations`;
  report(faults, `"${path}" is ${variation}, the flag has ${has}`);
}

function checkTargets(faults: string[], flag: Flag): void {
  const { targets, contextTargets } = flag;
  const field = contextTargets?.length ? "contextTargets" : "targets";
  const list: Target[] = flag[field] ?? [];
  for (let i = 0; i < list.length; i++) {
    const variation = list[i]!.variation ?? 0;
    if (hasVariation(flag, variation)) continue;
    const target = field === "targets" ? list[i]! : findTarget(list[i]!, targets);
    if (target.values?.length) checkVariation(faults, flag, variation, `${field}[${i}].variation`);
  }
}

function checkClauses(faults: string[], clauses: Clause[] | null | undefined, rule: number): void {
  for (let i = 0; i < (clauses?.length ?? 0); i++) {
    const { attribute, contextKind, op } = clauses![i]!;
    if (op === "segmentMatch" || isAttributeReference(attribute, contextKind)) continue;
    const is = attribute ? `is ${quote(attribute)}, not an attribute reference` : "is missing";
    report(faults, `"rules[${rule}].clauses[${i}].attribute" ${is}`);
  }
}

function checkServed(
  faults: string[],
  flag: Flag,
  { variation, rollout }: VariationOrRollout,
  rule: number,
): void {
  if (typeof variation === "number") {
    if (!hasVariation(flag, variation)) {
      checkVariation(faults, flag, variation, `${pathOf(rule)}.variation`);
    }
  } else if (rollout) checkRollout(faults, flag, rollout, rule);
  else report(faults, `"${pathOf(rule)}" has neither a variation nor a rollout`);
}

function checkRollout(faults: string[], flag: Flag, rollout: Rollout, rule: number): void {
  const { kind, bucketBy, contextKind } = rollout;
  const buckets = rollout.variations ?? [];
  if (buckets.length === 0) return report(faults, `"${pathOf(rule)}.rollout" has no variations`);
  if (bucketBy && kind !== "experiment" && !isAttributeReference(bucketBy, contextKind)) {
    report(faults, `"${pathOf(rule)}.rollout.bucketBy" is ${quote(bucketBy)}, not an attribute reference`);
  }
  for (let i = 0; i < buckets.length; i++) {
    const variation = buckets[i]!.variation ?? 0;
    // Nobody falls into an empty bucket but the last one, which gets who falls into none.
    if (hasVariation(flag, variation) || ((buckets[i]!.weight ?? 0) <= 0 && i < buckets.length - 1)) continue;
    checkVariation(faults, flag, variation, `${pathOf(rule)}.rollout.variations[${i}].variation`);
  }
}

function pathOf(rule: number): string {
  return rule === FALLTHROUGH ? "fallthrough" : `rules[${rule}]`;
}

function quote(text: string): string {
  const cut = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return JSON.stringify(cut);
}
