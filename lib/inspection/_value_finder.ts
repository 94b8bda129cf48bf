import type { Slices } from "../evaluation/mod.ts";
import type { Clause, JsonValue } from "../model/mod.ts";
import { OUTCOME } from "./_atom.ts";
import { type Attribute, mayBe } from "./_attribute.ts";
import type { Literal } from "./_formula.ts";
import { numberVersions, suggestDates, suggestNumbers, suggestVersions } from "./_suggest_ordered.ts";
import type { Steps } from "./_steps.ts";
import { numberTexts, suggestTexts } from "./_suggest_texts.ts";

/** Texts with a number that are tried where no rollout asks for more: what is listed, and then some. */
const NUMBERED_TEXTS = 20;

/** Numbers that are tried for a rollout: times what it takes on average. One in 500 million is missed. */
const ROLLOUT_PATIENCE = 20;

/** Share of all values below which none is looked for: it would take too long to come across one. */
const HOPELESS_SHARE = 1e-6;

/** Operators, besides those of versions, for which values that are not suggested may do what no suggested one does. */
const INEXACT = new Set(["startsWith", "endsWith", "contains", "matches", "before", "after"]);

/** Finds values of attributes for which literals hold. */
export class ValueFinder {
  /** Whether there is no value wherever none was found: for some operators it could be one that was not suggested. */
  isCertain = true;
  readonly #steps: Steps;
  readonly #known = new Map<string, JsonValue | undefined>();

  /** @param steps Steps left. */
  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /**
   * Finds a value.
   *
   * @param attribute The attribute.
   * @param literals Literals about it.
   * @returns Slices; the last one returns a value for which all of them hold, null for none; `undefined` when none was found.
   */
  *find(attribute: Attribute, literals: readonly Literal[]): Slices<JsonValue | undefined> {
    const id = literals.map(({ id }) => id).sort().join(" ");
    if (this.#known.has(id)) return this.#known.get(id);
    const value = yield* this.#findFirst(suggest(attribute, literals), attribute, literals);
    if (value === undefined && !isExact(attribute, literals)) this.isCertain = false;
    this.#known.set(id, value);
    return value;
  }

  *#findFirst(
    values: Iterable<JsonValue>,
    attribute: Attribute,
    literals: readonly Literal[],
  ): Slices<JsonValue | undefined> {
    for (const value of values) {
      if (this.#steps.endSlice()) yield;
      this.#steps.take(1);
      if (mayBe(attribute, value) && literals.every((literal) => holds(literal, value))) return value;
    }
    return undefined;
  }
}

function holds({ atom, accepts }: Literal, value: JsonValue): boolean {
  return accepts.has(atom.test(value));
}

/** Reports whether a literal holds for values that match a clause. */
function isWanted({ atom: { clause }, accepts }: Literal): boolean {
  return clause !== undefined && accepts.has(OUTCOME.match);
}

/** Suggests values, those first that a person would choose. */
function* suggest(attribute: Attribute, literals: readonly Literal[]): Generator<JsonValue> {
  const isArray = Array.isArray(attribute.current);
  if (isArray) yield* suggestArrays(attribute, literals);
  yield* suggestScalars(attribute, literals);
  if (!isArray) yield* suggestArrays(attribute, literals);
}

function* suggestScalars(
  { kind, path, type }: Attribute,
  literals: readonly Literal[],
): Generator<JsonValue> {
  const clauses = literals.flatMap(({ atom }) => atom.clause ?? []);
  const wanted = literals.filter(isWanted).map(({ atom }) => atom.clause!);
  const listed = clauses.flatMap(listEquals);
  yield* wanted.flatMap(listEquals);
  yield* suggestNumbers(clauses);
  yield* suggestDates(clauses);
  yield* suggestVersions(clauses);
  yield* suggestTexts(wanted);
  if (type === "boolean" || listed.some((value) => typeof value === "boolean")) yield* [true, false];
  // A context keeps its kinds if it can.
  if (type !== "key") yield null;
  const stem = type === "key" ? kind : path.at(-1)!;
  const count = countNumbers(literals, listed.length);
  yield* numberVersions(wanted, count);
  yield* numberTexts(wanted, stem, count);
  yield null;
}

/** Lists the values that equal one of a clause's. Objects and arrays equal nothing. */
function listEquals({ op, values }: Clause): JsonValue[] {
  return op === "in" ? (values ?? []).filter((value) => typeof value !== "object") : [];
}

/** Counts the numbers that are tried in texts and versions: more where only a small share of all values is right. */
function countNumbers(literals: readonly Literal[], listed: number): number {
  let share = 1;
  for (const { atom, accepts } of literals) {
    if (atom.shares) share *= atom.shares.reduce((sum, share, i) => accepts.has(i) ? sum + share : sum, 0);
  }
  const hashed = share < 1 && share > HOPELESS_SHARE ? Math.ceil(ROLLOUT_PATIENCE / share) : 0;
  return NUMBERED_TEXTS + listed + hashed;
}

/** Suggests an array: what may stay of the current one, and for each clause that has to match an element that does. */
function* suggestArrays(attribute: Attribute, literals: readonly Literal[]): Generator<JsonValue> {
  if (attribute.type !== "any") return;
  const wanted = literals.filter(isWanted);
  const others = literals.filter((literal) => !isWanted(literal));
  const mayStand = (element: JsonValue) => others.every((literal) => holds(literal, [element]));
  const elements = Array.isArray(attribute.current) ? attribute.current.filter(mayStand) : [];
  for (const literal of wanted) {
    if (holds(literal, elements)) continue;
    const suggested = suggestScalars(attribute, [literal, ...others]);
    const element = suggested.find((value) => value !== null && holds(literal, [value]) && mayStand(value));
    if (element === undefined) return;
    elements.push(element);
  }
  yield elements;
}

/** Reports whether there is no value at all if none of those that are suggested will do. */
function isExact({ type }: Attribute, literals: readonly Literal[]): boolean {
  if (type === "boolean") return true;
  if (literals.some((one, i) => literals.slice(0, i).some(contradicts(one)))) return true;
  // All versions that can make a difference are suggested, but not all texts that are versions.
  if (literals.every(({ atom }) => isAboutVersions(atom.clause?.op))) return true;
  // A value must be one of those in a list, or an array with one of them and whatever else is wanted.
  const isListed = literals.some((literal) => isWanted(literal) && literal.atom.clause!.op === "in");
  return literals.every((literal) => {
    if (isListed && (!isWanted(literal) || type !== "any")) return true;
    const { op, values } = literal.atom.clause ?? {};
    return op && (!values?.length || !(INEXACT.has(op) || isAboutVersions(op)));
  });
}

function isAboutVersions(op: string | null | undefined): boolean {
  return op?.startsWith("semVer") ?? false;
}

function contradicts({ atom, accepts }: Literal): (other: Literal) => boolean {
  return (other) => other.atom === atom && other.accepts.isDisjointFrom(accepts);
}
