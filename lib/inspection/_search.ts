import type { JsonValue } from "../model/mod.ts";
import type { Attribute } from "./_attribute.ts";
import { type Broken, countAlternatives, type Formula, listAlternatives, type Literal } from "./_formula.ts";
import { LowerBound } from "./_lower_bound.ts";
import { Reading } from "./_reading.ts";
import { OUT_OF_STEPS, type Steps } from "./_steps.ts";
import { ValueFinder } from "./_value_finder.ts";
import { type ContextChange, formatReference } from "./context_change.ts";

/** Attributes that change: the literals for which they do, and the values that meet those. */
type Assignment = ReadonlyMap<Attribute, { literals: readonly Literal[]; value: JsonValue }>;

/** Formulas that must hold, and those among their parts for which another one was chosen that implies them. */
interface Plan {
  formulas: readonly Formula[];
  mended: ReadonlySet<Formula>;
}

/** Options for a {@linkcode Search}. */
export interface SearchOptions<T> {
  /** What must hold. */
  goal: Formula;
  /** Steps left. */
  steps: Steps;
  /** Returns what there is to return if the changes do it indeed; else `undefined`. */
  check(changes: ContextChange[]): T | undefined;
}

/** What a search has come to: a result, or that there is none, which is certain or not. */
export type Found<T> = { result: T } | { result: null; isCertain: boolean };

/**
 * Searches for the fewest attributes that have to change for a formula to hold. It changes what does not hold yet, and nothing
 * else: one literal is decided after the other, and a value is chosen that meets all that were decided about its attribute.
 */
export class Search<T> {
  readonly #options: SearchOptions<T>;
  readonly #values: ValueFinder;
  readonly #bound = new LowerBound();
  /** How many attributes may change. */
  #most = 0;
  /** Whether keys may: who has another one is somebody else. And whether one would have to. */
  #withKeys = false;
  #isKeyNeeded = false;
  /** Whether more attributes could have done it. */
  #isCut = false;
  /** Whether changes were refused that the formula admits. */
  #wasRefused = false;

  /** @param options What must hold, and how to check it. */
  constructor(options: SearchOptions<T>) {
    this.#options = options;
    this.#values = new ValueFinder(options.steps);
  }

  /**
   * Searches.
   *
   * @returns What was found.
   */
  run(): Found<T> {
    try {
      do {
        this.#most++;
        this.#isCut = false;
        this.#isKeyNeeded = false;
        for (const withKeys of [false, true]) {
          this.#withKeys = withKeys;
          if (withKeys && !this.#isKeyNeeded) break;
          const result = this.#explore({ formulas: [this.#options.goal], mended: new Set() }, new Map());
          if (result !== undefined) return { result };
        }
      } while (this.#isCut);
      return { result: null, isCertain: this.#values.isCertain && !this.#wasRefused };
    } catch (error) {
      if (error !== OUT_OF_STEPS) throw error;
      return { result: null, isCertain: false };
    }
  }

  #explore({ formulas, mended }: Plan, assignment: Assignment): T | undefined {
    for (;;) {
      const reading = new Reading((literal) => isTrue(literal, assignment), this.#options.steps);
      const broken = reading.findBroken(formulas, mended);
      const next = findSimplest(broken);
      if (next === undefined) return this.#check(assignment);
      const missing = this.#bound.count(broken, (attribute) => assignment.has(attribute));
      if (assignment.size + missing > this.#most) {
        this.#isCut = true;
        return undefined;
      }
      if (next.type !== "literal") return this.#tryAll(next, { formulas, mended }, assignment);
      const decided = this.#decide(next, assignment);
      if (decided === undefined) return undefined;
      assignment = decided;
    }
  }

  #tryAll(
    broken: Exclude<Broken, Literal>,
    { formulas, mended }: Plan,
    assignment: Assignment,
  ): T | undefined {
    for (const alternative of listAlternatives(broken)) {
      const plan = { formulas: [...formulas, alternative], mended: new Set(mended).add(broken) };
      const result = this.#explore(plan, assignment);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /** Changes the attribute of a literal so that it holds. */
  #decide(literal: Literal, assignment: Assignment): Assignment | undefined {
    const { attribute } = literal.atom;
    const before = assignment.get(attribute);
    if (attribute.holds === "key" && !this.#withKeys) {
      this.#isKeyNeeded = true;
      return undefined;
    }
    const literals = [...before?.literals ?? [], literal];
    const value = this.#values.find(attribute, literals);
    return value === undefined ? undefined : new Map(assignment).set(attribute, { literals, value });
  }

  #check(assignment: Assignment): T | undefined {
    // A part first, and what holds others before those.
    const changed = [...assignment].sort(([a], [b]) => getRank(a) - getRank(b));
    const changes = changed.map(([{ kind, path }, { value }]) => ({
      kind,
      attribute: formatReference(path),
      value,
    }));
    const result = this.#options.check(changes);
    if (result === undefined) this.#wasRefused = true;
    return result;
  }
}

function isTrue({ atom, accepts }: Literal, assignment: Assignment): boolean {
  const { attribute } = atom;
  const assigned = assignment.get(attribute);
  return accepts.has(atom.getOutcome(assigned ? assigned.value : attribute.current));
}

/** Finds the formula with the fewest ways to mend it. */
function findSimplest(broken: Iterable<Broken>): Broken | undefined {
  let simplest: Broken | undefined;
  let fewest = Infinity;
  for (const formula of broken) {
    const count = countAlternatives(formula);
    if (count < fewest) [simplest, fewest] = [formula, count];
  }
  return simplest;
}

function getRank({ holds, path }: Attribute): number {
  return holds === "key" ? 0 : path.length;
}
