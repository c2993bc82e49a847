/**
 * Phrases of state/router.yaml as patterns: whole words in any case, `*` for the open end of a word, `?` for one letter,
 * `..` for up to four words between. Patterns are linear in the text they look at, and hold only phrases that could be in it.
 */

/** Characters that mean something in a pattern. */
const special = /[.+^${}()|[\]\\/]/g;

/**
 * One pattern for all phrases, global and without case; it matches nothing when there are none.
 *
 * @example 'It migrates old rows'.match(patternOf(['migrat*'])) // ['migrates']
 */
export function patternOf(phrases: readonly string[]): RegExp {
  return new RegExp(wholeWords(phrases), 'giu');
}

function wholeWords(phrases: readonly string[]): string {
  // The longest first, so that the words shown are the telling ones.
  const sources = [...phrases].sort((a, b) => b.length - a.length).map(sourceOf);
  const body = sources.length === 0 ? '(?!)' : sources.join('|');
  return `(?<![\\p{L}\\p{N}_])(?:${body})(?![\\p{L}\\p{N}_])`;
}

/**
 * The pattern of those phrases that could be in a text, by a look for their plain pieces; null when none could. To compile
 * and run the patterns of all phrases of the router costs a hundred times more. In this text it finds what the pattern of
 * all of them would find.
 *
 * @example patternIn('Rename one value', ['migrat*']) // null
 */
export function patternIn(text: string, phrases: readonly string[]): RegExp | null {
  // Case folding knows letters outside ASCII that stand for one inside; then only the pattern can tell.
  if (/[^\0-\x7f]/.test(text)) return patternOf(phrases);
  const lower = text.toLowerCase();
  let pieces = plain.get(phrases);
  if (pieces === undefined) plain.set(phrases, (pieces = phrases.map(plainPieces)));
  const able = pieces.flatMap((each, at) => (each.every((piece) => lower.includes(piece)) ? [at] : []));
  if (able.length === 0) return null;
  // In plain text there are no other letters; to compile a pattern that knows them all takes milliseconds.
  const source = wholeWords(able.flatMap((at) => phrases[at] ?? []));
  return new RegExp(source.replaceAll('\\p{L}', 'A-Za-z').replaceAll('\\p{N}', '0-9'), 'gi');
}

const plain = new WeakMap<readonly string[], readonly (readonly string[])[]>();

/** Of a phrase, what must stand in the text as it is, in lower case. */
function plainPieces(phrase: string): readonly string[] {
  return phrase
    .toLowerCase()
    .split(/[*?'’\s]+/)
    .filter((piece) => /^[\0-\x7f]+$/.test(piece) && piece !== '..');
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
