/**
 * The known word that was probably meant, for remarks and refusals that suggest. Pure. Two neighbours that changed
 * places count as one edit, because that is how fingers slip.
 */

/** A word further away than this share of its length is another word. */
const distanceShareMax = 0.4;
/** Longest word compared; the comparison grows with the square. */
const charsMax = 100;
/** A word up to this long is a slip of another only by one edit, a longer one by two. */
const shortCharsMax = 7;

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
  const best = closest(wanted, known);
  if (best === null) return null;
  return best.far <= Math.max(word.length, best.each.length) * distanceShareMax ? best.each : null;
}

/**
 * The known word of which this one is a slip of the fingers: stricter than `nearest`, for words that may well be meant
 * as they are.
 *
 * @example slipOf('anwser', ['answer', 'note']) // 'answer'
 * @example slipOf('state', ['status']) // null
 */
export function slipOf(word: string, known: readonly string[]): string | null {
  if (word.length < 3 || word.length > charsMax) return null;
  const best = closest(word.toLowerCase(), known);
  const farMax = word.length > shortCharsMax ? 2 : 1;
  return best !== null && best.far > 0 && best.far <= farMax ? best.each : null;
}

/**
 * The suggestion as the start of a hint; empty when nothing is near.
 *
 * @example meant('REDY', ['READY', 'PAUSED']) // 'Did you mean "READY"? '
 */
export function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? '' : `Did you mean "${near}"? `;
}

type Scored = { readonly each: string; readonly far: number };

function closest(wanted: string, known: readonly string[]): Scored | null {
  const scored = known.map((each) => ({
    each,
    far: distance(wanted, each.toLowerCase().slice(0, charsMax)),
  }));
  return scored.sort((a, b) => a.far - b.far)[0] ?? null;
}

/** Edits from one word to the other (Levenshtein, with neighbours that changed places). */
function distance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const swap = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      const turned = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j];
      const places = turned ? (before[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(swap, places, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
