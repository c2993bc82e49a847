/**
 * Text for a terminal: lines made of spans with a tone, measured, wrapped and padded without escapes, and painted at the
 * very end. Everything a file or a model wrote passes through `clean` there, so no control character of theirs ever
 * reaches a terminal. Pure; prints nothing.
 */
import { styleText } from 'node:util';

/** What a span means; the colour follows from it. */
export type Tone = 'plain' | 'strong' | 'quiet' | 'good' | 'warn' | 'bad' | 'note';
export type Span = { readonly text: string; readonly tone: Tone };
/** One line of a screen. A bare string is plain. */
export type Line = string | readonly (string | Span)[];
export type Text = readonly Line[];

/** The narrowest width that is laid out for; below it lines simply run over. */
export const columnsMin = 40;

const styles = {
  plain: 'reset',
  strong: 'bold',
  quiet: 'dim',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  note: 'cyan',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

export const strong = (text: string): Span => ({ text, tone: 'strong' });
export const quiet = (text: string): Span => ({ text, tone: 'quiet' });
export const good = (text: string): Span => ({ text, tone: 'good' });
export const warn = (text: string): Span => ({ text, tone: 'warn' });
export const bad = (text: string): Span => ({ text, tone: 'bad' });
export const note = (text: string): Span => ({ text, tone: 'note' });

/**
 * Text without anything a terminal would obey: escapes, C0 and C1 characters, and the marks that turn the direction of
 * writing. Tabs become spaces, line ends stay.
 *
 * @example clean('\u001b[31mred\u001b[0m\u0007') // 'red'
 */
export function clean(text: string): string {
  return (
    text
      // A whole escape goes, so that its parameters are not left behind as text: OSC first, then CSI.
      .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
      .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g, '')
      .replace(/\t/g, '  ')
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '')
  );
}

/** Text on one line: line ends become spaces, ends are trimmed. */
export function oneLine(text: string): string {
  return clean(text.replace(/\s+/g, ' ')).trim();
}

/** Characters as a person counts them; wide ones count once. */
export function width(text: string): number {
  return Array.from(text).length;
}

export function plainOf(line: Line): string {
  return clean(
    spansOf(line)
      .map((span) => span.text)
      .join(''),
  );
}

/**
 * Cuts a text to a width; the end that matters stays.
 *
 * @example cut('coordination/specs/Q-R07-SPEC.md', 12, 'end') // '…R07-SPEC.md'
 */
export function cut(text: string, columns: number, keep: 'start' | 'end' = 'start'): string {
  const characters = Array.from(text);
  if (characters.length <= columns) return text;
  if (columns <= 1) return columns === 1 ? '…' : '';
  return keep === 'start'
    ? `${characters.slice(0, columns - 1).join('')}…`
    : `…${characters.slice(characters.length - columns + 1).join('')}`;
}

/**
 * Breaks a text into lines of at most `columns` characters, at spaces where there are any. Later lines are indented.
 *
 * @example wrap('one two three', 9) // ['one two', 'three']
 */
export function wrap(text: string, columns: number, indent = 0): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of clean(text).split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((each) => pieces(each, columns - indent))) {
      const joined = line === '' ? word : `${line} ${word}`;
      if (line.trim() !== '' && width(joined) > columns) {
        lines.push(line);
        line = `${' '.repeat(indent)}${word}`;
      } else {
        line = line === '' && lines.length > 0 ? `${' '.repeat(indent)}${word}` : joined;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** A word longer than the line is cut into pieces that fit. */
function pieces(word: string, columns: number): readonly string[] {
  const room = Math.max(columns, 8);
  const characters = Array.from(word);
  if (characters.length <= room) return [word];
  return Array.from({ length: Math.ceil(characters.length / room) }, (_, index) =>
    characters.slice(index * room, (index + 1) * room).join(''),
  );
}

/**
 * A label in front of a wrapped text whose later lines stand under its first.
 *
 * @example labelled('since', '14:02', 80) // [[quiet('since     '), '14:02']]
 */
export function labelled(label: string, text: string, columns: number, labelColumns = 10): Text {
  const room = Math.max(columns, columnsMin) - labelColumns;
  return wrap(text, room).map((line, index) => [
    quiet((index === 0 ? label : '').padEnd(labelColumns)),
    line,
  ]);
}

/**
 * A way forward behind a mark: words are wrapped under themselves, a command stays whole so that it can be copied.
 *
 * @example forward('Next: ', 'next-role run', 80) // [['Next: ', note('next-role run')]]
 */
export function forward(mark: string | Span, way: string, columns: number): Text {
  const indent = width(spanOf(mark).text);
  const room = way.startsWith('next-role ') ? Number.POSITIVE_INFINITY : columns - indent;
  return wrap(oneLine(way), room).map((line, at): Line => [at === 0 ? mark : ' '.repeat(indent), note(line)]);
}

/**
 * Rows under a head, padded; the column named by `flexible` is cut so that a row fits the width.
 *
 * @example table(['ROLE', 'TIME'], [['architect', '3 s']], { columns: 80, flexible: 0 }) // head and one row
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Span)[])[],
  layout: { readonly columns: number; readonly flexible: number },
): Text {
  const gap = 2;
  const textOf = (cell: string | Span | undefined): string => oneLine(spanOf(cell ?? '').text);
  const widths = head.map((title, at) =>
    Math.max(width(title), ...rows.map((row) => width(textOf(row[at])))),
  );
  const total = widths.reduce((sum, each) => sum + each + gap, -gap);
  const widest = widths[layout.flexible];
  if (widest !== undefined && total > layout.columns) {
    widths[layout.flexible] = Math.max(8, widest - (total - layout.columns));
  }
  const rowOf = (cells: readonly (string | Span)[], tone: Tone | null): Line =>
    cells.map((cell, at): Span => {
      const room = widths[at] ?? 0;
      const text = cut(textOf(cell), room);
      const isLast = at === cells.length - 1;
      return {
        text: isLast ? text : `${text}${' '.repeat(room - width(text) + gap)}`,
        tone: tone ?? spanOf(cell).tone,
      };
    });
  return [rowOf(head, 'quiet'), ...rows.map((row) => rowOf(row, null))];
}

/** The line as it goes to the terminal, without a line end. */
export function paint(line: Line, colour: boolean): string {
  return spansOf(line)
    .map(({ text, tone }) => {
      const shown = clean(text).replace(/\n/g, ' ');
      if (!colour || tone === 'plain' || shown === '') return shown;
      return styleText(styles[tone], shown, { validateStream: false });
    })
    .join('');
}

function spansOf(line: Line): readonly Span[] {
  return typeof line === 'string' ? [spanOf(line)] : line.map(spanOf);
}

function spanOf(piece: string | Span): Span {
  return typeof piece === 'string' ? { text: piece, tone: 'plain' } : piece;
}
