import type { Clause, Segment, SegmentTarget } from "../model/mod.ts";
import { all, any, constant, FALSE, first, type Step, TRUE } from "./_formula.ts";
import { type Condition, ERROR, type Literals } from "./_literals.ts";

/**
 * Longest chain of segments, or of flags, that is followed: as long as the evaluator follows one.
 *
 * @limit items: the end of a longer one counts as an error
 */
export const MAX_CHAIN = 400;

/** Makes the conditions of clauses and segments. */
export class Conditions {
  /** Makes their literals. */
  readonly literals: Literals;
  readonly #segments: ReadonlyMap<string, Segment>;
  readonly #known = new Map<string, Condition>();
  /** Segments under way. */
  #depth = 0;

  /**
   * @param segments Segments by key.
   * @param literals Makes their literals.
   */
  constructor(segments: ReadonlyMap<string, Segment>, literals: Literals) {
    this.#segments = segments;
    this.literals = literals;
  }

  /** Makes the condition that all clauses match. */
  ofClauses(clauses: readonly Clause[] | null | undefined): Condition {
    return joinInOrder((clauses ?? []).map((clause) => this.#ofClause(clause)));
  }

  /** Makes the condition that a list of keys has the context's key of a kind. */
  ofKeys({ contextKind, values }: SegmentTarget): Condition {
    if (!values?.length) return { yes: FALSE, no: TRUE };
    return this.literals.ofClause({ contextKind: contextKind || "user", attribute: "key", op: "in", values });
  }

  #ofClause(clause: Clause): Condition {
    const { op, values, negate } = clause;
    if (op !== "segmentMatch") return this.literals.ofClause(clause);
    const segments = (values ?? []).filter((key) => typeof key === "string").map((key) =>
      this.#ofSegment(key)
    );
    // What does not match is what matches none.
    const { yes: no, no: yes } = joinInOrder(segments.map(({ yes, no }) => ({ yes: no, no: yes })));
    return negate ? { yes: no, no: yes } : { yes, no };
  }

  #ofSegment(key: string): Condition {
    const known = this.#known.get(key);
    if (known) return known;
    const segment = this.#segments.get(key);
    if (!segment) return { yes: FALSE, no: TRUE };
    if (this.#depth === MAX_CHAIN) return ERROR;
    // Met again before it is known, it is part of a cycle.
    this.#known.set(key, ERROR);
    this.#depth++;
    const steps = this.#listSteps(segment);
    this.#depth--;
    const condition: Condition = {
      yes: first(steps.map((step) => ({ ...step, then: constant(step.isMember) }))),
      no: first(steps.map((step) => ({ ...step, then: constant(!step.isMember) }))),
    };
    this.#known.set(key, condition);
    return condition;
  }

  #listSteps(segment: Segment): SegmentStep[] {
    const { included, excluded, includedContexts, excludedContexts, unbounded, generation, rules } = segment;
    const end = { yes: TRUE, no: FALSE, isMember: false };
    if (unbounded && typeof generation !== "number") return [end];
    const kind = this.literals.hasKind(segment.unboundedContextKind || "user");
    const lists = unbounded ? [{ yes: kind.no, no: kind.yes, isMember: false }] : [
      { ...this.#ofLists(included, includedContexts), isMember: true },
      { ...this.#ofLists(excluded, excludedContexts), isMember: false },
    ];
    const matches = (rules ?? []).map((rule) => {
      const clauses = this.ofClauses(rule.clauses);
      if (typeof rule.weight !== "number") return { ...clauses, isMember: true };
      return { ...joinInOrder([clauses, this.#ofShare(segment, rule)]), isMember: true };
    });
    return [...lists, ...matches, end];
  }

  #ofLists(users: string[] | null | undefined, contexts: SegmentTarget[] | null | undefined): Condition {
    const lists = [{ values: users ?? null }, ...(contexts ?? [])].map((list) => this.ofKeys(list));
    return { yes: any(lists.map(({ yes }) => yes)), no: all(lists.map(({ no }) => no)) };
  }

  #ofShare({ key, salt }: Segment, { weight, bucketBy, rolloutContextKind }: SegmentRule): Condition {
    const variations = [{ weight: weight ?? null }, { weight: 0 }];
    const rollout = { contextKind: rolloutContextKind ?? null, bucketBy: bucketBy ?? null, variations };
    const inside = this.literals.ofRollout({ key, salt, rollout }, new Set([0]));
    const outside = this.literals.ofRollout({ key, salt, rollout }, new Set([1]));
    if (inside === null || outside === null) return ERROR;
    const kind = this.literals.hasKind(rolloutContextKind || "user");
    return { yes: all([kind.yes, inside]), no: any([kind.no, outside]) };
  }
}

/** Joins conditions that must all hold. They are asked in order, and the first that does not hold ends it, or leads to an error. */
function joinInOrder(conditions: readonly Condition[]): Condition {
  const mismatches = conditions.map(({ yes, no }): Step => ({ yes: no, no: yes, then: TRUE }));
  return { yes: all(conditions.map(({ yes }) => yes)), no: first(mismatches) };
}

type SegmentStep = Omit<Step, "then"> & { isMember: boolean };
type SegmentRule = NonNullable<Segment["rules"]>[number];
