/**
 * The search for the smallest change, in three steps:
 *
 * 1. The flag, and what it depends on, becomes one `Formula` that holds exactly where it serves the wanted value:
 *    `Goals` makes it of flags, `ClauseConditions` of rules and segments, `Literals` of clauses and rollouts. Its smallest
 *    parts are literals, each about one attribute ("`country` is, or is not, one of these"). What a clause or a rollout makes
 *    of a value is never computed here: an `Atom` asks the evaluator.
 * 2. `Search` looks for literals that do not hold for the context and changes their attributes: at most one, then at most two,
 *    and so on. `findBroken` says what is left to do, `LowerBound` when it is hopeless, `ValueFinder` which value an attribute
 *    can have so that several literals hold. It tries values that clauses and rollouts suggest.
 * 3. The evaluator has the last word about changes that were found. Where none were, that is a proof only if no other values
 *    than those suggested could matter.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import {
  type Compilable,
  type CompiledEnvironment,
  compileInSteps,
  createSession,
  evaluateInSlices,
  type Slices,
} from "../evaluation/mod.ts";
import type { Context, Flag, JsonValue, Segment } from "../model/mod.ts";
import type { Snapshot } from "../snapshot/mod.ts";
import type { Attribute } from "./_attribute.ts";
import { ClauseConditions } from "./_clause_conditions.ts";
import { all, any, type Formula } from "./_formula.ts";
import { Goals } from "./_goals.ts";
import { Literals } from "./_literals.ts";
import { Search } from "./_search.ts";
import { OUT_OF_STEPS, Steps } from "./_steps.ts";
import { applyChanges, type ContextChange } from "./context_change.ts";

/** The smallest change of a context that gives a flag a value, or why there is none. */
export type WantResult = {
  /** The changes; none when the flag has the value already. */
  changes: ContextChange[];
} | {
  /** None was found. */
  changes: null;
  /** No variation has the value; no change of the context gives it; or none was found before the search ended at a limit. */
  why: "no variation" | "no change" | "limit";
};

/**
 * Finds the smallest change of a context that gives a flag a value: as few attributes as possible, rather not the key of a
 * part, and an earlier rule rather than a later one. Of attributes one of which is inside of another it may change more.
 *
 * @param snapshot Snapshot of the environment.
 * @param key Key of the flag.
 * @param context The context.
 * @param wanted The value.
 * @returns Slices; the last one returns the changes: {@linkcode applyChanges} with them gives the value.
 * @throws {EvaluationLimitError} When evaluating the flag takes too many steps.
 */
export function* findChangeInSlices(
  snapshot: Snapshot,
  key: string,
  context: Context,
  wanted: JsonValue,
): Slices<WantResult> {
  const items = yield* collectItems(snapshot, key);
  const flag = items.flags.get(key);
  const variations = flag ? findVariations(flag, wanted) : [];
  if (!flag || variations.length === 0) return { changes: null, why: "no variation" };
  const environment = yield* compileItems(items);
  function* check(changes: ContextChange[]): Slices<boolean> {
    const session = createSession(environment, applyChanges(context, changes));
    const { value, reason } = (yield* evaluateInSlices(session, key))!;
    return reason.kind !== "ERROR" && isDeepStrictEqual(value, wanted);
  }
  if (yield* check([])) return { changes: [] };
  try {
    const steps = new Steps();
    const { goal, attributes } = yield* makeGoal({ items, context, flag, variations, steps });
    const search = new Search({ goal, steps, check });
    const changes = yield* search.run();
    if (changes) return { changes };
    return { changes: null, why: search.isCertain && !areNested(attributes) ? "no change" : "limit" };
  } catch (error) {
    if (error !== OUT_OF_STEPS) throw error;
    return { changes: null, why: "limit" };
  }
}

/** A flag and all that it can reach. */
interface ReachedItems {
  flags: Map<string, Flag>;
  segments: Map<string, Segment>;
}

function* collectItems({ items }: Snapshot, key: string): Slices<ReachedItems> {
  const reached: ReachedItems = { flags: new Map(), segments: new Map() };
  const positions = new Set([items.find("flags", key)]);
  // Members added to a set during iteration are visited as well.
  for (const position of positions) {
    if (position < 0 || items.isDeleted(position)) continue;
    const item = items.parse(position) as Flag & Segment;
    reached[items.getKind(position)].set(items.getKey(position), item);
    for (const reference of items.getReferences(position)) positions.add(reference);
    yield;
  }
  return reached;
}

function compileItems({ flags, segments }: ReachedItems): Slices<CompiledEnvironment> {
  return compileInSteps({ flags: toCompilable(flags), segments: toCompilable(segments) });
}

function* toCompilable<T extends Flag | Segment>(items: ReadonlyMap<string, T>): Generator<Compilable<T>> {
  for (const [key, item] of items) yield { key, digest: key, parse: () => item };
}

/** Positions of the variations with a value. A flag that is off serves null if it has no variation for that. */
function findVariations({ variations, offVariation }: Flag, wanted: JsonValue): (number | null)[] {
  const positions = [...(variations ?? []).keys()];
  const same = positions.filter((position) => isDeepStrictEqual(variations![position], wanted));
  return wanted === null && (offVariation ?? null) === null ? [...same, null] : same;
}

interface GoalOptions {
  items: ReachedItems;
  context: Context;
  flag: Flag;
  variations: readonly (number | null)[];
  steps: Steps;
}

/** Makes the formula that the flag serves one of the variations. */
function* makeGoal(options: GoalOptions): Slices<{ goal: Formula; attributes: Attribute[] }> {
  const { items: { flags, segments }, context, flag, variations, steps } = options;
  const kinds = new Set(context.parts.map(({ kind }) => kind));
  function* make(): Slices<{ literals: Literals; goal: Formula }> {
    const literals = new Literals(context, kinds, steps);
    const goals = new Goals(flags, new ClauseConditions(segments, literals), steps);
    return { literals, goal: yield* goals.ofFlag(flag, new Set(variations)) };
  }
  // Clauses on the kind need all kinds that are mentioned anywhere: the first time adds them to `kinds`.
  yield* make();
  const { literals, goal } = yield* make();
  const isSomebody = any([...kinds].map((kind) => literals.hasKind(kind).yes));
  return { goal: all([goal, isSomebody]), attributes: [...literals.attributes.values()] };
}

/** Reports whether one attribute is inside of another, where a change of the one changes the other. */
function areNested(attributes: readonly Attribute[]): boolean {
  const names = new Set(attributes.map(({ kind, path }) => JSON.stringify([kind, path])));
  return attributes.some(({ kind, path }) =>
    path.some((_, i) => i > 0 && names.has(JSON.stringify([kind, path.slice(0, i)])))
  );
}
