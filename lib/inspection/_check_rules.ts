import type { Fault } from "../evaluation/mod.ts";
import type { Clause } from "../model/mod.ts";
import { inspectClause } from "./_check_clause.ts";
import type { OnFinding } from "./_entry.ts";

/** Most rules of one flag or segment that are compared with each other, each with all before it. @limit rules: that later ones cannot be reached is not noticed */
const MAX_COMPARED_RULES = 200;

/** A rule that can match. */
interface Reachable {
  index: number;
  clauses: ComparableClause[];
}

/** A clause, so that it can be compared with others. */
interface ComparableClause {
  /** What it tests, and how: the same for clauses that differ in values alone. */
  test: string;
  negate: boolean;
  /** JSON of its values, made when it is needed. */
  values?: Set<string>;
  clause: Clause;
}

/**
 * Finds clauses that never match, and rules that no context comes to.
 *
 * @param rules Rules of a flag or a segment.
 * @param faults Its faults: a rule with one is not taken into account any further.
 * @param onFinding Receiver of findings.
 * @param isFinal Reports whether no later rule is tried where the clauses of the rule at an index match.
 */
export function inspectRules(
  rules: readonly { clauses?: Clause[] | null }[],
  faults: readonly Fault[],
  onFinding: OnFinding,
  isFinal: (index: number) => boolean,
): void {
  const faulty = new Set(faults.map(({ path }) => Number(/^rules\[(\d+)\]/.exec(path)?.[1] ?? NaN)));
  const reachable: Reachable[] = [];
  let isOpen = true;
  for (const [index, { clauses }] of rules.entries()) {
    const list = clauses ?? [];
    const matching = list.map((clause, i) =>
      inspectClause(clause, `rules[${index}].clauses[${i}]`, onFinding)
    );
    if (!isOpen || faulty.has(index) || matching.includes(false)) continue;
    const rule = { index, clauses: list.map(toComparable) };
    const earlier = index < MAX_COMPARED_RULES
      ? reachable.find((other) =>
        other.clauses.every((clause) => rule.clauses.some((own) => implies(own, clause)))
      )
      : undefined;
    if (earlier) reportUnreachable(onFinding, rule, earlier);
    else if (list.length === 0 && isFinal(index)) {
      reportUnconditional(onFinding, index, rules.length);
      isOpen = false;
    } else if (isFinal(index) && index < MAX_COMPARED_RULES) reachable.push(rule);
  }
}

const REMOVE = "Remove the rule, or move it up";

function reportUnreachable(onFinding: OnFinding, { index, clauses }: Reachable, earlier: Reachable): void {
  const isSame = clauses.length === earlier.clauses.length &&
    clauses.every((clause) => earlier.clauses.some((other) => implies(other, clause)));
  const why = isSame
    ? `"rules[${earlier.index}]" has the same clauses`
    : `every context that matches it matches "rules[${earlier.index}]" before`;
  onFinding("warning", `rules[${index}]`, `cannot be reached: ${why}`, REMOVE);
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

function toComparable(clause: Clause): ComparableClause {
  const { contextKind, attribute, op, negate } = clause;
  // Without a kind, what looks like a path is a name.
  const kind = contextKind || (attribute?.startsWith("/") ? "" : "user");
  const tested = op === "segmentMatch" ? [] : [kind, attribute];
  return { test: JSON.stringify([op, ...tested]), negate: negate ?? false, clause };
}

/** Reports whether every context that matches a clause matches another one: of values one suffices. */
function implies(clause: ComparableClause, other: ComparableClause): boolean {
  if (clause.test !== other.test || clause.negate !== other.negate) return false;
  return clause.negate
    ? getValues(clause).isSupersetOf(getValues(other))
    : getValues(clause).isSubsetOf(getValues(other));
}

function getValues(clause: ComparableClause): Set<string> {
  return clause.values ??= new Set((clause.clause.values ?? []).map((value) => JSON.stringify(value)));
}
