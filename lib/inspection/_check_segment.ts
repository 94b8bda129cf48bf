import { listSegmentFaults } from "../evaluation/mod.ts";
import type { Segment } from "../model/mod.ts";
import { inspectKind, inspectReference } from "./_check_names.ts";
import { inspectRules } from "./_check_rules.ts";
import type { OnFinding } from "./_entry.ts";
import { MAX_FINDINGS } from "./_finding_list.ts";
import { WHOLE } from "./_format.ts";
import { quote } from "./_phrases.ts";
import { Repeats } from "./_repeats.ts";

/**
 * Finds what is wrong with a segment by itself.
 *
 * @param segment The segment; no tombstone.
 * @param onFinding Receiver of findings.
 * @param cuts Paths of numbers whose fraction was cut, which is a finding already.
 */
export function inspectSegment(segment: Segment, onFinding: OnFinding, cuts: ReadonlySet<string>): void {
  const faults = listSegmentFaults(segment, MAX_FINDINGS + 1);
  for (const { path, problem } of faults) {
    onFinding("error", path, problem, "Flags that ask the segment give an error: correct it in LaunchDarkly");
  }
  const rules = segment.rules ?? [];
  inspectRules(rules, faults, onFinding, {
    isFinal: (i) => typeof rules[i]!.weight !== "number",
    isTargeted: () => false,
  });
  for (const [i, { weight, bucketBy, rolloutContextKind }] of rules.entries()) {
    if (typeof weight !== "number") continue;
    const path = `rules[${i}]`;
    inspectKind(rolloutContextKind, `${path}.rolloutContextKind`, onFinding);
    inspectReference(bucketBy, rolloutContextKind, `${path}.bucketBy`, onFinding);
    if (weight >= 0 && weight <= WHOLE || cuts.has(`${path}.weight`)) continue;
    onFinding("warning", `${path}.weight`, `is ${weight}: a weight is 0 to ${WHOLE}`, "Correct the weight");
  }
  inspectKind(segment.unboundedContextKind, "unboundedContextKind", onFinding);
  for (const field of ["includedContexts", "excludedContexts"] as const) {
    for (const [i, { contextKind }] of (segment[field] ?? []).entries()) {
      inspectKind(contextKind, `${field}[${i}].contextKind`, onFinding);
    }
  }
  inspectMembers(segment, onFinding);
}

/** Finds keys that are both included and excluded. */
function inspectMembers(segment: Segment, onFinding: OnFinding): void {
  const excluded = listMembers(segment, "excluded");
  if (excluded.length === 0) return;
  const included = Map.groupBy(listMembers(segment, "included"), ({ kind }) => kind);
  const repeats = new Repeats();
  for (const { kind, values, path } of excluded) {
    const sets = (included.get(kind) ?? []).map(({ values }) => new Set(values));
    for (const [i, key] of values.entries()) {
      if (!sets.some((set) => set.has(key))) continue;
      const problem = `is ${quote(key)}, which is included too: it belongs to the segment`;
      repeats.add(`${path}[${i}]`, problem, "included");
    }
  }
  repeats.report((path, problem) => onFinding("warning", path, problem, "Leave one out"));
}

/** Lists the lists of keys of a segment that have any. */
function listMembers(
  segment: Segment,
  field: "included" | "excluded",
): { kind: string; values: string[]; path: string }[] {
  const contexts = (segment[`${field}Contexts`] ?? []).map(({ contextKind, values }, i) => ({
    kind: contextKind || "user",
    values: values ?? [],
    path: `${field}Contexts[${i}].values`,
  }));
  return [{ kind: "user", values: segment[field] ?? [], path: field }, ...contexts]
    .filter(({ values }) => values.length > 0);
}
