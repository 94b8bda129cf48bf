import { listTargets } from "../evaluation/mod.ts";
import type { Flag, Rule, Segment, SegmentRule, VariationOrRollout } from "../model/mod.ts";
import { type Aspect, describeChanges, describeSetChange } from "./_changes.ts";
import { formatList, formatName, formatWeight } from "./_format.ts";
import { listRuleChanges } from "./_rule_changes.ts";
import {
  describeAudiences,
  describeOffVariation,
  describePrerequisite,
  describeServed,
  describeShare,
  hasOddWeights,
  nameVariations,
  type VariationWords,
} from "./words.ts";

/**
 * Describes what changed in a flag, e.g. `turned on`, `fallthrough: 10% → 20% "on", 90% → 80% "off"`.
 *
 * @param before The older version.
 * @param after The newer version.
 * @returns Lines, at least one. What has no words of its own is said by JSON path.
 */
export function describeFlagChange(before: Flag, after: Flag): string[] {
  const names: Names = { before: nameVariations(before.variations), after: nameVariations(after.variations) };
  return describeChanges<Flag>(before, after, [
    VERSION,
    { fields: ["on"], describe: describeSwitch },
    { fields: ["variations"], describe: () => [] },
    { fields: ["prerequisites"], describe: describePrerequisites },
    {
      fields: ["targets", "contextTargets"],
      describe: (before, after) =>
        describeKeys(collectTargets(before, names.after), collectTargets(after, names.after), "targets"),
    },
    {
      fields: ["rules"],
      describe: (before, after) =>
        listRuleChanges<Rule>(before.rules ?? [], after.rules ?? [], {
          outcomeBefore: (rule) => describeServed(rule, names.before),
          outcomeAfter: (rule) => describeServed(rule, names.after),
          fields: ["variation", "rollout"],
          describeOutcome: (before, after, name) => describeServedChange(before, after, name, names),
        }),
    },
    {
      fields: ["fallthrough"],
      describe: (before, after) =>
        describeServedChange(before.fallthrough ?? {}, after.fallthrough ?? {}, "fallthrough", names),
    },
    {
      fields: ["offVariation"],
      describe: (before, after) =>
        describeReplacement(
          "off variation",
          describeOffVariation(before.offVariation, names.before),
          describeOffVariation(after.offVariation, names.after),
        ),
    },
    {
      fields: ["clientSideAvailability", "clientSide"],
      describe: (before, after) =>
        describeReplacement("seen by", describeAudiences(before), describeAudiences(after)),
    },
    {
      fields: ["salt"],
      describe: () => ["salt changed: rollouts without a seed put contexts into other buckets"],
    },
  ]);
}

/**
 * Describes what changed in a segment, e.g. `included user: 1 added: "ann"`.
 *
 * @param before The older version.
 * @param after The newer version.
 * @returns Lines, at least one. What has no words of its own is said by JSON path.
 */
export function describeSegmentChange(before: Segment, after: Segment): string[] {
  return describeChanges<Segment>(before, after, [
    VERSION,
    {
      fields: ["included", "includedContexts"],
      describe: (before, after) =>
        describeKeys(collectKeys(before, "included"), collectKeys(after, "included"), "included"),
    },
    {
      fields: ["excluded", "excludedContexts"],
      describe: (before, after) =>
        describeKeys(collectKeys(before, "excluded"), collectKeys(after, "excluded"), "excluded"),
    },
    {
      fields: ["rules"],
      describe: (before, after) =>
        listRuleChanges<SegmentRule>(before.rules ?? [], after.rules ?? [], {
          outcomeBefore: describeShare,
          outcomeAfter: describeShare,
          fields: ["weight", "bucketBy", "rolloutContextKind"],
          describeOutcome: (before, after, name) =>
            describeReplacement(name, describeShare(before), describeShare(after)),
        }),
    },
    { fields: ["unbounded", "unboundedContextKind"], describe: describeSize },
    {
      fields: ["salt"],
      describe: () => ["salt changed: rules with a weight put contexts into other buckets"],
    },
  ]);
}

/** Words for the variations of both versions. */
interface Names {
  before: VariationWords;
  after: VariationWords;
}

/** Sets of keys by what they are for. */
type KeySets = Map<string, Set<string>>;

const VERSION: Aspect<Flag | Segment> = {
  fields: ["version"],
  describe: (before, after) => [`version ${before.version} → ${after.version}`],
};

function describeSwitch(before: Flag, after: Flag): string[] {
  return Boolean(before.on) === Boolean(after.on) ? [] : [after.on ? "turned on" : "turned off"];
}

function describeSize(before: Segment, after: Segment): string[] {
  const [old, now] = [before, after].map(({ unbounded, unboundedContextKind }) =>
    unbounded ? `big, of ${formatName(unboundedContextKind || "user")}` : "ordinary"
  );
  return describeReplacement("segment", old!, now!);
}

function describeReplacement(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what}: ${before} → ${after}`];
}

function* describePrerequisites(before: Flag, after: Flag): Generator<string> {
  const [old, now] = [before, after].map(({ prerequisites }) =>
    new Set((prerequisites ?? []).map(({ key, variation }) => describePrerequisite(key, variation)))
  ) as [Set<string>, Set<string>];
  for (const prerequisite of now.difference(old)) yield `now requires ${prerequisite}`;
  for (const prerequisite of old.difference(now)) yield `no longer requires ${prerequisite}`;
}

/** Both versions' targets are named by the newer one's variations, so that a renamed variation is no change of targets. */
function collectTargets(flag: Flag, name: VariationWords): KeySets {
  const sets: KeySets = new Map();
  for (const { contextKind, variation, values } of listTargets(flag)) {
    addKeys(sets, `${formatName(contextKind || "user")} for ${name(variation ?? 0)}`, values);
  }
  return sets;
}

function collectKeys(segment: Segment, list: "included" | "excluded"): KeySets {
  const sets: KeySets = new Map();
  addKeys(sets, "user", segment[list]);
  for (const { contextKind, values } of segment[`${list}Contexts`] ?? []) {
    addKeys(sets, formatName(contextKind || "user"), values);
  }
  return sets;
}

function addKeys(sets: KeySets, name: string, keys: readonly string[] | null | undefined): void {
  const known = sets.get(name) ?? new Set();
  for (const key of keys ?? []) known.add(key);
  sets.set(name, known);
}

function* describeKeys(before: KeySets, after: KeySets, what: string): Generator<string> {
  for (const name of new Set([...after.keys(), ...before.keys()])) {
    const change = describeSetChange(before.get(name) ?? [], after.get(name) ?? []);
    if (change) yield `${what} ${name}: ${change}`;
  }
}

function describeServedChange(
  before: VariationOrRollout,
  after: VariationOrRollout,
  what: string,
  names: Names,
): string[] {
  const weights = describeWeightChange(before, after, names.after);
  if (weights) return [`${what}: ${weights}`];
  return describeReplacement(what, describeServed(before, names.before), describeServed(after, names.after));
}

/** Describes a change of nothing but weights, e.g. `10% → 20% "on"`. */
function describeWeightChange(
  before: VariationOrRollout,
  after: VariationOrRollout,
  name: VariationWords,
): string | undefined {
  const [old, now] = [getSkeleton(before), getSkeleton(after)];
  if (old === undefined || old !== now || hasOddWeights(before) || hasOddWeights(after)) return undefined;
  const changed = after.rollout!.variations!
    .map(({ variation, weight }, i) => ({
      words: name(variation ?? 0),
      from: before.rollout!.variations![i]!.weight ?? 0,
      to: weight ?? 0,
    }))
    .filter(({ from, to }) => from !== to);
  return formatList(
    changed,
    ({ words, from, to }) => `${formatWeight(from)} → ${formatWeight(to)} ${words}`,
  );
}

/** Formats a rollout without its weights; `undefined` where there is none, or a fixed variation before it. */
function getSkeleton({ variation, rollout }: VariationOrRollout): string | undefined {
  if (typeof variation === "number" || !rollout?.variations) return undefined;
  return JSON.stringify({
    ...rollout,
    variations: rollout.variations.map((one) => ({ ...one, weight: 0 })),
  });
}
