import type { Clause, Rule, SegmentRule } from "../model/mod.ts";
import { type Aspect, describeSetChange, listChanges } from "./_changes.ts";
import { describeClause, describeTest } from "./_clause_words.ts";
import { formatList } from "./_format.ts";
import { describeRule } from "./words.ts";

/** How to describe the rules of a flag or a segment. */
export interface RuleWords<T> {
  /** Describes the outcome of a rule of the older version, e.g. `SERVE "on"`. */
  outcomeBefore(rule: T): string;
  /** Describes the outcome of a rule of the newer version. */
  outcomeAfter(rule: T): string;
  /** Fields of the outcome. */
  fields: Aspect<T>["fields"];
  /** Describes how the outcome of a rule changed, with the rule's name before it. */
  describeOutcome(before: T, after: T, name: string): Iterable<string>;
}

/** Lists what changed in rules: removed ones by their old numbers, all others by their new ones. */
export function* listRuleChanges<T extends Rule | SegmentRule>(
  before: readonly T[],
  after: readonly T[],
  words: RuleWords<T>,
): Generator<string> {
  const pairs = pairRules(before, after);
  const kept = new Set(pairs.values());
  for (const [i, rule] of before.entries()) {
    if (!kept.has(i)) yield `rule ${i + 1} removed: ${describeRule(rule.clauses, words.outcomeBefore(rule))}`;
  }
  for (const [i, rule] of after.entries()) {
    const old = pairs.get(i);
    if (old !== undefined) yield* listChangesOfRule(before[old]!, rule, i, words);
    else yield `rule ${i + 1} added: ${describeRule(rule.clauses, words.outcomeAfter(rule))}`;
  }
  const order = [...kept];
  if (order.some((old, i) => i > 0 && old < order[i - 1]!)) {
    yield `rules reordered: those that were ${
      formatList(order, (old) => `${old + 1}`)
    } now come in this order`;
  }
}

/** Finds for each rule of the newer version that of the older one: by ID or content, else by position where neither has an ID. */
function pairRules(
  before: readonly (Rule | SegmentRule)[],
  after: readonly (Rule | SegmentRule)[],
): Map<number, number> {
  const known = new Map(identify(before).map((name, i) => [name, i]));
  const found = identify(after).map((name) => known.get(name));
  const taken = new Set(found);
  return new Map(
    found.map((old, i) => {
      const isAtSamePlace = i < before.length && !taken.has(i) && !before[i]!.id && !after[i]!.id;
      return [i, old ?? (isAtSamePlace ? i : undefined)] as const;
    }).filter((pair): pair is [number, number] => pair[1] !== undefined),
  );
}

/** Names each rule by its ID, or its content, and how many before it have the same. */
function identify(rules: readonly (Rule | SegmentRule)[]): string[] {
  const counts = new Map<string, number>();
  return rules.map((rule) => {
    const name = rule.id || JSON.stringify(rule);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return `${count} ${name}`;
  });
}

function listChangesOfRule<T extends Rule | SegmentRule>(
  before: T,
  after: T,
  index: number,
  { fields, describeOutcome }: RuleWords<T>,
): Iterable<string> {
  const name = `rule ${index + 1}`;
  return listChanges(before, after, [
    {
      fields: ["clauses"],
      describe: (before, after) => listClauseChanges(before.clauses ?? [], after.clauses ?? [], index),
    },
    { fields, describe: (before, after) => describeOutcome(before, after, name) },
  ], `rules[${index}]`);
}

/** Lists what changed in the clauses of a rule, whatever their order. Those that make the same test of other values are paired. */
function* listClauseChanges(
  before: readonly Clause[],
  after: readonly Clause[],
  index: number,
): Generator<string> {
  const name = `rule ${index + 1}`;
  const removed = Map.groupBy(subtract(before, after).reverse(), describeTest);
  for (const clause of subtract(after, before)) {
    const test = describeTest(clause);
    const old = removed.get(test)?.pop();
    const values = old && describeSetChange(old.values ?? [], clause.values ?? []);
    if (values) yield `${name}: ${test} …: ${values}`;
    else if (old) yield* listChanges(old, clause, [], `rules[${index}].clauses[${after.indexOf(clause)}]`);
    else yield `${name}: condition added: ${describeClause(clause)}`;
  }
  for (const clause of [...removed.values()].flat()) {
    yield `${name}: condition removed: ${describeClause(clause)}`;
  }
}

/** Lists the clauses without as many of the same content as others have. */
function subtract(clauses: readonly Clause[], others: readonly Clause[]): Clause[] {
  const counts = new Map<string, number>();
  for (const other of others) {
    const content = JSON.stringify(other);
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
  return clauses.filter((clause) => {
    const content = JSON.stringify(clause);
    const count = counts.get(content) ?? 0;
    counts.set(content, count - 1);
    return count <= 0;
  });
}
