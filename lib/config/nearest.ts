/**
 * Finds the name that was probably meant.
 *
 * @param word What was written.
 * @param names What could have been.
 * @returns The name of which the least part would have to be edited, whatever the case, if that is half of it at most; else the
 * only one that begins with the word.
 */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const written = word.toLowerCase();
  const parts = names.map((name) => editDistance(written, name.toLowerCase()) / name.length);
  const least = Math.min(...parts);
  if (least <= 0.5) return names[parts.indexOf(least)];
  const [begun, ...others] = names.filter((name) => name.toLowerCase().startsWith(written));
  return others.length === 0 && word.length > 1 ? begun : undefined;
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
