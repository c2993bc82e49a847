/**
 * Lines and byte-exact splices of a text. A line ends at LF; a CR before it belongs to the line end, so that CRLF, LF
 * and mixed files are walked alike and never rewritten. Nothing here copies more of the text than it is asked for.
 */

export type LineEnd = '\n' | '\r\n';

/** One line: `[start, end)` without its line end; `next` is where the following line starts. */
export type Line = { readonly start: number; readonly end: number; readonly next: number };

/** The line that starts at an offset; of the last line, `next` is the text's length. */
export function lineFrom(text: string, start: number): Line {
  const feed = text.indexOf('\n', start);
  if (feed === -1) return { start, end: text.length, next: text.length };
  const end = feed > start && text[feed - 1] === '\r' ? feed - 1 : feed;
  return { start, end, next: feed + 1 };
}

/** How a line ends: LF or CRLF; null for a last line without an end. */
export function lineEndOf(text: string, line: Line): LineEnd | null {
  if (line.next === line.end) return null;
  return line.next - line.end === 2 ? '\r\n' : '\n';
}

/** Where the line that holds an offset starts. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/**
 * Gives the 1-based line of an offset. Ascending offsets are counted on from the last one, so that numbering all keys
 * of a header reads the header once.
 *
 * @example lineCounter('a\nb')(2) // 2
 */
export function lineCounter(text: string): (offset: number) => number {
  let seen = 0;
  let line = 1;
  return (offset) => {
    if (offset < seen) [seen, line] = [0, 1];
    for (
      let feed = text.indexOf('\n', seen);
      feed !== -1 && feed < offset;
      feed = text.indexOf('\n', feed + 1)
    ) {
      line += 1;
      seen = feed + 1;
    }
    return line;
  };
}

/** Replace `[start, end)` with `text`. */
export type Splice = { readonly start: number; readonly end: number; readonly text: string };

/** Applies splices that do not overlap; those at the same place stay in the order given. */
export function spliceAll(text: string, splices: readonly Splice[]): string {
  const ordered = splices.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let result = '';
  let copied = 0;
  for (const splice of ordered) {
    result += text.slice(copied, splice.start) + splice.text;
    copied = splice.end;
  }
  return result + text.slice(copied);
}

/** A value that must stay on one line: line breaks become spaces, blanks at both ends go. */
export function oneLine(value: string): string {
  return value.replace(/[\r\n]+/g, ' ').trim();
}
