/**
 * Picks the paths out of a line of prose: what a role wrote behind `Inputs:`, or in a list. A path is a word with a file
 * ending, a trailing slash, or the coordination folder in front; web addresses and pairs such as "and/or" are not.
 * It never looks at a disk, so a path may name a file that does not exist.
 */

/** Paths kept of one text; a role that is given more is given none of the rest. */
const pathsMax = 200;
/** Longer words are no paths, in UTF-16 units. */
const pathCharsMax = 1_000;
/** File endings that make a path of a word without a slash. */
const endings =
  /^[\w.@-]{2,}\.(?:md|markdown|txt|json|jsonl|ya?ml|toml|tsx?|mjs|cjs|py|sh|sql|csv|log|html|css|go|rs|java)$/i;

/**
 * The paths of a text, in order, each once, as written but for quotes and a line number.
 *
 * @example pathsIn('spec `coordination/specs/Q-R07-SPEC.md` and/or src/token.ts:12.') // ['coordination/specs/Q-R07-SPEC.md', 'src/token.ts']
 */
export function pathsIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const [piece] of text.matchAll(/[^\s,;()[\]<>"'`*|]+/g)) {
    if (found.size === pathsMax) break;
    if (piece.length > pathCharsMax || piece.includes('://')) continue;
    const path = piece
      .replace(/[.:!?]{1,3}$/, '')
      .replace(/#.*$/, '')
      .replace(/:\d+(?:[-:]\d+)?$/, '');
    if (isPath(path)) found.add(path);
  }
  return [...found];
}

function isPath(word: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(word)) return false;
  const slash = Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\'));
  if (slash === -1) return endings.test(word);
  const name = word.slice(slash + 1);
  return (
    name === '' || /[^.]\.\p{L}[\p{L}\p{N}]{0,9}$/u.test(name) || /^(?:\.{1,2}|coordination)[\\/]/.test(word)
  );
}
