import { listTargets } from "../evaluation/mod.ts";
import type { Flag, VariationOrRollout } from "../model/mod.ts";
import { type Conditions, MAX_CHAIN } from "./_conditions.ts";
import { all, any, constant, FALSE, first, type Formula, type Step, TRUE } from "./_formula.ts";
import type { Condition } from "./_literals.ts";

/** Outcome of a flag that serves a variation which it does not have. */
const MALFORMED = -1;

/** What flags may serve: positions of variations, and null for none. */
interface Accepted {
  /** Name that no other one has. */
  id: string;
  has(variation: number | null): boolean;
}

/** Makes the formulas by which flags serve some of their variations. */
export class Goals {
  readonly #flags: ReadonlyMap<string, Flag>;
  readonly #conditions: Conditions;
  readonly #known = new Map<string, Formula>();
  /** Flags under way. */
  readonly #open = new Set<string>();

  /**
   * @param flags Flags by key.
   * @param conditions Conditions of their rules.
   */
  constructor(flags: ReadonlyMap<string, Flag>, conditions: Conditions) {
    this.#flags = flags;
    this.#conditions = conditions;
  }

  /**
   * Makes the formula that a flag serves one of some variations.
   *
   * @param flag The flag.
   * @param variations Positions of the variations; null for none.
   * @returns The formula.
   */
  ofFlag(flag: Flag, variations: ReadonlySet<number | null>): Formula {
    return this.#serves(flag, { id: `${[...variations]}`, has: (variation) => variations.has(variation) });
  }

  #serves(flag: Flag, accepted: Accepted): Formula {
    const off = constant(accepted.has(getVariation(flag, flag.offVariation ?? null)));
    if (!flag.on) return off;
    const id = JSON.stringify([flag.key, accepted.id]);
    const known = this.#known.get(id);
    if (known) return known;
    // Met again before it is known, it is part of a cycle, which is an error.
    if (this.#open.has(flag.key) || this.#open.size === MAX_CHAIN) return FALSE;
    this.#open.add(flag.key);
    const prerequisites = (flag.prerequisites ?? []).map(({ key, variation }) =>
      this.#ofPrerequisite(key ?? "", variation ?? 0)
    );
    const failed = prerequisites.map(({ yes, no }): Step => ({ yes: no, no: yes, then: off }));
    const steps = this.#listSteps(flag, accepted);
    this.#open.delete(flag.key);
    // Rather by a rule of its own than by a prerequisite that is not met.
    const formula = any([
      all([...prerequisites.map(({ yes }) => yes), first(steps)]),
      first(failed),
    ]);
    this.#known.set(id, formula);
    return formula;
  }

  #ofPrerequisite(key: string, wanted: number): Condition {
    const flag = this.#flags.get(key);
    if (!flag?.on) return { yes: FALSE, no: TRUE };
    const isMet = (variation: number | null) => variation === wanted && variation !== MALFORMED;
    return {
      yes: this.#serves(flag, { id: `is ${wanted}`, has: isMet }),
      no: this.#serves(flag, { id: `is not ${wanted}`, has: (variation) => !isMet(variation) }),
    };
  }

  #listSteps(flag: Flag, accepted: Accepted): Step[] {
    const targets = listTargets(flag).map((target): Step => ({
      ...this.#conditions.ofKeys(target),
      then: constant(accepted.has(getVariation(flag, target.variation ?? 0))),
    }));
    const rules = (flag.rules ?? []).map((rule): Step => ({
      ...this.#conditions.ofClauses(rule.clauses),
      then: this.#ofServed(flag, rule, accepted),
    }));
    const fallthrough = {
      yes: TRUE,
      no: FALSE,
      then: this.#ofServed(flag, flag.fallthrough ?? {}, accepted),
    };
    return [...targets, ...rules, fallthrough];
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
