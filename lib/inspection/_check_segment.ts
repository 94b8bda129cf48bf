import { listSegmentFaults } from "../evaluation/mod.ts";
import type { Segment } from "../model/mod.ts";
import { inspectRules } from "./_check_rules.ts";
import { type OnFinding, quote } from "./_entry.ts";

/** Weight of all contexts: thousandths of a percent. */
const ALL = 100_000;

/**
 * Finds what is wrong with a segment by itself.
 *
 * @param segment The segment; no tombstone.
 * @param onFinding Receiver of findings.
 */
export function inspectSegment(segment: Segment, onFinding: OnFinding): void {
  const faults = listSegmentFaults(segment, Infinity);
  for (const { path, problem } of faults) {
    onFinding("error", path, problem, "Flags that ask the segment give an error: correct it in LaunchDarkly");
  }
  const rules = segment.rules ?? [];
  inspectRules(rules, faults, onFinding, (i) => typeof rules[i]!.weight !== "number");
  for (const [i, { weight }] of rules.entries()) {
    if (typeof weight !== "number" || weight >= 0 && weight <= ALL) continue;
    onFinding("warning", `rules[${i}].weight`, `is ${weight}: a weight is 0 to ${ALL}`, "Correct the weight");
  }
  inspectMembers(segment, onFinding);
}

/** Finds keys that are both included and excluded. */
function inspectMembers(segment: Segment, onFinding: OnFinding): void {
  const included = new Set<string>();
  if (listMembers(segment, "excluded").next().done) return;
  for (const { id } of listMembers(segment, "included")) included.add(id);
  for (const { id, key, path } of listMembers(segment, "excluded")) {
    if (!included.has(id)) continue;
    onFinding(
      "warning",
      path,
      `is ${quote(key)}, which is included too: it belongs to the segment`,
      "Leave one out",
    );
  }
}

/** Lists the keys of a segment, each with a text that keys of other kinds do not have, and its path. */
function* listMembers(
  segment: Segment,
  list: "included" | "excluded",
): Generator<{ id: string; key: string; path: string }, void> {
  for (const [i, key] of (segment[list] ?? []).entries()) {
    yield { id: `user:${key}`, key, path: `${list}[${i}]` };
  }
  for (const [i, { contextKind, values }] of (segment[`${list}Contexts`] ?? []).entries()) {
    for (const [j, key] of (values ?? []).entries()) {
      yield { id: `${contextKind || "user"}:${key}`, key, path: `${list}Contexts[${i}].values[${j}]` };
    }
  }
}
