import { type Audience, isVisible, listTargets } from "../evaluation/mod.ts";
import type {
  Clause,
  Flag,
  JsonValue,
  Rollout,
  Segment,
  SegmentRule,
  SegmentTarget,
  VariationOrRollout,
  WeightedVariation,
} from "../model/mod.ts";
import { describeAttribute, describeClause } from "./_clause_words.ts";
import { formatList, formatName, formatValue, formatWeight, WHOLE } from "./_format.ts";

export { describeAttribute, describeClause } from "./_clause_words.ts";
export { formatValue } from "./_format.ts";

const AUDIENCES: readonly [Audience, string][] = [
  ["server", "server SDKs"],
  ["mobile", "mobile SDKs"],
  ["environmentId", "browsers"],
];

/** Words for a variation by its position: its value. */
export type VariationWords = (variation: number) => string;

/**
 * Prepares words for the variations of a flag; each value is formatted once, however many rules serve it.
 *
 * @param variations The variations.
 * @returns Function that describes one of them.
 */
export function nameVariations(variations: readonly JsonValue[] | null | undefined): VariationWords {
  const known = new Map<number, string>();
  return (variation) => {
    let words = known.get(variation);
    if (words === undefined) {
      const value = variations?.[variation];
      words = value === undefined ? `variation ${variation} (missing)` : formatValue(value);
      known.set(variation, words);
    }
    return words;
  };
}

/**
 * Describes what a rule or the fallthrough serves, e.g. `SERVE "on"`.
 *
 * @param served The rule or fallthrough.
 * @param name Words for the flag's variations.
 * @returns One line.
 */
export function describeServed({ variation, rollout }: VariationOrRollout, name: VariationWords): string {
  if (typeof variation === "number") return `SERVE ${name(variation)}`;
  return `SERVE ${rollout?.variations?.length ? describeWeights(rollout, name) : "nothing (malformed)"}`;
}

/**
 * Describes the conditions of a rule and their outcome, e.g. `IF user.country is "DE" SERVE "on"`.
 *
 * @param clauses The conditions.
 * @param outcome Words for the outcome.
 * @returns One line.
 */
export function describeRule(clauses: readonly Clause[] | null | undefined, outcome: string): string {
  if (!clauses?.length) return `ALWAYS ${outcome}`;
  return `IF ${clauses.map(describeClause).join(" AND ")} ${outcome}`;
}

/**
 * Describes a flag: whether it is on, what it requires, its targets, its rules in order, what it serves otherwise and when off, its
 * variations, and which SDKs see it.
 *
 * @param flag The flag.
 * @param findFlag Finds other flags, for the values of prerequisites. @default {finds none: variations are numbered}
 * @returns Lines.
 */
export function describeFlag(flag: Flag, findFlag?: (key: string) => Flag | undefined): string[] {
  if (flag.deleted) return ["DELETED"];
  const name = nameVariations(flag.variations);
  const { offVariation, variations } = flag;
  return [
    flag.on ? "ON" : "OFF",
    ...(flag.prerequisites ?? []).map(({ key, variation }) => {
      const others = findFlag?.(key ?? "")?.variations;
      return `REQUIRES ${describePrerequisite(key, variation, others ? nameVariations(others) : undefined)}`;
    }),
    ...listTargets(flag).filter(({ values }) => values?.length).map((target) =>
      `TARGET ${describeKeys(target)} SERVE ${name(target.variation ?? 0)}`
    ),
    ...(flag.rules ?? []).map((rule) => describeRule(rule.clauses, describeServed(rule, name))),
    `ELSE ${describeServed(flag.fallthrough ?? {}, name)}`,
    `OFF SERVE ${describeOffVariation(offVariation, name)}`,
    `VARIATIONS ${variations?.length ? formatList(variations, formatValue) : "none"}`,
    `SEEN BY ${describeAudiences(flag)}`,
  ];
}

/** Describes a required variation of another flag, e.g. `"other" = true`. */
export function describePrerequisite(
  key: string | null | undefined,
  variation: number | null | undefined,
  name: VariationWords = (variation) => `variation ${variation}`,
): string {
  return `${formatValue(key ?? "")} = ${name(variation ?? 0)}`;
}

/** Describes what a flag serves when it is off. */
export function describeOffVariation(offVariation: number | null | undefined, name: VariationWords): string {
  return typeof offVariation === "number" ? name(offVariation) : "null";
}

/** Lists who sees a flag. */
export function describeAudiences(flag: Flag): string {
  return AUDIENCES.filter(([audience]) => isVisible(flag, audience)).map(([, words]) => words).join(", ");
}

/**
 * Describes a segment: keys that belong to it, those that do not, and its rules.
 *
 * @param segment The segment.
 * @returns Lines.
 */
export function describeSegment(segment: Segment): string[] {
  if (segment.deleted) return ["DELETED"];
  const { included, includedContexts, excluded, excludedContexts, unbounded, unboundedContextKind } = segment;
  const lists = unbounded
    ? [`BIG SEGMENT of ${formatName(unboundedContextKind || "user")}: its members are not in the archive`]
    : [
      ...describeLists("INCLUDE", included, includedContexts),
      ...describeLists("EXCLUDE", excluded, excludedContexts),
    ];
  const rules = (segment.rules ?? []).map((rule) => describeRule(rule.clauses, describeShare(rule)));
  return lists.length + rules.length > 0 ? [...lists, ...rules] : ["EMPTY"];
}

/** Describes which contexts a segment's rule includes of those that match. */
export function describeShare({ weight, bucketBy, rolloutContextKind }: SegmentRule): string {
  if (typeof weight !== "number") return "INCLUDE";
  return `INCLUDE ${formatWeight(weight)} by ${describeAttribute(rolloutContextKind, bucketBy || "key")}`;
}

function describeLists(
  verb: string,
  users: string[] | null | undefined,
  contexts: SegmentTarget[] | null | undefined,
): string[] {
  return [{ values: users ?? null }, ...contexts ?? []]
    .filter(({ values }) => values?.length).map((list) => `${verb} ${describeKeys(list)}`);
}

function describeKeys({ contextKind, values }: SegmentTarget): string {
  return `${formatName(contextKind || "user")} ${formatList(values ?? [], formatValue)}`;
}

/** Reports whether an outcome is a rollout whose weights do not add up, so that other shares are served. */
export function hasOddWeights({ rollout }: VariationOrRollout): boolean {
  return (rollout?.variations ?? []).some(({ weight }) => weight! < 0) || sumWeights(rollout ?? {}) !== WHOLE;
}

function sumWeights({ variations }: Rollout): number {
  return (variations ?? []).reduce((sum, { weight }) => sum + (weight ?? 0), 0);
}

/** Cuts off what is past 100%, where the evaluator never gets to. */
function cutWeights(weights: readonly WeightedVariation[]): WeightedVariation[] {
  let [sum, end] = [0, 0];
  return weights.map((weighted) => {
    const start = end;
    sum += weighted.weight ?? 0;
    end = Math.max(start, Math.min(sum, WHOLE));
    return { ...weighted, weight: end - start };
  });
}

/** Describes the shares of a rollout that has variations. What the weights leave goes to the last, as the evaluator has it. */
function describeWeights(rollout: Rollout, name: VariationWords): string {
  const { kind, contextKind, bucketBy, seed } = rollout;
  const weights = cutWeights(rollout.variations ?? []);
  const isExperiment = kind === "experiment";
  const sum = sumWeights(rollout);
  const rest = weights.reduce((rest, { weight }) => rest - (weight ?? 0), WHOLE);

  function describeWeight({ variation, weight, untracked }: WeightedVariation): string {
    const note = isExperiment && untracked ? " (untracked)" : "";
    return `${formatWeight(weight ?? 0)} ${name(variation ?? 0)}${note}`;
  }

  const shown = weights.filter(({ weight }) => weight);
  const shares = shown.length > 0 ? [formatList(shown, describeWeight)] : [];
  const last = weights.at(-1)!;
  if (rest > 0) shares.push(`${describeWeight({ ...last, weight: rest })} (the rest)`);
  const by = describeAttribute(contextKind, isExperiment || !bucketBy ? "key" : bucketBy);
  return [
    shares.join(", "),
    sum > WHOLE ? ` (of weights that add up to ${formatWeight(sum)})` : "",
    ` by ${by}`,
    typeof seed === "number" ? ` with seed ${seed}` : "",
    isExperiment ? " (experiment)" : "",
  ].join("");
}
