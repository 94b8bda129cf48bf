import { type CompiledEnvironment, compileEnvironment, createSession, evaluate } from "../evaluation/mod.ts";
import type { Clause, Context, Flag, JsonValue, Rollout, SingleContext } from "../model/mod.ts";
import type { Attribute } from "./_attribute.ts";
import type { Steps } from "./_steps.ts";

/** A rollout, and what it hashes besides the context. */
export interface HashedRollout {
  /** Key of the flag or segment. */
  key: string;
  /** Its salt. */
  salt: string | null | undefined;
  /** The rollout. */
  rollout: Rollout;
}

/** What an {@linkcode Atom} is made of. */
interface AtomParts {
  id: string;
  attribute: Attribute;
  steps: Steps;
  /** Flag whose variation is the outcome. */
  flag: Flag;
  /** Steps that a test takes. */
  cost: number;
  clause?: Clause;
  /** For a rollout the share of each of its buckets. */
  shares?: readonly number[];
}

/** Outcomes of a clause, not negated: the attribute is not there, or its value does not match, or it does. */
export const OUTCOME = { absent: 0, mismatch: 1, match: 2 } as const;

/** Steps that a test is worth. */
const TEST_STEPS = 10;

/** Steps that preparing a test is worth. */
const PREPARE_STEPS = 200;

/** How many times the steps of a test preparing it is worth besides. */
const PREPARE_FACTOR = 10;

/** Steps that each pattern in it is worth. */
const PATTERN_STEPS = 50;

/** Key of the one flag in the environment of an atom. */
const FLAG_KEY = "atom";

/**
 * Makes the atom of a clause, as if that were not negated.
 *
 * @param clause The clause, on one attribute.
 * @param attribute The attribute.
 * @param steps Steps left.
 * @returns The atom; its outcomes are those of {@linkcode OUTCOME}.
 */
export function makeClauseAtom(clause: Clause, attribute: Attribute, steps: Steps): Atom {
  const width = clause.op === "in" ? 0 : clause.values?.length ?? 0;
  const test = { ...clause, negate: false };
  // No value is in an empty list, so this matches whatever is there.
  const isThere = { ...clause, op: "in", values: [], negate: true };
  return new Atom({
    id: JSON.stringify(test),
    attribute,
    steps,
    flag: {
      key: FLAG_KEY,
      version: 1,
      on: true,
      rules: [
        { clauses: [test], variation: OUTCOME.match },
        { clauses: [isThere], variation: OUTCOME.mismatch },
      ],
      fallthrough: { variation: OUTCOME.absent },
      variations: Object.values(OUTCOME),
    },
    cost: TEST_STEPS + width * (clause.op === "matches" ? PATTERN_STEPS : 1),
    clause: test,
  });
}

/**
 * Makes the atom of a rollout: the outcome is the position of the weighted variation.
 *
 * @param hashed The rollout, and what it hashes.
 * @param attribute The attribute that it buckets by.
 * @param steps Steps left.
 * @returns The atom.
 */
export function makeRolloutAtom(hashed: HashedRollout, attribute: Attribute, steps: Steps): Atom {
  const { key, salt = null, rollout } = hashed;
  const variations = (rollout.variations ?? []).map(({ weight = null }, variation) => ({
    weight,
    variation,
  }));
  return new Atom({
    id: JSON.stringify(hashed),
    attribute,
    steps,
    flag: {
      key,
      version: 1,
      on: true,
      salt,
      fallthrough: { rollout: { ...rollout, variations } },
      variations: variations.map(({ variation }) => variation),
    },
    cost: TEST_STEPS,
    shares: listShares(variations.map(({ weight }) => weight ?? 0)),
  });
}

/** Lists the share of each weight; the last one gets what is left. */
function listShares(weights: readonly number[]): number[] {
  let end = 0;
  return weights.map((weight, i) => {
    const before = Math.min(1, Math.max(0, end));
    end += weight / 100_000;
    const until = i === weights.length - 1 ? 1 : Math.min(1, end);
    return Math.max(0, until - before);
  });
}

/** A test of one attribute. The evaluator itself answers it, with a flag that tests nothing else. */
export class Atom {
  /** Name that no other atom has. */
  readonly id: string;
  /** The attribute. */
  readonly attribute: Attribute;
  /** The clause, not negated, if it is one. */
  readonly clause: Clause | undefined;
  /** For a rollout the share of each of its buckets. */
  readonly shares: readonly number[] | undefined;
  readonly #parts: AtomParts;
  readonly #known = new Map<JsonValue, number>();
  #environment: CompiledEnvironment | undefined;

  /** @param parts What it is made of. */
  constructor(parts: AtomParts) {
    this.id = parts.id;
    this.attribute = parts.attribute;
    this.clause = parts.clause;
    this.shares = parts.shares;
    this.#parts = parts;
  }

  /**
   * Tests a value.
   *
   * @param value Value of the attribute; null for none.
   * @returns The outcome; -1 for an error.
   */
  test(value: JsonValue): number {
    const { steps, cost, flag } = this.#parts;
    steps.take(cost);
    if (!this.#environment) {
      steps.take(PREPARE_STEPS + PREPARE_FACTOR * cost);
      this.#environment = compileEnvironment({
        flags: new Map([[FLAG_KEY, { value: flag, text: FLAG_KEY }]]),
        segments: new Map(),
      });
    }
    const context = makeContext(this.attribute, value);
    return evaluate(createSession(this.#environment, context), FLAG_KEY)?.variation ?? -1;
  }

  /**
   * Tests a value that will be asked about again.
   *
   * @param value Value of the attribute; null for none.
   * @returns The outcome; -1 for an error.
   */
  getOutcome(value: JsonValue): number {
    let outcome = this.#known.get(value);
    if (outcome === undefined) this.#known.set(value, outcome = this.test(value));
    return outcome;
  }
}

/** Makes a context that has one attribute. */
function makeContext({ kind, path: [name, ...rest], secondary }: Attribute, value: JsonValue): Context {
  if (name === "key" && value === null) return { parts: [], fullyQualifiedKey: "" };
  const inner = rest.reduceRight((inner, name): JsonValue => ({ [name]: inner }), value);
  const part: SingleContext = { kind, key: "", attributes: new Map([["key", ""], [name!, inner]]) };
  if (secondary !== undefined) part.secondary = secondary;
  return { parts: [part], fullyQualifiedKey: "" };
}
