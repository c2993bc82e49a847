/**
 * Sections of a markdown body: headings, and the text from one heading to the next of the same or a higher level. It
 * walks the lines once and parses nothing else, so that a body of a megabyte costs a millisecond or two. Headings inside
 * code fences and HTML comments do not count; a fence or comment that is never closed hides nothing.
 */
import { lineFrom } from './textline.ts';

/** Headings looked at in one body; the rest of a longer archive is not searched. */
const headingsMax = 20_000;
/** What is kept of a heading, and looked at of a thematic break, in UTF-16 units. */
const titleCharsMax = 400;

export type Heading = {
  readonly level: number;
  /** Without the hashes, emphasis, a section sign or a number in front. */
  readonly title: string;
  /** Where the heading's line starts, and where its content starts. */
  readonly start: number;
  readonly contentStart: number;
};

/** What keeps headings from counting until it is closed: a code fence's marks, or `-->`. */
type Veil = { readonly closing: string; readonly hidden: Heading[] };

/**
 * The headings of a body that starts at `from`.
 *
 * @example headingsOf('## § R12 Directive\ntext', 0)[0]?.title // 'R12 Directive'
 */
export function headingsOf(text: string, from: number): readonly Heading[] {
  const headings: Heading[] = [];
  let veil: Veil | null = null;
  let at = from;
  while (at < text.length && headings.length < headingsMax) {
    const feed = text.indexOf('\n', at);
    const next = feed === -1 ? text.length : feed + 1;
    if (veil !== null || mayStart(text, at)) {
      const line = text.slice(at, next).trimEnd();
      const into: Heading[] = veil?.hidden ?? headings;
      const opened: Veil | null = veil === null ? veilOf(line) : null;
      const closed = veil !== null && closes(line, veil);
      const heading = closed || opened !== null ? null : headingIn(line, at, next);
      if (heading !== null && into.length < headingsMax) into.push(heading);
      if (closed) veil = null;
      veil = opened ?? veil;
    }
    at = next;
  }
  return veil === null ? headings : [...headings, ...veil.hidden];
}

/** Whether a heading, a code fence or a comment can start here, by the first characters alone. */
function mayStart(text: string, at: number): boolean {
  let start = at;
  while (start < at + 3 && text[start] === ' ') start += 1;
  const char = text[start];
  return char === '#' || char === '`' || char === '~' || char === '<';
}

function headingIn(line: string, start: number, contentStart: number): Heading | null {
  const match = /^ {0,3}(#{1,6})(?:[ \t]+|$)/.exec(line);
  if (match === null) return null;
  const [whole, hashes = ''] = match;
  const title = line
    .slice(whole.length, whole.length + titleCharsMax)
    .replace(/[ \t]+#+[ \t]*$/, '')
    .replace(/^[*_`§ \t]*(?:\d{1,3}[.)][ \t]+)?[*_`]*/, '')
    .replace(/[*_`: \t]+$/, '');
  return { level: hashes.length, title, start, contentStart };
}

function veilOf(line: string): Veil | null {
  const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1];
  if (fence !== undefined) return { closing: fence, hidden: [] };
  return /^ {0,3}<!--/.test(line) && !line.includes('-->') ? { closing: '-->', hidden: [] } : null;
}

function closes(line: string, veil: Veil): boolean {
  if (veil.closing === '-->') return line.includes('-->');
  return line.trim().startsWith(veil.closing) && /^ {0,3}(?:`+|~+)[ \t]*$/.test(line);
}

/** Where the section of a heading ends: at the next heading of the same or a higher level, else with the text. */
export function sectionEnd(text: string, headings: readonly Heading[], index: number): number {
  const level = headings[index]?.level ?? 0;
  for (let next = index + 1; next < headings.length; next += 1) {
    const heading = headings[next];
    if (heading !== undefined && heading.level <= level) return heading.start;
  }
  return text.length;
}

/** Where the first thematic break (`---`) between two offsets starts, else `to`. Old blocks are stacked behind these. */
export function breakBefore(text: string, from: number, to: number): number {
  for (let at = from; at < to; at = lineFrom(text, at).next) {
    const line = lineFrom(text, at);
    if (/^-{3,}[ \t]*$/.test(text.slice(line.start, Math.min(line.end, line.start + titleCharsMax))))
      return at;
  }
  return to;
}

/**
 * A section's text as a person means it: without comments that have lines of their own, without thematic breaks at its
 * end, trimmed.
 *
 * @example spoken('<!-- your answer here -->\nB, please\n\n---\n') // 'B, please'
 */
export function spoken(content: string): string {
  const opening = /(?<![^\n])[ \t]*<!--/g;
  let text = '';
  let at = 0;
  while (at < content.length) {
    opening.lastIndex = at;
    const open = opening.exec(content)?.index ?? content.length;
    const close = content.indexOf('-->', open);
    // An unclosed comment is text.
    if (close === -1) break;
    text += content.slice(at, open);
    at = close + '-->'.length;
  }
  return withoutBreaks(text + content.slice(at));
}

function withoutBreaks(text: string): string {
  let result = text.trim();
  for (let left = result.length; left > 0; left -= 1) {
    const last = result.lastIndexOf('\n') + 1;
    if (!/^-{3,}$/.test(result.slice(last, last + titleCharsMax))) break;
    result = result.slice(0, last).trimEnd();
  }
  return result;
}
