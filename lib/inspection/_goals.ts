import { listTargets, MAX_NESTING, type Slices } from "../evaluation/mod.ts";
import type { Flag, VariationOrRollout } from "../model/mod.ts";
import type { ClauseConditions } from "./_clause_conditions.ts";
import {
  all,
  ALWAYS,
  any,
  type Condition,
  constant,
  FALSE,
  first,
  type Formula,
  negate,
  NEVER,
  type Step,
} from "./_formula.ts";
import type { Steps } from "./_steps.ts";

/** Stands for a variation that a flag serves and does not have. */
const MALFORMED = -1;

/** What flags may serve: positions of variations, and null for none. */
interface Accepted {
  /** Name that no other one has. */
  id: string;
  has(variation: number | null): boolean;
}

/** A target, a rule or the fallthrough of a flag: when it applies, and what it serves. */
type Case = Condition & { served: VariationOrRollout };

/** Steps that making the formula of a case is worth. */
const CASE_STEPS = 20;

/** Makes the formulas by which flags serve some of their variations. */
export class Goals {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #conditions: ClauseConditions;
  readonly #steps: Steps;
  readonly #cases = new Map<string, readonly Case[]>();
  readonly #known = new Map<string, Formula>();
  /** Flags under way. */
  readonly #open = new Set<string>();

  /**
   * @param flags Flags by key.
   * @param conditions Makes the conditions of their targets and rules.
   * @param steps Steps left.
   */
  constructor(flags: ReadonlyMap<string, Flag>, conditions: ClauseConditions, steps: Steps) {
    this.#flags = flags;
    this.#conditions = conditions;
    this.#steps = steps;
  }

  /**
   * Makes the formula that a flag serves one of some variations.
   *
   * @param flag The flag.
   * @param variations Positions of the variations; null for none.
   * @returns Slices; the last one returns the formula.
   */
  *ofFlag(flag: Flag, variations: ReadonlySet<number | null>): Slices<Formula> {
    return yield* this.#serves(flag, {
      id: `${[...variations]}`,
      has: (variation) => variations.has(variation),
    });
  }

  *#serves(flag: Flag, accepted: Accepted): Slices<Formula> {
    const off = constant(accepted.has(getVariation(flag, flag.offVariation ?? null)));
    if (!flag.on) return off;
    const id = JSON.stringify([flag.key, accepted.id]);
    const known = this.#known.get(id);
    if (known) return known;
    // Met again before it is known, it is part of a cycle, which is an error.
    if (this.#open.has(flag.key) || this.#open.size === MAX_NESTING) return FALSE;
    this.#open.add(flag.key);
    const prerequisites: Condition[] = [];
    for (const { key, variation } of flag.prerequisites ?? []) {
      prerequisites.push(yield* this.#ofPrerequisite(key ?? "", variation ?? 0));
      if (this.#steps.endSlice()) yield;
    }
    const failed = prerequisites.map((isMet): Step => ({ ...negate(isMet), then: off }));
    const steps = yield* this.#listSteps(flag, accepted);
    this.#open.delete(flag.key);
    // Rather by a rule of its own than by a prerequisite that is not met.
    const formula = any([
      all([...prerequisites.map(({ yes }) => yes), first(steps)]),
      first(failed),
    ]);
    this.#known.set(id, formula);
    return formula;
  }

  *#ofPrerequisite(key: string, wanted: number): Slices<Condition> {
    const flag = this.#flags.get(key);
    if (!flag?.on) return NEVER;
    const isMet = (variation: number | null) => variation === wanted && variation !== MALFORMED;
    return {
      yes: yield* this.#serves(flag, { id: `is ${wanted}`, has: isMet }),
      no: yield* this.#serves(flag, { id: `is not ${wanted}`, has: (variation) => !isMet(variation) }),
    };
  }

  *#listSteps(flag: Flag, accepted: Accepted): Slices<Step[]> {
    let cases = this.#cases.get(flag.key);
    if (cases === undefined) this.#cases.set(flag.key, cases = yield* this.#listCases(flag));
    this.#steps.take(CASE_STEPS * cases.length);
    return cases.map(({ served, ...condition }) => ({
      ...condition,
      then: this.#ofServed(flag, served, accepted),
    }));
  }

  *#listCases(flag: Flag): Slices<Case[]> {
    const targets = listTargets(flag).map((target) => ({
      ...this.#conditions.ofKeys(target),
      served: { variation: target.variation ?? 0 },
    }));
    const rules: Case[] = [];
    for (const rule of flag.rules ?? []) {
      rules.push({ ...this.#conditions.ofClauses(rule.clauses), served: rule });
      if (this.#steps.endSlice()) yield;
    }
    return [...targets, ...rules, { ...ALWAYS, served: flag.fallthrough ?? {} }];
  }

  #ofServed(flag: Flag, { variation, rollout }: VariationOrRollout, accepted: Accepted): Formula {
    if (typeof variation === "number") return constant(accepted.has(getVariation(flag, variation)));
    const malformed = constant(accepted.has(MALFORMED));
    if (!rollout?.variations?.length) return malformed;
    const { key, salt } = flag;
    const positions = rollout.variations.keys().filter((i) =>
      accepted.has(getVariation(flag, rollout.variations![i]!.variation ?? 0))
    );
    return this.#conditions.literals.ofRollout({ key, salt, rollout }, new Set(positions)) ?? malformed;
  }
}

function getVariation({ variations }: Flag, variation: number | null): number | null {
  return variation === null || variations?.[variation] !== undefined ? variation : MALFORMED;
}
