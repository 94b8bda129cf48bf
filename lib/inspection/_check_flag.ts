import { type Fault, listFaults, listTargets } from "../evaluation/mod.ts";
import type { Flag, Rollout, Target } from "../model/mod.ts";
import { inspectRules } from "./_check_rules.ts";
import { type OnFinding, quote } from "./_entry.ts";
import { MAX_FINDINGS } from "./_finding_list.ts";

/** Sum of a rollout's weights: thousandths of a percent. */
const ALL = 100_000;

/**
 * Finds what is wrong with a flag by itself.
 *
 * @param flag The flag; no tombstone.
 * @param onFinding Receiver of findings.
 * @param cuts Paths of numbers whose fraction was cut, which is a finding already.
 */
export function inspectFlag(flag: Flag, onFinding: OnFinding, cuts: ReadonlySet<string>): void {
  const faults = listFaults(flag, MAX_FINDINGS + 1);
  for (const { path, problem } of faults) {
    onFinding("error", path, problem, "Contexts that come to it get an error: correct it in LaunchDarkly");
  }
  for (const { path, problem } of listDormant(flag, faults)) {
    onFinding(
      "warning",
      path,
      `${problem}; nobody comes to it as the flag is now`,
      "Correct it in LaunchDarkly",
    );
  }
  inspectPrerequisites(flag, onFinding);
  inspectTargets(flag, onFinding);
  const rules = flag.rules ?? [];
  inspectRules(rules, faults, onFinding, () => true);
  for (const [i, { variation, rollout }] of rules.entries()) {
    if (rollout && typeof variation !== "number") {
      inspectWeights(rollout, `rules[${i}].rollout`, onFinding, cuts);
    }
  }
  const { variation, rollout } = flag.fallthrough ?? {};
  if (rollout && typeof variation !== "number") {
    inspectWeights(rollout, "fallthrough.rollout", onFinding, cuts);
  }
}

/** Lists the faults that would count if the flag were on and had a prerequisite. */
function listDormant(flag: Flag, faults: readonly Fault[]): Fault[] {
  if (faults.length > MAX_FINDINGS) return [];
  const known = new Set(faults.map(({ path }) => path));
  const awake: Flag = { ...flag, on: true, prerequisites: [{}] };
  // That a flag which is off has no fallthrough is fine.
  return listFaults(awake, MAX_FINDINGS).filter(({ path }) => path !== "fallthrough" && !known.has(path));
}

function inspectPrerequisites({ prerequisites }: Flag, onFinding: OnFinding): void {
  const known = new Map<string, number>();
  for (const [i, { key }] of (prerequisites ?? []).entries()) {
    const first = known.get(key ?? "");
    if (first === undefined) {
      known.set(key ?? "", i);
    } else {
      const problem = `is ${quote(key ?? "")}, as "prerequisites[${first}].key" is`;
      onFinding("warning", `prerequisites[${i}].key`, problem, "Leave one out");
    }
  }
}

/** Finds keys that two targets list, and user targets that are not tried. */
function inspectTargets(flag: Flag, onFinding: OnFinding): void {
  const paths = new Map<Target, string>();
  for (const field of ["targets", "contextTargets"] as const) {
    for (const [i, target] of (flag[field] ?? []).entries()) paths.set(target, `${field}[${i}]`);
  }
  const used = new Set(listTargets(flag));
  const places = new Map<string, string>();
  for (const target of used) {
    const path = paths.get(target)!;
    for (const [i, key] of (target.values ?? []).entries()) {
      const id = `${target.contextKind || "user"}:${key}`;
      const first = places.get(id);
      if (first === undefined) {
        places.set(id, path);
      } else {
        const problem = `is ${quote(key)}, which "${first}" lists already: that one counts`;
        onFinding("warning", `${path}.values[${i}]`, problem, "Leave one out");
      }
    }
  }
  for (const target of flag.targets ?? []) {
    if (used.has(target) || !target.values?.length) continue;
    const place = `kind "user" and variation ${target.variation ?? 0}`;
    const problem = `counts for nobody: "contextTargets" has no empty target of ${place} in its place`;
    onFinding("warning", paths.get(target)!, problem, "Add that target where this one is to be tried");
  }
}

function inspectWeights(
  { variations }: Rollout,
  path: string,
  onFinding: OnFinding,
  cuts: ReadonlySet<string>,
): void {
  const weights = (variations ?? []).map(({ weight }) => weight ?? 0);
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) {
    const at = `${path}.variations[${negative}].weight`;
    return onFinding(
      "warning",
      at,
      `is ${weights[negative]}: a weight is 0 to ${ALL}`,
      "Correct the weights so that they add up to 100000",
    );
  }
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  const cut = weights.filter((_, i) => cuts.has(`${path}.variations[${i}].weight`)).length;
  if (weights.length === 0 || sum === ALL || sum < ALL && ALL - sum < cut) return;
  const effect = sum < ALL ? "the last variation gets the rest too" : "what is past that is never served";
  onFinding(
    "warning",
    `${path}.variations`,
    `has weights that add up to ${sum}, not ${ALL} (thousandths of a percent): ${effect}`,
    "Correct the weights so that they add up to 100000",
  );
}
