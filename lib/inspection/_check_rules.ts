import type { Fault } from "../evaluation/mod.ts";
import type { Clause } from "../model/mod.ts";
import { inspectClause } from "./_check_clause.ts";
import { type ComparableClause, exclude, implies, type Spend, toComparable } from "./_clause_logic.ts";
import type { OnFinding } from "./_entry.ts";

/**
 * Most comparisons of clauses and their values in one flag or segment, whose rules are each compared with all before it.
 *
 * @limit comparisons: that later rules cannot be reached is not noticed
 */
const MAX_COMPARISONS = 200_000;

const REMOVE = "Remove the rule, or move it up";

/** A rule that can match. */
interface ReachableRule {
  index: number;
  clauses: ComparableClause[];
}

/** What is tried around rules. */
interface RulesOptions {
  /** Reports whether no later rule is tried where the clauses of the rule at an index match. */
  isFinal(index: number): boolean;
  /** Reports whether a context with a key of a kind comes to no rule. */
  isTargeted(kind: string, key: string): boolean;
}

/**
 * Finds clauses that never match, and rules that no context comes to.
 *
 * @param rules Rules of a flag or a segment.
 * @param faults Its faults: a rule with one is not taken into account any further.
 * @param onFinding Receiver of findings.
 * @param options What is tried around the rules.
 */
export function inspectRules(
  rules: readonly { clauses?: Clause[] | null }[],
  faults: readonly Fault[],
  onFinding: OnFinding,
  { isFinal, isTargeted }: RulesOptions,
): void {
  const faulty = new Set(faults.map(({ path }) => Number(/^rules\[(\d+)\]/.exec(path)?.[1] ?? NaN)));
  const reachable: ReachableRule[] = [];
  let isOpen = true;
  let comparisons = 0;
  const spend = (more: number): boolean => (comparisons += more) <= MAX_COMPARISONS;
  for (const [index, { clauses }] of rules.entries()) {
    const list = clauses ?? [];
    const matching = list.map((clause, i) =>
      inspectClause(clause, `rules[${index}].clauses[${i}]`, onFinding)
    );
    if (!isOpen || faulty.has(index) || matching.includes(false)) continue;
    if (list.length === 0 && isFinal(index)) {
      reportUnconditional(onFinding, index, rules.length);
      isOpen = false;
      continue;
    }
    if (comparisons > MAX_COMPARISONS) continue;
    const rule = { index, clauses: list.map(toComparable) };
    const earlier = reachable.find((other) => impliesRule(rule, other, spend));
    const targeted = list.findIndex((clause) => areTargeted(clause, isTargeted));
    if (targeted >= 0) {
      const problem = `cannot be reached: all keys of "clauses[${targeted}]" are in targets`;
      onFinding("warning", `rules[${index}]`, problem, "Remove the rule, or the keys from the targets");
    } else if (earlier) {
      const why = impliesRule(earlier, rule, spend)
        ? `"rules[${earlier.index}]" has the same clauses`
        : `every context that matches it matches "rules[${earlier.index}]" before`;
      onFinding("warning", `rules[${index}]`, `cannot be reached: ${why}`, REMOVE);
    } else if (!reportContradiction(onFinding, rule, spend) && isFinal(index)) {
      reachable.push(rule);
    }
  }
}

/** Reports whether a clause asks for keys alone that all have targets. */
function areTargeted(clause: Clause, isTargeted: RulesOptions["isTargeted"]): boolean {
  const { contextKind, attribute, op, negate, values } = clause;
  if (attribute !== "key" || op !== "in" || negate || !values?.length) return false;
  return values.every((key) => typeof key === "string" && isTargeted(contextKind || "user", key));
}

/** Reports whether every context that matches a rule matches another one. */
function impliesRule(rule: ReachableRule, other: ReachableRule, spend: Spend): boolean {
  return other.clauses.every((clause) => rule.clauses.some((own) => spend(1) && implies(own, clause, spend)));
}

/** Reports that two clauses of a rule exclude each other, if they do. */
function reportContradiction(onFinding: OnFinding, { index, clauses }: ReachableRule, spend: Spend): boolean {
  for (const [i, clause] of clauses.entries()) {
    const j = clauses.findIndex((other, j) => j < i && spend(1) && exclude(clause, other, spend));
    if (j < 0) continue;
    const problem = `cannot be reached: no context matches both "clauses[${j}]" and "clauses[${i}]"`;
    onFinding("warning", `rules[${index}]`, problem, "Correct one of the clauses, or remove the rule");
    return true;
  }
  return false;
}

/** Reports a rule without clauses: SDKs do not agree on what it matches, and nothing behind it is reached. */
function reportUnconditional(onFinding: OnFinding, index: number, count: number): void {
  const behind = count - index - 1;
  if (behind === 0) {
    const problem = "has no clauses: it matches every context here and in Go, none in JavaScript";
    return onFinding(
      "warning",
      `rules[${index}]`,
      problem,
      "Give the rule a clause, or serve its variation by the default rule",
    );
  }
  const others = behind === 1 ? "" : `, and neither can the rules behind it (${behind - 1})`;
  const problem = `cannot be reached: "rules[${index}]" has no clauses and matches every context${others}`;
  onFinding("warning", `rules[${index + 1}]`, problem, REMOVE);
}
