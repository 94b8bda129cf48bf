import { compilePattern, matchesPattern } from "./_pattern.ts";
import { type Automaton, buildAutomaton, MAX_POSITIONS, TooLargeError } from "./_pattern_automaton.ts";
import { parsePattern, type PatternTree } from "./_pattern_tree.ts";

// A repetition is ambiguous if one text leads through its part in two ways. Its part becomes an automaton whose end leads to
// its beginning again. From each position two ways part, and go on side by side, as a pair of positions, as long as there are
// characters that both take: if a pair of different positions comes to one position, these are two ways for one text.

/** Longest pattern that is searched for ambiguity: people write shorter ones. @limit characters: a longer one passes */
const MAX_SEARCHED_LENGTH = 2_000;

/** Most pairs of steps of an automaton that are compared, some ten times those of an ordinary pattern. @limit pairs: the pattern passes */
const MAX_COMPARED_STEPS = 20_000;

/** Number of repetitions from which on they are as bad as endless ones. */
const MANY = 10;

/** Characters of which one at least is in all but the rarest classes: two classes without a common one of these do not overlap. */
const SAMPLES = [..."059akzAKZ_ \t\n-.,:;/@+é中😀"];

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
  const search = new Search(pattern);
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

  constructor(pattern: string) {
    this.#flags = /\(\?[a-z]*i/.test(pattern) ? "(?i)" : "";
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
    return isLoop && this.#isAmbiguous(buildAutomaton(tree.part)) ? tree.text : undefined;
  }

  #isAmbiguous({ atoms, steps, isTwofold }: Automaton): boolean {
    if (isTwofold) return true;
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
