/**
 * The bare dialect: `KEY: value` lines from the start of the file to the first blank line, `---` or heading, as every
 * project of the original method writes them. It finds the keys and their places; a value may go on in lines that are
 * indented deeper than its key. Text below the header is never looked at, however many old headers it quotes.
 */
import { headerCharsMax } from './handoff.ts';
import { canonicalKey, conflictHint, conflictMarker, failed, isCoreKey, scanOf } from './header.ts';
import type { Header, HeaderKey, Scan } from './header.ts';
import { fault, shown } from './remark.ts';
import { lineCounter, lineEndOf, lineFrom, oneLine } from './textline.ts';
import type { Line } from './textline.ts';

/** What is looked at of a line to tell whether it starts with a key, in UTF-16 units. */
const keyCharsMax = 200;
const hint =
  'Start the file with the lines "CURRENT-ROUND: R01", "NEXT-ROLE: ARCHITECT" and "STATUS: READY", or with front matter between two lines of "---".';

/** A key line as found, before its continuation lines are known. */
type Opening = {
  readonly written: string;
  readonly indent: number;
  readonly start: number;
  readonly colonEnd: number;
  /** The mark of a line that is emphasised as a whole (`**STATUS: READY**`), else empty. */
  readonly mark: string;
  readonly lines: Line[];
};

/**
 * Finds the header of a bare file. `from` is where its first line that is not blank starts.
 *
 * @example readBareHeader('STATUS: READY\n\nfree text', 0).header?.keys[0]?.value // 'READY'
 */
export function readBareHeader(text: string, from: number): Scan {
  const openings: Opening[] = [];
  const lineOf = lineCounter(text);
  let tooLong = false;
  let at = from;
  while (at < text.length) {
    const line = lineFrom(text, at);
    const seen = text.slice(line.start, Math.min(line.end, line.start + keyCharsMax));
    if (endsHeader(seen)) break;
    const marker = conflictMarker(seen);
    if (marker !== null) {
      const message = `Line ${lineOf(at)} starts with "${marker}": an unfinished merge stands in the header.`;
      return failed(fault('header-missing', lineOf(at), message, conflictHint));
    }
    take(openings, line, seen);
    tooLong = line.end - from > headerCharsMax;
    if (tooLong) break;
    at = line.next;
  }
  if (!openings.some((opening) => isCoreKey(canonicalKey(opening.written)))) {
    const first = text.slice(from, from + keyCharsMax).split(/\r?\n/, 1)[0] ?? '';
    const message = `No header found: the file starts with ${shown(first)}.`;
    return failed(fault('header-missing', lineOf(from), message, hint));
  }
  if (tooLong) {
    const message = `The header is longer than ${headerCharsMax} characters.`;
    const way = 'Put a blank line behind the last header line; long texts belong in the body below it.';
    return failed(fault('header-too-large', lineOf(from), message, way));
  }
  return scanOf(headerOf(text, from, at, openings));
}

function endsHeader(line: string): boolean {
  return /^\s*$/.test(line) || /^-{3,}[ \t]*$/.test(line) || /^#{1,6}(?:[ \t]|$)/.test(line);
}

/** Adds one header line to what was found: a new key, a continuation of the last one, or nothing we know. */
function take(openings: Opening[], line: Line, seen: string): void {
  const indent = /^[ \t]*/.exec(seen)?.[0].length ?? 0;
  const last = openings.at(-1);
  if (last !== undefined && (indent > last.indent || continuesAsList(last, seen))) {
    last.lines.push(line);
    return;
  }
  const opening = keyAt(line, seen, indent);
  if (opening !== null) openings.push(opening);
}

/** A list directly under `Inputs:` or under a key without a value is that key's value, indented or not. */
function continuesAsList(last: Opening, seen: string): boolean {
  if (!/^[ \t]*[-*][ \t]/.test(seen)) return false;
  const first = last.lines[0];
  return canonicalKey(last.written) === 'inputs' || (first !== undefined && first.end === last.colonEnd);
}

function keyAt(line: Line, seen: string, indent: number): Opening | null {
  const match = /^([*`]*)([A-Za-z][A-Za-z0-9_-]*)([*`]*)[ \t]*:/.exec(seen.slice(indent));
  if (match === null) return null;
  const [whole, mark = '', written = '', closing = ''] = match;
  if (closing !== '' && closing !== mark) return null;
  const rest = seen.slice(indent + whole.length);
  if (/^(?:https?|ftp|file)$/i.test(written) && rest.startsWith('//')) return null;
  const closesHere = mark !== '' && closing === '' && rest.startsWith(mark);
  const colonEnd = line.start + indent + whole.length + (closesHere ? mark.length : 0);
  const open = closing === '' && !closesHere ? mark : '';
  return { written, indent, start: line.start, colonEnd, mark: open, lines: [line] };
}

function headerOf(text: string, from: number, bodyAt: number, openings: readonly Opening[]): Header {
  const lineOf = lineCounter(text);
  const line = lineOf(from);
  const keys = openings.map((opening) => keyOf(text, opening, lineOf(opening.start)));
  const last = openings.at(-1);
  const lastLine = last?.lines.at(-1) ?? lineFrom(text, from);
  return {
    dialect: 'bare-header',
    keys,
    line,
    insertAt: lastLine.next,
    lineEnd: lineEndOf(text, lastLine) ?? lineEndOf(text, lineFrom(text, from)) ?? '\n',
    indent: last === undefined ? '' : text.slice(last.start, last.start + last.indent),
    bodyAt,
  };
}

function keyOf(text: string, opening: Opening, line: number): HeaderKey {
  const pieces = opening.lines.map((piece, index) =>
    trimmed(text, index === 0 ? opening.colonEnd : piece.start, piece.end),
  );
  const filled = pieces.filter((piece) => piece.end > piece.start);
  const last = opening.lines.at(-1);
  const valueStart = filled[0]?.start ?? opening.colonEnd;
  const valueEnd = withoutMark(text, opening.mark, valueStart, filled.at(-1)?.end ?? opening.colonEnd);
  const value = filled
    .map((piece) => text.slice(piece.start, Math.min(piece.end, valueEnd)))
    .join(' ')
    .trim();
  return {
    key: canonicalKey(opening.written),
    written: opening.written,
    value,
    raw: value,
    line,
    start: opening.start,
    end: last?.next ?? opening.colonEnd,
    colonEnd: opening.colonEnd,
    valueStart,
    valueEnd,
  };
}

function withoutMark(text: string, mark: string, start: number, end: number): number {
  const closed = mark !== '' && end - start >= mark.length && text.endsWith(mark, end);
  return closed ? end - mark.length : end;
}

function trimmed(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
  const piece = text.slice(start, end);
  const from = start + piece.length - piece.trimStart().length;
  return { start: from, end: Math.max(from, start + piece.trimEnd().length) };
}

/** How a new key is spelled in a bare header: as the header's own keys are. */
export function bareSpelling(header: Header, key: string): string {
  const own = header.keys.find((entry) => isCoreKey(entry.key))?.written ?? 'STATUS';
  if (own !== own.toUpperCase()) return key;
  if (key === 'round') return 'CURRENT-ROUND';
  return key === 'inputs' ? 'Inputs' : key.toUpperCase();
}

/**
 * A value as it stands behind a bare key: always on one line.
 *
 * @example bareValue('two\nlines') // 'two lines'
 */
export const bareValue = oneLine;
