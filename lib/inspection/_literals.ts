import { type Clause, type Context, type JsonValue, parseAttributeReference } from "../model/mod.ts";
import { type Atom, type HashedRollout, makeClauseAtom, makeRolloutAtom, OUTCOME } from "./_atom.ts";
import { type Attribute, isKind, makeAttribute } from "./_attribute.ts";
import { all, any, constant, FALSE, type Formula, type Literal, TRUE } from "./_formula.ts";
import type { Steps } from "./_steps.ts";
import { suggestTexts } from "./_texts.ts";

/** What matches and what does not; neither holds where it leads to an error. */
export interface Condition {
  yes: Formula;
  no: Formula;
}

/** What leads to an error. */
export const ERROR: Condition = { yes: FALSE, no: FALSE };

/**
 * Most kinds that a context can get by clauses on its kind, of one clause.
 *
 * @limit kinds: further ones are not tried
 */
const MAX_CLAUSE_KINDS = 20;

/** Outcomes for which a clause matches and does not; no clause matches what is not there. */
const MATCHES = {
  plain: { yes: new Set([OUTCOME.match]), no: new Set([OUTCOME.mismatch, OUTCOME.absent]) },
  negated: { yes: new Set([OUTCOME.mismatch]), no: new Set([OUTCOME.match, OUTCOME.absent]) },
};

/** Makes literals, each once, and the attributes and atoms that they are about. */
export class Literals {
  /** Attributes by what they are called. */
  readonly attributes = new Map<string, Attribute>();
  readonly #kinds: Set<string>;
  readonly #context: Context;
  readonly #steps: Steps;
  readonly #atoms = new Map<string, Atom>();
  readonly #literals = new Map<string, Formula>();

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
    if (this.#kinds.size === 1 && this.#context.parts[0]?.kind === kind) return { yes: TRUE, no: FALSE };
    return this.ofClause({ contextKind: kind, attribute: "key", op: "in", values: [], negate: true });
  }

  /** Makes the condition that a clause matches; not for segments. */
  ofClause(clause: Clause): Condition {
    if (clause.attribute === "kind") return this.#ofKinds(clause);
    const path = parseAttributeReference(clause.attribute, clause.contextKind);
    if (path === null) return ERROR;
    const attribute = this.#getAttribute(clause.contextKind || "user", path);
    const atom = this.#keep(makeClauseAtom(clause, attribute, this.#steps));
    const { yes, no } = clause.negate ? MATCHES.negated : MATCHES.plain;
    return { yes: this.#make(atom, yes), no: this.#make(atom, no) };
  }

  /** Makes the formula that a rollout selects one of some of its weighted variations; null when it is malformed. */
  ofRollout(hashed: HashedRollout, accepts: ReadonlySet<number>): Formula | null {
    const { kind, contextKind, bucketBy } = hashed.rollout;
    const isByKey = !bucketBy || kind === "experiment";
    const path = isByKey ? ["key"] : parseAttributeReference(bucketBy, contextKind);
    if (path === null) return null;
    const attribute = this.#getAttribute(contextKind || "user", path);
    const atom = this.#keep(makeRolloutAtom(hashed, attribute, this.#steps));
    // A bucket for nobody is not for contexts without the attribute either.
    const shares = atom.shares!.filter((share, i) => share > 0 && accepts.has(i)).length;
    if (shares === 0) return FALSE;
    return shares === atom.shares!.filter((share) => share > 0).length ? TRUE : this.#make(atom, accepts);
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
  #keep(atom: Atom): Atom {
    const known = this.#atoms.get(atom.id);
    if (known === undefined) this.#atoms.set(atom.id, atom);
    return known ?? atom;
  }

  #make(atom: Atom, accepts: ReadonlySet<number>): Formula {
    const id = `${[...accepts]} ${atom.id}`;
    let formula = this.#literals.get(id);
    if (formula === undefined) {
      const literal: Literal = { type: "literal", id: `${this.#literals.size}`, atom, accepts };
      this.#literals.set(id, formula = this.#addKind(literal));
    }
    return formula;
  }

  /** An attribute is there only with its kind. */
  #addKind(literal: Literal): Formula {
    const { atom, accepts } = literal;
    const { kind, path, holds } = atom.attribute;
    const accept = (value: JsonValue) => constant(accepts.has(atom.getOutcome(value)));
    if (holds === "key") return literal;
    if (!isKind(kind)) return accept(null);
    const { yes, no } = this.hasKind(kind);
    const inner = holds !== "nothing"
      ? literal
      : accept(path.length === 1 && path[0] === "kind" ? kind : null);
    return accept(null) === TRUE ? any([no, inner]) : all([yes, inner]);
  }

  /** A clause on the kind itself tests all kinds of the context. */
  #ofKinds(clause: Clause): Condition {
    for (const kind of suggestKinds(clause)) this.#kinds.add(kind);
    const { negate, ...test } = clause;
    const matching = [...this.#kinds].filter((kind) => {
      const attribute = makeAttribute(this.#context, "user", ["of"]);
      const atom = makeClauseAtom({ ...test, contextKind: "user", attribute: "of" }, attribute, this.#steps);
      return atom.test(kind) === OUTCOME.match;
    });
    const conditions = matching.map((kind) => this.hasKind(kind));
    const [yes, no] = [any(conditions.map(({ yes }) => yes)), all(conditions.map(({ no }) => no))];
    return negate ? { yes: no, no: yes } : { yes, no };
  }
}

/** Suggests kinds that a clause matches, and some that it hardly does. */
function suggestKinds(clause: Clause): string[] {
  const texts = clause.op === "in" ? clause.values ?? [] : [...suggestTexts([clause])];
  const kinds = texts.filter((text) => typeof text === "string" && isKind(text)) as string[];
  return [...kinds.slice(0, MAX_CLAUSE_KINDS), "user", "other"];
}
