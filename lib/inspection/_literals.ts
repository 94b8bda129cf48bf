import { type Clause, type Context, type JsonValue, parseAttributeReference } from "../model/mod.ts";
import { type Atom, type HashedRollout, makeClauseAtom, makeRolloutAtom, OUTCOME } from "./_atom.ts";
import { type Attribute, isKind, makeAttribute } from "./_attribute.ts";
import {
  all,
  ALWAYS,
  any,
  anyOf,
  type Condition,
  constant,
  ERROR,
  FALSE,
  type Formula,
  type Literal,
  negate,
  TRUE,
} from "./_formula.ts";
import type { Steps } from "./_steps.ts";
import { suggestTexts } from "./_suggest_texts.ts";

/**
 * Most kinds that a context can get by clauses on its kind, of one clause.
 *
 * @limit kinds: further ones are not tried
 */
const MAX_CLAUSE_KINDS = 20;

/** Outcomes for which a clause matches and does not; no clause matches what is not there, negated or not. */
const ACCEPTS = {
  plain: { yes: new Set([OUTCOME.match]), no: new Set([OUTCOME.mismatch, OUTCOME.absent]) },
  negated: { yes: new Set([OUTCOME.mismatch]), no: new Set([OUTCOME.match, OUTCOME.absent]) },
};

/** Makes the conditions of single clauses and rollouts out of literals. Each attribute, atom and literal is made once. */
export class Literals {
  /** Attributes by ID. */
  readonly attributes = new Map<string, Attribute>();
  readonly #kinds: Set<string>;
  readonly #context: Context;
  readonly #steps: Steps;
  readonly #atoms = new Map<string, Atom>();
  readonly #literals = new Map<string, Formula>();
  /** How many literals there are, counting those that are being made. */
  #count = 0;

  /**
   * @param context The context.
   * @param kinds Kinds that it has or may get; those that are met are added.
   * @param steps Steps left.
   */
  constructor(context: Context, kinds: Set<string>, steps: Steps) {
    this.#context = context;
    this.#kinds = kinds;
    this.#steps = steps;
  }

  /** Makes the condition that the context has a kind. */
  hasKind(kind: string): Condition {
    // A context of which no other kind can matter keeps the one that it has.
    if (this.#kinds.size === 1 && this.#context.parts[0]?.kind === kind) return ALWAYS;
    return this.ofClause({ contextKind: kind, attribute: "key", op: "in", values: [], negate: true });
  }

  /** Makes the condition that a clause matches; not for segments. */
  ofClause(clause: Clause): Condition {
    if (clause.attribute === "kind") return this.#ofKindClause(clause);
    const path = parseAttributeReference(clause.attribute, clause.contextKind);
    if (path === null) return ERROR;
    const attribute = this.#getAttribute(clause.contextKind || "user", path);
    const atom = this.#unify(makeClauseAtom(clause, attribute, this.#steps));
    const { yes, no } = clause.negate ? ACCEPTS.negated : ACCEPTS.plain;
    return { yes: this.#makeLiteral(atom, yes), no: this.#makeLiteral(atom, no) };
  }

  /** Makes the formula that a rollout selects one of some of its weighted variations; null when it is malformed. */
  ofRollout(hashed: HashedRollout, accepts: ReadonlySet<number>): Formula | null {
    const { kind, contextKind, bucketBy } = hashed.rollout;
    const isByKey = !bucketBy || kind === "experiment";
    const path = isByKey ? ["key"] : parseAttributeReference(bucketBy, contextKind);
    if (path === null) return null;
    const attribute = this.#getAttribute(contextKind || "user", path);
    const atom = this.#unify(makeRolloutAtom(hashed, attribute, this.#steps));
    // A bucket for nobody is not for contexts without the attribute either.
    const buckets = [...atom.shares!.keys()].filter((i) => atom.shares![i]! > 0);
    if (!buckets.some((i) => accepts.has(i))) return FALSE;
    return buckets.every((i) => accepts.has(i)) ? TRUE : this.#makeLiteral(atom, accepts);
  }

  #getAttribute(kind: string, path: readonly string[]): Attribute {
    const attribute = makeAttribute(this.#context, kind, path);
    const known = this.attributes.get(attribute.id);
    if (known) return known;
    this.attributes.set(attribute.id, attribute);
    if (isKind(kind)) this.#kinds.add(kind);
    return attribute;
  }

  /** Returns the atom that was made first of those that test the same. */
  #unify(atom: Atom): Atom {
    const known = this.#atoms.get(atom.id);
    if (known === undefined) this.#atoms.set(atom.id, atom);
    return known ?? atom;
  }

  #makeLiteral(atom: Atom, accepts: ReadonlySet<number>): Formula {
    const id = `${[...accepts]} ${atom.id}`;
    let formula = this.#literals.get(id);
    if (formula === undefined) {
      const literal: Literal = { type: "literal", id: `${this.#count++}`, atom, accepts };
      this.#literals.set(id, formula = this.#joinWithKind(literal));
    }
    return formula;
  }

  /** Joins a literal with the kind of its attribute, which is there only with it. */
  #joinWithKind(literal: Literal): Formula {
    const { atom, accepts } = literal;
    const { kind, path, type } = atom.attribute;
    const accept = (value: JsonValue) => constant(accepts.has(atom.getOutcome(value)));
    if (type === "key") return literal;
    if (!isKind(kind)) return accept(null);
    const { yes, no } = this.hasKind(kind);
    const inner = type === "none" ? accept(path.length === 1 && path[0] === "kind" ? kind : null) : literal;
    return accept(null) === TRUE ? any([no, inner]) : all([yes, inner]);
  }

  /** A clause on the kind itself tests all kinds of the context. */
  #ofKindClause(clause: Clause): Condition {
    for (const kind of suggestKinds(clause)) this.#kinds.add(kind);
    // To the evaluator a kind is not a value like others: it is tested as that of an ordinary attribute.
    const attribute = makeAttribute(this.#context, "user", ["any"]);
    const atom = makeClauseAtom({ ...clause, contextKind: "user", attribute: "any" }, attribute, this.#steps);
    const matching = [...this.#kinds].filter((kind) => atom.test(kind) === OUTCOME.match);
    const condition = anyOf(matching.map((kind) => this.hasKind(kind)));
    return clause.negate ? negate(condition) : condition;
  }
}

/** Suggests kinds that a clause may match, and two of which it hardly matches both. */
function suggestKinds(clause: Clause): string[] {
  const texts = clause.op === "in" ? clause.values ?? [] : [...suggestTexts([clause])];
  const kinds = texts.filter((text) => typeof text === "string" && isKind(text)) as string[];
  return [...kinds.slice(0, MAX_CLAUSE_KINDS), "user", "other"];
}
