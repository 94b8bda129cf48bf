import type { PatternTree } from "./_pattern_tree.ts";

/** Most characters of a repeated part, repetitions of a number counted out. @limit positions: the pattern passes */
export const MAX_POSITIONS = 100;

/** The automaton of a part of a pattern that is repeated (Glushkov). Its positions are the characters of the part. */
export interface Automaton {
  /** The pattern that the character at each position matches; empty for an assertion. */
  atoms: string[];
  /** Positions that can follow each position. */
  steps: number[][];
  /** Whether a position can follow another one in two ways: two repetitions, one in the other, both go on there. */
  isTwofold: boolean;
}

/** A part of an automaton: positions with which it begins and ends, and whether it can be passed over. */
interface Fragment {
  first: number[];
  last: number[];
  isOptional: boolean;
}

/** The automaton has too many positions or steps. */
export class TooLargeError extends Error {}

const NOTHING: Fragment = { first: [], last: [], isOptional: true };

/**
 * Builds the automaton of a part that is repeated without end.
 *
 * @param part The part.
 * @returns The automaton; its last positions lead to the first ones.
 * @throws {TooLargeError} When it has too many positions.
 */
export function buildAutomaton(part: PatternTree): Automaton {
  const atoms: string[] = [];
  const steps: number[][] = [];
  let isTwofold = false;

  function connect(from: readonly number[], to: readonly number[]): void {
    for (const position of from) {
      for (const next of to) {
        if (steps[position]!.includes(next)) isTwofold ||= atoms[position] !== "" && atoms[next] !== "";
        else steps[position]!.push(next);
      }
    }
  }

  function build(tree: PatternTree): Fragment {
    switch (tree.kind) {
      case "atom":
        if (atoms.push(tree.text) > MAX_POSITIONS) throw new TooLargeError();
        steps.push([]);
        return { first: [atoms.length - 1], last: [atoms.length - 1], isOptional: false };
      case "choice": {
        const parts = tree.parts.map(build);
        return {
          first: parts.flatMap(({ first }) => first),
          last: parts.flatMap(({ last }) => last),
          isOptional: parts.some(({ isOptional }) => isOptional),
        };
      }
      case "sequence":
        return tree.parts.map(build).reduce(join, NOTHING);
      case "repeat":
        return repeat(tree);
    }
  }

  function repeat({ part, min, max }: PatternTree & { kind: "repeat" }): Fragment {
    let whole = NOTHING;
    const count = max === Infinity ? Math.max(min, 1) : max;
    for (let i = 1; i <= count; i++) {
      const built = build(part);
      if (max === Infinity && i === count) connect(built.last, built.first);
      whole = join(whole, i > min ? { ...built, isOptional: true } : built);
    }
    return whole;
  }

  function join(a: Fragment, b: Fragment): Fragment {
    connect(a.last, b.first);
    return {
      first: a.isOptional ? [...a.first, ...b.first] : a.first,
      last: b.isOptional ? [...a.last, ...b.last] : b.last,
      isOptional: a.isOptional && b.isOptional,
    };
  }

  const { first, last } = build(part);
  connect(last, first);
  return { atoms, steps, isTwofold };
}
