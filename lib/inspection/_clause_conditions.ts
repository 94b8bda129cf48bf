import { MAX_NESTING } from "../evaluation/mod.ts";
import type { Clause, Segment, SegmentRule, SegmentTarget } from "../model/mod.ts";
import {
  all,
  allInOrder,
  ALWAYS,
  any,
  anyOf,
  type Condition,
  constant,
  ERROR,
  first,
  negate,
  NEVER,
} from "./_formula.ts";
import type { Literals } from "./_literals.ts";

/** Makes the conditions that clauses match, and the segments that they name. */
export class ClauseConditions {
  /** Makes the conditions of clauses that name no segments. */
  readonly literals: Literals;
  readonly #segments: ReadonlyMap<string, Segment>;
  readonly #known = new Map<string, Condition>();
  /** Segments under way. */
  #depth = 0;

  /**
   * @param segments Segments by key.
   * @param literals Makes the conditions of clauses that name no segments.
   */
  constructor(segments: ReadonlyMap<string, Segment>, literals: Literals) {
    this.#segments = segments;
    this.literals = literals;
  }

  /** Makes the condition that all clauses match. */
  ofClauses(clauses: readonly Clause[] | null | undefined): Condition {
    return allInOrder((clauses ?? []).map((clause) => this.#ofClause(clause)));
  }

  /** Makes the condition that a list of keys has the context's key of a kind. */
  ofKeys({ contextKind, values }: SegmentTarget): Condition {
    if (!values?.length) return NEVER;
    return this.literals.ofClause({ contextKind: contextKind || "user", attribute: "key", op: "in", values });
  }

  #ofClause(clause: Clause): Condition {
    if (clause.op !== "segmentMatch") return this.literals.ofClause(clause);
    const keys = (clause.values ?? []).filter((key) => typeof key === "string");
    const isInNone = allInOrder(keys.map((key) => negate(this.#ofSegment(key))));
    return clause.negate ? isInNone : negate(isInNone);
  }

  #ofSegment(key: string): Condition {
    const known = this.#known.get(key);
    if (known) return known;
    const segment = this.#segments.get(key);
    if (!segment) return NEVER;
    if (this.#depth === MAX_NESTING) return ERROR;
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
    const end = { ...ALWAYS, isMember: false };
    if (unbounded && typeof generation !== "number") return [end];
    // The lists of a big segment are not in the archive: nobody is known to be in it but by its rules.
    const lists = unbounded
      ? [{ ...negate(this.literals.hasKind(segment.unboundedContextKind || "user")), isMember: false }]
      : [
        { ...this.#ofLists(included, includedContexts), isMember: true },
        { ...this.#ofLists(excluded, excludedContexts), isMember: false },
      ];
    const matches = (rules ?? []).map((rule) => ({ ...this.#ofRule(segment, rule), isMember: true }));
    return [...lists, ...matches, end];
  }

  #ofLists(users: string[] | null | undefined, contexts: SegmentTarget[] | null | undefined): Condition {
    return anyOf([{ values: users ?? null }, ...(contexts ?? [])].map((list) => this.ofKeys(list)));
  }

  #ofRule(segment: Segment, rule: SegmentRule): Condition {
    const clauses = this.ofClauses(rule.clauses);
    return typeof rule.weight === "number" ? allInOrder([clauses, this.#ofShare(segment, rule)]) : clauses;
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

/** A reason for which a context is a member of a segment, or is not. */
type SegmentStep = Condition & { isMember: boolean };
