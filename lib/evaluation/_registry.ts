import { Bucketer } from "./_bucket.ts";
import type { CompiledClause } from "./_compiled_clause.ts";

/** Numbers texts from 0 upwards. */
export class Slots {
  readonly #slots = new Map<string, number>();

  /** Number of texts. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Gets the number of a text, the next one if it is new.
   *
   * @param text Text to number.
   * @returns Its number.
   */
  get(text: string): number {
    let slot = this.#slots.get(text);
    if (slot === undefined) this.#slots.set(text, slot = this.#slots.size);
    return slot;
  }

  /**
   * Lists the texts.
   *
   * @returns The texts in the order of their numbers.
   */
  keys(): MapIterator<string> {
    return this.#slots.keys();
  }

  /**
   * Finds the number of a text.
   *
   * @param text Text that may have a number.
   * @returns Its number, or -1.
   */
  find(text: string): number {
    return this.#slots.get(text) ?? -1;
  }
}

/** Kind that stands for a context as a whole: its one attribute is the list of its kinds. */
export const ALL_KINDS = "";

/** An attribute that some flag or segment refers to. */
export interface Attribute {
  /** Kind of the context's part, or {@linkcode ALL_KINDS}. */
  kind: string;
  /** Property names from the outside in. */
  path: readonly string[];
}

/** Longest JSON of a clause that is remembered so as to recognize the same clause elsewhere. Longer ones rarely recur. @limit characters: the clause is compiled for each place where it stands */
const MAX_SHARED_LENGTH = 1000;

/** Growth by reloads that is allowed before compilation starts from scratch: entries. */
const FREE_GROWTH = 1000;

/**
 * Numbers what compiled flags and segments refer to: attributes, clauses, segments, prerequisites. They hold these
 * numbers and nothing of their environment, so a later environment with the same registry can take them over. What is
 * found out about a context is kept in arrays by these numbers; the same clause in a thousand flags is tested once.
 */
export class Registry {
  /** Attributes by slot. */
  readonly attributes: Attribute[] = [];
  /** Clauses by slot. */
  readonly clauses: CompiledClause[] = [];
  /** Finds buckets, and keeps what is hashed for all of a rollout's contexts. */
  readonly bucketer: Bucketer = new Bucketer();
  /** Slots of segments by key. */
  readonly segments: Slots = new Slots();
  /** Slots of prerequisites by key. */
  readonly prerequisites: Slots = new Slots();
  readonly #attributes = new Slots();
  readonly #clauses = new Map<string, number>();
  #limit = Infinity;

  /** Whether reloads have made it so large that a new one should take its place; it forgets nothing. */
  get isWorn(): boolean {
    return this.#size > this.#limit;
  }

  get #size(): number {
    return this.attributes.length + this.clauses.length + this.segments.size + this.prerequisites.size;
  }

  /** Sets how large it may become: twice what it is after its first environment. */
  limitGrowth(): void {
    if (this.#limit === Infinity) this.#limit = 2 * this.#size + FREE_GROWTH;
  }

  /**
   * Gets the slot of an attribute.
   *
   * @param kind Kind of the context's part, or {@linkcode ALL_KINDS}.
   * @param path Property names from the outside in.
   * @returns Its slot.
   */
  getAttribute(kind: string, path: readonly string[]): number {
    const slot = this.#attributes.get(JSON.stringify([kind, path]));
    this.attributes[slot] ??= { kind, path };
    return slot;
  }

  /**
   * Gets the slot of a clause.
   *
   * @param text The clause's JSON, by which the same one is recognized.
   * @param compile Compiles it if it is new.
   * @returns Its slot.
   */
  getClause(text: string, compile: () => CompiledClause): number {
    const known = this.#clauses.get(text);
    if (known !== undefined) return known;
    const slot = this.clauses.push(compile()) - 1;
    if (text.length <= MAX_SHARED_LENGTH) this.#clauses.set(text, slot);
    return slot;
  }
}
