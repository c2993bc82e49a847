/**
 * Bounds how deeply a YAML text can nest before it is parsed: the yaml package (2.9) can end the whole process on deep
 * nesting, with a failure of the engine that no catch sees. Counts what could open a level; it parses nothing.
 */

export type TooDeep = { readonly message: string; /** Offset of the line. */ readonly offset: number };

/** Colons in one line and columns of indentation: more than any hand-written file has. */
const perLineMax = 100;

/**
 * The first line at which a text may nest too deeply; null when it cannot. `bracketsMax` bounds the opening brackets
 * of the whole text, as closing ones may stand in comments.
 *
 * @example tooDeep('a: [1]', 100) // null
 */
export function tooDeep(text: string, bracketsMax: number): TooDeep | null {
  let brackets = 0;
  let offset = 0;
  for (const line of text.split('\n')) {
    const columns = /^[ \t?:-]*/.exec(line)?.[0].length ?? 0;
    brackets += count(line, /[[{]/g);
    if (brackets > bracketsMax) return { message: `more than ${bracketsMax} opening brackets`, offset };
    if (columns > perLineMax || count(line, /:(?=\s|$)/g) > perLineMax) {
      return { message: `more than ${perLineMax} colons in one line, or columns of indentation`, offset };
    }
    offset += line.length + 1;
  }
  return null;
}

function count(line: string, pattern: RegExp): number {
  return line.match(pattern)?.length ?? 0;
}
