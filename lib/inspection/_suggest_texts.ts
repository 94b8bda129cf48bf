import { samplePattern } from "../evaluation/mod.ts";
import type { Clause } from "../model/mod.ts";

/** What a text has to begin with, contain and end with. */
interface Parts {
  start: string;
  middle: string;
  end: string;
}

/** Parts of which nothing is wanted. */
const NO_PARTS: Parts = { start: "", middle: "", end: "" };

/**
 * Most ways to choose one value of each clause that are tried.
 *
 * @limit combinations: further ones are not tried, and the search does not claim that there is no change
 */
const MAX_COMBINATIONS = 100;

/** How many of them are tried with a number in the text. */
const NUMBERED_COMBINATIONS = 5;

/**
 * Suggests texts that match all of some clauses.
 *
 * @param clauses The clauses, as if none were negated; those that are not about parts of texts do not count.
 * @returns Texts, likely ones first.
 */
export function* suggestTexts(clauses: readonly Clause[]): Generator<string> {
  if (!clauses.some(({ op }) => isAboutParts(op))) return;
  for (const { start, middle, end } of combine(clauses)) {
    // One part may be all that it takes: a pattern can say what a text begins and ends with.
    yield* [start + middle + end, middle, start, end];
  }
}

/**
 * Suggests texts with a number in them.
 *
 * @param clauses Clauses that they should match, as if none were negated.
 * @param stem What they begin with if nothing else is wanted.
 * @param count How many numbers.
 * @returns The texts.
 */
export function* numberTexts(clauses: readonly Clause[], stem: string, count: number): Generator<string> {
  const combinations = [...combine(clauses).take(NUMBERED_COMBINATIONS)];
  const isFree = !clauses.some(({ op }) => isAboutParts(op));
  for (const before of isFree ? [`${stem}-`, ""] : [""]) {
    for (let number = 1; number <= count; number++) {
      for (const { start, middle, end } of combinations) {
        yield `${before}${start}${middle}${number}${end}`;
        if (middle !== "") yield `${start}${number}${middle}${end}`;
      }
    }
  }
}

/** Chooses one value of each clause. */
function* combine(clauses: readonly Clause[]): Generator<Parts> {
  const lists = clauses.filter(({ op }) => isAboutParts(op)).map(listParts);
  for (let number = 0; number < MAX_COMBINATIONS; number++) {
    // Each list's position is a digit of the number.
    let rest = number;
    const chosen = lists.map((list) => {
      const part = list[rest % list.length];
      rest = Math.floor(rest / list.length);
      return part;
    });
    if (rest > 0 || chosen.includes(undefined)) return;
    yield merge(chosen as Parts[]);
  }
}

function isAboutParts(op: string | null | undefined): boolean {
  return op === "startsWith" || op === "endsWith" || op === "contains" || op === "matches";
}

function listParts({ op, values }: Clause): Parts[] {
  const texts = (values ?? []).filter((value) => typeof value === "string").slice(0, MAX_COMBINATIONS);
  switch (op) {
    case "startsWith":
      return texts.map((start) => ({ ...NO_PARTS, start }));
    case "endsWith":
      return texts.map((end) => ({ ...NO_PARTS, end }));
    case "contains":
      return texts.map((middle) => ({ ...NO_PARTS, middle }));
    default: {
      const samples = texts.map(samplePattern).filter((sample) => sample !== undefined);
      return samples.map((middle) => ({ ...NO_PARTS, middle }));
    }
  }
}

/** Of two beginnings, or endings, the longer one includes the other if both can be met. */
function merge(parts: readonly Parts[]): Parts {
  const longer = (a: string, b: string) => a.length < b.length ? b : a;
  return parts.reduce((sum, { start, middle, end }) => ({
    start: longer(sum.start, start),
    middle: sum.middle.includes(middle) ? sum.middle : sum.middle + middle,
    end: longer(sum.end, end),
  }), NO_PARTS);
}
