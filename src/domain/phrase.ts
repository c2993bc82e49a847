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
