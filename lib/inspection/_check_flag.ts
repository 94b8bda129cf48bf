import { type Fault, listFaults, listTargets } from "../evaluation/mod.ts";
import type { Flag, Target, VariationOrRollout } from "../model/mod.ts";
import { inspectKind } from "./_check_names.ts";
import { inspectRules } from "./_check_rules.ts";
import { inspectServed } from "./_check_served.ts";
import { inspectVariations } from "./_check_variations.ts";
import type { OnFinding } from "./_entry.ts";
import { MAX_FINDINGS } from "./_finding_list.ts";
import { GIVES_ERROR, quote, UNREACHED } from "./_phrases.ts";
import { Repeats } from "./_repeats.ts";

/**
 * Finds what is wrong with a flag by itself.
 *
 * @param flag The flag; no tombstone.
 * @param onFinding Receiver of findings.
 * @param cuts Paths of numbers whose fraction was cut, which is a finding already.
 * @returns The variations that the flag wants and does not have.
 */
export function inspectFlag(flag: Flag, onFinding: OnFinding, cuts: ReadonlySet<string>): Set<number> {
  const faults = listFaults(flag, MAX_FINDINGS + 1);
  const unreached = listUnreached(flag, faults);
  for (const { path, problem, variation } of faults) {
    if (variation === undefined) onFinding("error", path, problem, GIVES_ERROR);
  }
  for (const { path, problem, variation } of unreached) {
    if (variation === undefined) onFinding("warning", path, `${problem}${UNREACHED.effect}`, UNREACHED.hint);
  }
  const lacking = inspectVariations(flag, { reached: faults, unreached }, onFinding);
  inspectPrerequisites(flag, onFinding);
  const targeted = inspectTargets(flag, onFinding);
  // The target that stands for another one may be the one whose variation is wrong.
  if (lacking.size === 0) inspectUntried(flag, onFinding);
  const rules = flag.rules ?? [];
  inspectRules(rules, faults, onFinding, {
    isFinal: () => true,
    isTargeted: (kind, key) => targeted.has(`${kind}:${key}`),
  });
  for (const [i, rule] of rules.entries()) inspectServed(rule, `rules[${i}]`, onFinding, cuts);
  inspectServed(flag.fallthrough ?? {}, "fallthrough", onFinding, cuts);
  return lacking;
}

/** Lists the faults that would count if the flag were on, had a prerequisite, and had no empty buckets. */
function listUnreached(flag: Flag, faults: readonly Fault[]): Fault[] {
  if (faults.length > MAX_FINDINGS) return [];
  const reachable: Flag = {
    ...flag,
    on: true,
    prerequisites: [{}],
    rules: flag.rules?.map(fill) ?? null,
    fallthrough: fill(flag.fallthrough ?? {}),
  };
  const known = new Set(faults.map(({ path }) => path));
  // That a flag which is off has no fallthrough is fine.
  return listFaults(reachable, MAX_FINDINGS).filter(({ path }) => path !== "fallthrough" && !known.has(path));
}

/** Gives each bucket of a rollout a weight. */
function fill<T extends VariationOrRollout>(served: T): T {
  const { rollout } = served;
  if (!rollout?.variations) return served;
  const variations = rollout.variations.map((bucket) => ({ ...bucket, weight: 1 }));
  return { ...served, rollout: { ...rollout, variations } };
}

function inspectPrerequisites({ on, prerequisites }: Flag, onFinding: OnFinding): void {
  const known = new Map<string, number>();
  for (const [i, { key, variation }] of (prerequisites ?? []).entries()) {
    const first = known.get(key ?? "");
    if (first === undefined) {
      known.set(key ?? "", i);
      continue;
    }
    const wanted = prerequisites![first]!.variation ?? 0;
    const other = variation ?? 0;
    if (wanted === other) {
      const problem = `is ${quote(key ?? "")}, as "prerequisites[${first}].key" is`;
      onFinding("warning", `prerequisites[${i}].key`, problem, "Leave one out");
    } else {
      const why = `"prerequisites[${first}]" wants ${wanted} of the same flag`;
      const problem = `is ${other}, but ${why}: the flag always serves its off variation`;
      onFinding(on ? "error" : "warning", `prerequisites[${i}].variation`, problem, "Leave one out");
    }
  }
}

/** Finds keys that two targets list; returns for each kind and key the path of the target that counts. */
function inspectTargets(flag: Flag, onFinding: OnFinding): Map<string, string> {
  const paths = new Map<Target, string>();
  for (const field of ["targets", "contextTargets"] as const) {
    for (const [i, target] of (flag[field] ?? []).entries()) {
      paths.set(target, `${field}[${i}]`);
      inspectKind(target.contextKind, `${field}[${i}].contextKind`, onFinding);
    }
  }
  const places = new Map<string, string>();
  const repeats = new Repeats();
  for (const target of new Set(listTargets(flag))) {
    const path = paths.get(target)!;
    for (const [i, key] of (target.values ?? []).entries()) {
      const id = `${target.contextKind || "user"}:${key}`;
      const first = places.get(id);
      if (first === undefined) {
        places.set(id, path);
      } else {
        const problem = `is ${quote(key)}, which "${first}" lists already: that one counts`;
        repeats.add(`${path}.values[${i}]`, problem, first);
      }
    }
  }
  repeats.report((path, problem) => onFinding("warning", path, problem, "Leave one out"));
  return places;
}

/** Finds user targets that are not tried. */
function inspectUntried(flag: Flag, onFinding: OnFinding): void {
  const used = new Set(listTargets(flag));
  for (const [i, target] of (flag.targets ?? []).entries()) {
    if (used.has(target) || !target.values?.length) continue;
    const place = `kind "user" and variation ${target.variation ?? 0}`;
    const problem = `counts for nobody: "contextTargets" has no empty target of ${place} in its place`;
    onFinding("warning", `targets[${i}]`, problem, "Add that target where this one is to be tried");
  }
}
