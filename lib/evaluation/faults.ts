import {
  type Clause,
  type Flag,
  isAttributeReference,
  type Rollout,
  type Segment,
  type VariationOrRollout,
} from "../model/mod.ts";
import { listTargets } from "./_flag.ts";

/** A fault in the data of a flag or a segment. */
export interface Fault {
  /** JSON path, e.g. `fallthrough.variation`. */
  path: string;
  /** What is wrong with it: the rest of a sentence that begins with the path. */
  problem: string;
  /** The variation that it wants, where the flag does not have that. */
  variation?: number;
}

/**
 * Most faults listed of one flag or segment in a log: a reader mends a few and looks again, and a hostile one could have
 * millions.
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
 * @param max Maximum number of faults. @default {10}
 * @returns The faults, in the order of evaluation.
 */
export function listFaults(flag: Flag, max: number = MAX_LISTED_FAULTS): Fault[] {
  const faults: Fault[] = [];
  findFlagFaults(flag, collect(faults, max));
  return faults;
}

function findFlagFaults(flag: Flag, onFault: OnFault): void {
  if (flag.deleted) return;
  const { on, offVariation, prerequisites, fallthrough } = flag;
  if (typeof offVariation === "number" && (!on || prerequisites?.length)) {
    checkVariation(onFault, flag, offVariation, "offVariation");
  }
  if (!on) return;
  checkTargets(onFault, flag);
  const rules = flag.rules ?? [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i]!;
    checkClauses(onFault, rule.clauses, i);
    checkServed(onFault, flag, rule, i);
    if (!rule.clauses?.length) return;
  }
  checkServed(onFault, flag, fallthrough ?? {}, FALLTHROUGH);
}

/**
 * Lists the faults of a segment for which some context gets MALFORMED_FLAG from each flag that asks the segment.
 *
 * @param segment The segment.
 * @param max Maximum number of faults. @default {10}
 * @returns The faults, in the order of evaluation.
 */
export function listSegmentFaults(segment: Segment, max: number = MAX_LISTED_FAULTS): Fault[] {
  const faults: Fault[] = [];
  findSegmentFaults(segment, collect(faults, max));
  return faults;
}

function findSegmentFaults(segment: Segment, onFault: OnFault): void {
  const { deleted, unbounded, generation } = segment;
  // Nobody belongs to a big segment without a generation, whatever its rules say.
  if (deleted || (unbounded && typeof generation !== "number")) return;
  const rules = segment.rules ?? [];
  for (let i = 0; i < rules.length; i++) {
    const { clauses, weight, bucketBy, rolloutContextKind } = rules[i]!;
    checkClauses(onFault, clauses, i);
    const sharing = typeof weight === "number";
    if (sharing && bucketBy && !isAttributeReference(bucketBy, rolloutContextKind)) {
      onFault(`rules[${i}].bucketBy`, `is ${quote(bucketBy)}, not an attribute reference`);
    }
    if (!sharing && !clauses?.length) return;
  }
}

/** Receiver of faults. Paths are written only for what is at fault: this runs over every flag at each load. */
type OnFault = (path: string, problem: string, variation?: number) => void;

function collect(faults: Fault[], max: number): OnFault {
  return (path, problem, variation) => {
    if (faults.length < max) faults.push({ path, problem, ...variation !== undefined && { variation } });
  };
}

function hasVariation({ variations }: Flag, variation: number): boolean {
  return variations?.[variation] !== undefined;
}

function checkVariation(onFault: OnFault, flag: Flag, variation: number, path: string): void {
  if (hasVariation(flag, variation)) return;
  const count = flag.variations?.length ?? 0;
  const has = count === 0 ? "no variations" : count === 1 ? "1 variation" : `${count} variations`;
  onFault(path, `is ${variation}, the flag has ${has}`, variation);
}

function checkTargets(onFault: OnFault, flag: Flag): void {
  const field = flag.contextTargets?.length ? "contextTargets" : "targets";
  const used = listTargets(flag);
  for (let i = 0; i < used.length; i++) {
    const variation = used[i]!.variation ?? 0;
    if (hasVariation(flag, variation) || !used[i]!.values?.length) continue;
    checkVariation(onFault, flag, variation, `${field}[${i}].variation`);
  }
}

function checkClauses(onFault: OnFault, clauses: Clause[] | null | undefined, rule: number): void {
  for (let i = 0; i < (clauses?.length ?? 0); i++) {
    const { attribute, contextKind, op } = clauses![i]!;
    if (op === "segmentMatch" || isAttributeReference(attribute, contextKind)) continue;
    const is = attribute ? `is ${quote(attribute)}, not an attribute reference` : "is missing";
    onFault(`rules[${rule}].clauses[${i}].attribute`, is);
  }
}

function checkServed(
  onFault: OnFault,
  flag: Flag,
  { variation, rollout }: VariationOrRollout,
  rule: number,
): void {
  if (typeof variation === "number") {
    if (!hasVariation(flag, variation)) {
      checkVariation(onFault, flag, variation, `${pathOf(rule)}.variation`);
    }
  } else if (rollout) checkRollout(onFault, flag, rollout, rule);
  else onFault(pathOf(rule), "has neither a variation nor a rollout");
}

function checkRollout(onFault: OnFault, flag: Flag, rollout: Rollout, rule: number): void {
  const { kind, bucketBy, contextKind } = rollout;
  const buckets = rollout.variations ?? [];
  if (buckets.length === 0) return onFault(`${pathOf(rule)}.rollout`, "has no variations");
  if (bucketBy && kind !== "experiment" && !isAttributeReference(bucketBy, contextKind)) {
    onFault(`${pathOf(rule)}.rollout.bucketBy`, `is ${quote(bucketBy)}, not an attribute reference`);
  }
  for (let i = 0; i < buckets.length; i++) {
    const variation = buckets[i]!.variation ?? 0;
    // Nobody falls into an empty bucket but the last one, which gets who falls into none.
    if (hasVariation(flag, variation) || ((buckets[i]!.weight ?? 0) <= 0 && i < buckets.length - 1)) continue;
    checkVariation(onFault, flag, variation, `${pathOf(rule)}.rollout.variations[${i}].variation`);
  }
}

function pathOf(rule: number): string {
  return rule === FALLTHROUGH ? "fallthrough" : `rules[${rule}]`;
}

function quote(text: string): string {
  const cut = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return JSON.stringify(cut);
}
