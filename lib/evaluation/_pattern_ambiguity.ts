import { compilePattern, matchesPattern } from "./_pattern.ts";
import { parsePattern, type PatternTree } from "./_pattern_tree.ts";

/** Longest pattern that is searched for ambiguity: people write shorter ones. @limit characters: a longer one passes */
const MAX_SEARCHED_LENGTH = 2_000;

/** Most pairs of steps of an automaton that are compared, some ten times those of an ordinary pattern. @limit pairs: the pattern passes */
const MAX_COMPARED_STEPS = 20_000;

/** Most characters of a repeated part, repetitions of a number counted out. @limit positions: the pattern passes */
const MAX_POSITIONS = 100;

/** Number of repetitions from which on they are as bad as endless ones. */
const MANY = 10;

/** Characters of which one at least is in all but the rarest classes: two classes without a common one of these do not overlap. */
const SAMPLES = [..."059akzAKZ_ \t\n-.,:;/@+é中😀"];

/** A part of an automaton: positions (Glushkov) with which it begins and ends. */
interface Part {
  first: number[];
  last: number[];
  isEmpty: boolean;
}

/** The automaton has too many positions or steps. */
class TooLargeError extends Error {}

/**
 * Finds a repetition in a pattern that can match one text in more than one way, such as `(a+)+`, `(a|aa)*` or `(\w+\s?)*`. Engines
 * that backtrack try all of them, and each character doubles their number.
 *
 * @param pattern The pattern, valid in RE2's syntax.
 * @returns The repetition, if there is one.
 */
export function findAmbiguity(pattern: string): string | undefined {
  if (pattern.length > MAX_SEARCHED_LENGTH) return undefined;
  const tree = parsePattern(pattern);
  if (tree === undefined) return undefined;
  const flags = /\(\?[a-z]*i/.test(pattern) ? "(?i)" : "";
  const search = new Search(pattern, flags);
  try {
    return search.find(tree);
  } catch (error) {
    if (error instanceof TooLargeError) return undefined;
    throw error;
  }
}

/** A search for ambiguity in one pattern. */
class Search {
  readonly #flags: string;
  readonly #samples: string[];
  readonly #characters = new Map<string, Set<string>>();
  #compared = 0;

  constructor(pattern: string, flags: string) {
    this.#flags = flags;
    // Ranges overlap where an end of one is in the other.
    this.#samples = [...new Set([...SAMPLES, ...pattern])];
  }

  /** Finds the innermost ambiguous repetition. */
  find(tree: PatternTree): string | undefined {
    if (tree.kind === "atom") return undefined;
    const parts = tree.kind === "repeat" ? [tree.part] : tree.parts;
    for (const part of parts) {
      const found = this.find(part);
      if (found !== undefined) return found;
    }
    const isLoop = tree.kind === "repeat" && tree.max >= MANY && tree.part.kind !== "atom";
    return isLoop && this.#isAmbiguous(tree.part) ? tree.text : undefined;
  }

  /** Reports whether two ways through a part that is repeated without end are ways through the same text. */
  #isAmbiguous(part: PatternTree): boolean {
    const atoms: string[] = [];
    const steps: number[][] = [];
    let isTwofold = false;

    function connect(from: readonly number[], to: readonly number[]): void {
      for (const position of from) {
        for (const next of to) {
          // Two repetitions, one in the other, both go on here.
          if (steps[position]!.includes(next)) isTwofold ||= atoms[position] !== "" && atoms[next] !== "";
          else steps[position]!.push(next);
        }
      }
    }

    function build(tree: PatternTree): Part {
      switch (tree.kind) {
        case "atom":
          if (atoms.push(tree.text) > MAX_POSITIONS) throw new TooLargeError();
          steps.push([]);
          return { first: [atoms.length - 1], last: [atoms.length - 1], isEmpty: false };
        case "choice": {
          const parts = tree.parts.map(build);
          return {
            first: parts.flatMap(({ first }) => first),
            last: parts.flatMap(({ last }) => last),
            isEmpty: parts.some(({ isEmpty }) => isEmpty),
          };
        }
        case "sequence":
          return tree.parts.map(build).reduce(join, NOTHING);
        case "repeat":
          return repeat(tree);
      }
    }

    function repeat({ part, min, max }: PatternTree & { kind: "repeat" }): Part {
      let whole: Part = NOTHING;
      const count = max === Infinity ? Math.max(min, 1) : max;
      for (let i = 1; i <= count; i++) {
        const built = build(part);
        if (max === Infinity && i === count) connect(built.last, built.first);
        whole = join(whole, i > min ? { ...built, isEmpty: true } : built);
      }
      return whole;
    }

    function join(a: Part, b: Part): Part {
      connect(a.last, b.first);
      return {
        first: a.isEmpty ? [...a.first, ...b.first] : a.first,
        last: b.isEmpty ? [...a.last, ...b.last] : b.last,
        isEmpty: a.isEmpty && b.isEmpty,
      };
    }

    const { first, last } = build(part);
    connect(last, first);
    return isTwofold || this.#hasTwoWays(atoms, steps);
  }

  /** Reports whether two ways that part at a position, and go on with the same characters, meet again. */
  #hasTwoWays(atoms: readonly string[], steps: readonly (readonly number[])[]): boolean {
    const pairs = new Map<number, [number, number]>();
    const advance = (a: number, b: number): boolean => {
      for (const nextA of steps[a]!) {
        for (const nextB of steps[b]!) {
          if (++this.#compared > MAX_COMPARED_STEPS) throw new TooLargeError();
          if (!this.#overlap(atoms[nextA]!, atoms[nextB]!)) continue;
          if (nextA !== nextB) pairs.set(nextA * MAX_POSITIONS + nextB, [nextA, nextB]);
          else if (a !== b) return true;
        }
      }
      return false;
    };
    for (const position of atoms.keys()) advance(position, position);
    // Pairs that are added meanwhile are looked at too.
    return pairs.values().some(([a, b]) => advance(a, b));
  }

  #overlap(a: string, b: string): boolean {
    return a === b ? a !== "" : !this.#getCharacters(a).isDisjointFrom(this.#getCharacters(b));
  }

  #getCharacters(atom: string): Set<string> {
    let characters = this.#characters.get(atom);
    if (characters === undefined) {
      const pattern = atom === "" ? null : compilePattern(`${this.#flags}^(?:${atom})$`);
      characters = new Set(
        pattern === null ? [] : this.#samples.filter((sample) => matchesPattern(pattern, sample)),
      );
      this.#characters.set(atom, characters);
    }
    return characters;
  }
}

const NOTHING: Part = { first: [], last: [], isEmpty: true };
