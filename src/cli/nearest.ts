/**
 * The known word that was probably meant, for refusals that suggest. Pure.
 */

/** A word further away than this share of its length is another word. */
const distanceShareMax = 0.4;
/** Longest word compared; the comparison grows with the square. */
const charsMax = 100;

/**
 * The nearest of the known words, or null when none is near.
 *
 * @example nearest('roles/reviwer.md', ['roles/reviewer.md']) // 'roles/reviewer.md'
 */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > charsMax) return null;
  const wanted = word.toLowerCase();
  const part = known.find((each) => wanted.length >= 3 && each.toLowerCase().includes(wanted));
  if (part !== undefined) return part;
  const scored = known.map((each) => ({
    each,
    far: distance(wanted, each.toLowerCase().slice(0, charsMax)),
  }));
  const best = scored.sort((a, b) => a.far - b.far)[0];
  return best !== undefined && best.far <= Math.max(word.length, best.each.length) * distanceShareMax
    ? best.each
    : null;
}

/** Edits from one word to the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const swap = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
