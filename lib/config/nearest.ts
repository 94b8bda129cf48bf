/**
 * Finds the name that was probably meant.
 *
 * @param word What was written.
 * @param names What could have been.
 * @returns The name of which the least part would have to be edited, whatever the case, if that is half of it at most.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const parts = names.map((name) => editDistance(word.toLowerCase(), name.toLowerCase()) / name.length);
  const least = Math.min(...parts);
  return least <= 0.5 ? names[parts.indexOf(least)] : undefined;
}

/** Levenshtein's distance: how many characters to insert, remove or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, char] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j]! + (char === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
