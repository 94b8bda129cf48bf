import type { Slices } from "../evaluation/mod.ts";
import type { JsonValue } from "../model/mod.ts";
import type { Attribute } from "./_attribute.ts";
import { type Broken, type Choice, countAlternatives, findBroken, listAlternatives } from "./_broken.ts";
import type { Formula, Literal } from "./_formula.ts";
import { LowerBound } from "./_lower_bound.ts";
import type { Steps } from "./_steps.ts";
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
export interface SearchOptions {
  /** What must hold. */
  goal: Formula;
  /** Steps left. */
  steps: Steps;
  /** Reports whether changes do it indeed, as the evaluator sees it. */
  check(changes: ContextChange[]): Slices<boolean>;
}

/**
 * Searches for the fewest attributes that have to change for a formula to hold: first for one, then for two, and so on. It
 * changes what does not hold yet, and nothing else: one literal is decided after the other, and a value is chosen that meets
 * all that were decided about its attribute. Where one of several formulas would do, each is tried in turn.
 */
export class Search {
  readonly #options: SearchOptions;
  readonly #values: ValueFinder;
  readonly #bound = new LowerBound();
  /** How many attributes may change. */
  #most = 0;
  /** Whether more attributes could have done it. */
  #isCut = false;
  /** Whether keys may change: who has another one is somebody else. */
  #withKeys = false;
  /** Whether a key would have had to change. */
  #isKeyNeeded = false;
  /** Whether changes were refused that the formula admits. */
  #wasRefused = false;

  /** @param options What must hold, and how to check it. */
  constructor(options: SearchOptions) {
    this.#options = options;
    this.#values = new ValueFinder(options.steps);
  }

  /**
   * Searches.
   *
   * @returns Slices; the last one returns the changes, or `undefined` when none were found.
   * @throws {typeof OUT_OF_STEPS} When it takes too many steps.
   */
  *run(): Slices<ContextChange[] | undefined> {
    do {
      this.#most++;
      this.#isCut = false;
      this.#isKeyNeeded = false;
      for (const withKeys of [false, true]) {
        this.#withKeys = withKeys;
        if (withKeys && !this.#isKeyNeeded) break;
        const changes = yield* this.#explore(
          { formulas: [this.#options.goal], mended: new Set() },
          new Map(),
        );
        if (changes) return changes;
      }
    } while (this.#isCut);
    return undefined;
  }

  /** Whether there are no changes where {@linkcode run} found none. */
  get isCertain(): boolean {
    return this.#values.isCertain && !this.#wasRefused;
  }

  *#explore({ formulas, mended }: Plan, assignment: Assignment): Slices<ContextChange[] | undefined> {
    const { steps } = this.#options;
    for (;;) {
      if (steps.endSlice()) yield;
      const broken = yield* findBroken({
        formulas,
        mended,
        isTrue: (literal) => isTrue(literal, assignment),
        steps,
      });
      const next = findSimplest(broken);
      if (next === undefined) return yield* this.#accept(assignment);
      const missing = this.#bound.count(broken, (attribute) => assignment.has(attribute));
      if (assignment.size + missing > this.#most) {
        this.#isCut = true;
        return undefined;
      }
      if (next.type !== "literal") return yield* this.#tryAll(next, { formulas, mended }, assignment);
      const decided = yield* this.#decide(next, assignment);
      if (decided === undefined) return undefined;
      assignment = decided;
    }
  }

  *#tryAll(
    choice: Choice,
    { formulas, mended }: Plan,
    assignment: Assignment,
  ): Slices<ContextChange[] | undefined> {
    for (const alternative of listAlternatives(choice)) {
      const plan = { formulas: [...formulas, alternative], mended: new Set(mended).add(choice) };
      const changes = yield* this.#explore(plan, assignment);
      if (changes) return changes;
    }
    return undefined;
  }

  /** Changes the attribute of a literal so that it holds. */
  *#decide(literal: Literal, assignment: Assignment): Slices<Assignment | undefined> {
    const { attribute } = literal.atom;
    if (attribute.type === "key" && !this.#withKeys) {
      this.#isKeyNeeded = true;
      return undefined;
    }
    const literals = [...assignment.get(attribute)?.literals ?? [], literal];
    const value = yield* this.#values.find(attribute, literals);
    return value === undefined ? undefined : new Map(assignment).set(attribute, { literals, value });
  }

  *#accept(assignment: Assignment): Slices<ContextChange[] | undefined> {
    const changes = toChanges(assignment);
    if (yield* this.#options.check(changes)) return changes;
    this.#wasRefused = true;
    return undefined;
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

function toChanges(assignment: Assignment): ContextChange[] {
  // Changes are applied in turn: a part is there before its attributes, an object before its properties, and some part at any time.
  const changed = [...assignment].sort(([a, { value }], [b, other]) =>
    getRank(a, value) - getRank(b, other.value)
  );
  return changed.map(([{ kind, path }, { value }]) => ({ kind, attribute: formatReference(path), value }));
}

function getRank({ type, path }: Attribute, value: JsonValue): number {
  if (type !== "key") return path.length;
  return value === null ? Number.MAX_SAFE_INTEGER : 0;
}
