import type { JsonValue } from "../model/mod.ts";
import type { Attribute } from "./_attribute.ts";
import { type Formula, listAlternatives, type Literal, Reading } from "./_formula.ts";
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
  /** How many attributes may change. */
  #most = 0;
  /** Whether keys may: who has another one is somebody else. */
  #withKeys = false;
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
        for (const withKeys of [false, true]) {
          this.#withKeys = withKeys;
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
      const reading = new Reading((literal) => this.#isTrue(literal, assignment));
      const broken = reading.findBroken(formulas, mended);
      if (broken === undefined) return this.#check(assignment);
      if (broken.type !== "literal") {
        for (const alternative of listAlternatives(broken)) {
          const plan = { formulas: [...formulas, alternative], mended: new Set(mended).add(broken) };
          const result = this.#explore(plan, assignment);
          if (result !== undefined) return result;
        }
        return undefined;
      }
      const next = this.#decide(broken, assignment);
      if (next === undefined) return undefined;
      assignment = next;
    }
  }

  #isTrue({ atom, accepts }: Literal, assignment: Assignment): boolean {
    this.#options.steps.take(1);
    const { attribute } = atom;
    const assigned = assignment.get(attribute);
    return accepts.has(atom.getOutcome(assigned ? assigned.value : attribute.current));
  }

  /** Changes the attribute of a literal so that it holds. */
  #decide(literal: Literal, assignment: Assignment): Assignment | undefined {
    const { attribute } = literal.atom;
    const before = assignment.get(attribute);
    if (before === undefined) {
      if (attribute.holds === "key" && !this.#withKeys) return undefined;
      if (assignment.size === this.#most) {
        this.#isCut = true;
        return undefined;
      }
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

function getRank({ holds, path }: Attribute): number {
  return holds === "key" ? 0 : path.length;
}
