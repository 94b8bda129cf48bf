import type { JsonValue } from "../model/mod.ts";
import { OUTCOME } from "./_atom.ts";
import { type Attribute, mayHold } from "./_attribute.ts";
import type { Literal } from "./_formula.ts";
import { numberVersions, suggestDates, suggestNumbers, suggestVersions } from "./_scalars.ts";
import type { Steps } from "./_steps.ts";
import { numberTexts, suggestTexts, type Test } from "./_texts.ts";

/** Texts with a number that are tried where no rollout asks for more: what is listed, and then some. */
const NUMBERED_TEXTS = 20;

/** Numbers that are tried for a rollout: times what it takes on average. One in 500 million is missed. */
const ROLLOUT_PATIENCE = 20;

/** Share of all values below which none is looked for: it would take too long to come across one. */
const HOPELESS_SHARE = 1e-6;

/** Operators for which other values than those that are suggested may matter. */
const INEXACT = new Set(["startsWith", "endsWith", "contains", "matches", "before", "after"]);

/** Finds values of attributes for which literals hold. */
export class ValueFinder {
  /** Whether what was not found does not exist: for some operators it could be anything. */
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
   * @returns A value for which all of them hold, null for none; `undefined` when none was found.
   */
  find(attribute: Attribute, literals: readonly Literal[]): JsonValue | undefined {
    const id = literals.map(({ id }) => id).sort().join(" ");
    if (this.#known.has(id)) return this.#known.get(id);
    const value = this.#findFirst(suggest(attribute, literals), attribute, literals);
    if (value === undefined && !isExact(attribute, literals)) this.isCertain = false;
    this.#known.set(id, value);
    return value;
  }

  #findFirst(
    values: Iterable<JsonValue>,
    attribute: Attribute,
    literals: readonly Literal[],
  ): JsonValue | undefined {
    for (const value of values) {
      this.#steps.take(1);
      if (mayHold(attribute, value) && literals.every((literal) => holds(literal, value))) return value;
    }
    return undefined;
  }
}

function holds({ atom, accepts }: Literal, value: JsonValue): boolean {
  return accepts.has(atom.test(value));
}

/** Reports whether a clause has to match, negated or not, if the attribute is there. */
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
  { kind, path, holds }: Attribute,
  literals: readonly Literal[],
): Generator<JsonValue> {
  const clauses = literals.flatMap(({ atom }) => atom.clause ?? []);
  const wanted: Test[] = literals.filter(isWanted).map(({ atom }) => atom.clause!);
  const listed = clauses.flatMap(listEquals);
  yield* wanted.flatMap(listEquals);
  yield* suggestNumbers(clauses);
  yield* suggestDates(clauses);
  yield* suggestVersions(clauses);
  yield* suggestTexts(wanted);
  if (holds === "boolean" || listed.some((value) => typeof value === "boolean")) yield* [true, false];
  // A context keeps its kinds if it can.
  if (holds !== "key") yield null;
  const stem = holds === "key" ? kind : path.at(-1)!;
  const count = countNumbers(literals, listed.length);
  yield* numberVersions(wanted, count);
  yield* numberTexts(wanted, stem, count);
  yield null;
}

/** Lists the values that a clause is for. Objects and arrays equal nothing. */
function listEquals({ op, values }: Test): JsonValue[] {
  return op === "in" ? (values ?? []).filter((value) => typeof value !== "object") : [];
}

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
  if (attribute.holds !== "anything") return;
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

/** Reports whether there is no value but those that are suggested, as far as literals can tell. */
function isExact({ holds }: Attribute, literals: readonly Literal[]): boolean {
  if (holds === "boolean" || literals.some((one, i) => literals.slice(0, i).some(contradicts(one)))) {
    return true;
  }
  if (literals.every(({ atom }) => isAboutVersions(atom.clause?.op))) return true;
  const isListed = literals.some((literal) => isWanted(literal) && literal.atom.clause!.op === "in");
  return literals.every((literal) => {
    const { op, values } = literal.atom.clause ?? {};
    if (isListed && (!isWanted(literal) || holds !== "anything")) return true;
    return op && (!values?.length || !(INEXACT.has(op) || isAboutVersions(op)));
  });
}

function isAboutVersions(op: string | null | undefined): boolean {
  return op?.startsWith("semVer") ?? false;
}

function contradicts({ atom, accepts }: Literal): (other: Literal) => boolean {
  return (other) => other.atom === atom && other.accepts.isDisjointFrom(accepts);
}
