/**
 * Phrases of state/router.yaml as patterns: whole words in any case, `*` for the open end of a word, `?` for one letter,
 * `..` for up to four words between. Patterns are linear in the text they look at, and made once for a set of phrases.
 */

/** Characters that mean something in a pattern. */
const special = /[.+^${}()|[\]\\/]/g;

const made = new WeakMap<readonly string[], RegExp>();

/**
 * One pattern for all phrases, global and without case; it matches nothing when there are none.
 *
 * @example 'It migrates old rows'.match(patternOf(['migrat*'])) // ['migrates']
 */
export function patternOf(phrases: readonly string[]): RegExp {
  const known = made.get(phrases);
  if (known !== undefined) return known;
  // The longest first, so that the words shown are the telling ones.
  const sources = [...phrases].sort((a, b) => b.length - a.length).map(sourceOf);
  const body = sources.length === 0 ? '(?!)' : sources.join('|');
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${body})(?![\\p{L}\\p{N}_])`, 'giu');
  made.set(phrases, pattern);
  return pattern;
}

/**
 * Whether one of the phrases could be in a text, by a look for their longest plain piece; compiling and running all
 * patterns of the router costs a hundred times more. Never false where the pattern would match.
 *
 * @example mayOccur(['migrat*'], 'Rename one value') // false
 */
export function mayOccur(phrases: readonly string[], text: string): boolean {
  // Case folding knows letters outside ASCII that stand for one inside; then only the pattern can tell.
  if (/[^\0-\x7f]/.test(text)) return true;
  const lower = text.toLowerCase();
  let pieces = plain.get(phrases);
  if (pieces === undefined) plain.set(phrases, (pieces = phrases.map(longestPiece)));
  return pieces.some((piece) => lower.includes(piece));
}

const plain = new WeakMap<readonly string[], readonly string[]>();

/** Of a phrase, what must stand in the text as it is, in lower case; empty when nothing must. */
function longestPiece(phrase: string): string {
  return phrase
    .toLowerCase()
    .split(/[*?'’\s]+/)
    .filter((piece) => /^[\0-\x7f]*$/.test(piece) && piece !== '..')
    .reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '');
}

function sourceOf(phrase: string): string {
  return phrase
    .trim()
    .split(/\s+\.\.\s+/)
    .map((part) =>
      part
        .replace(special, '\\$&')
        .replace(/\*/g, '[\\p{L}\\p{N}_-]*')
        .replace(/\?/g, '[\\p{L}]')
        .replace(/['’]/g, "['’]")
        .replace(/\s+/g, '[\\s]+'),
    )
    .join('(?:[^\\p{L}\\p{N}]+[\\p{L}\\p{N}_]+){0,4}?[^\\p{L}\\p{N}]+');
}
