/**
 * Where an escalation stands in the body of a file, and how it is written there. "Escalation items" is the section that
 * is ours to write; others (a heading that starts with the word, or shouts it) are only read. escalationtext.ts reads
 * the lines; a section that says `(none)` is no escalation.
 */
import { letterOf } from './choice.ts';
import type { Escalation, Option } from './escalation.ts';
import { readEscalationText, splitOption } from './escalationtext.ts';
import { breakBefore, headingsOf, sectionEnd } from './section.ts';
import type { Heading } from './section.ts';
import type { LineEnd } from './textline.ts';
import { oneLine } from './textline.ts';

/** Text of one section that is read, in UTF-16 units. */
const sectionCharsMax = 32_768;
/** Sections looked through for an open escalation. */
const sectionsMax = 32;

/** Where the content of a section stands in the file. */
type Span = { readonly start: number; readonly end: number };

/** The section that is ours to write: under a heading of just these words. */
const home = /^escalations?(?: items?)?$/i;

/**
 * Spans of the sections that may hold an escalation, the likeliest first: "Escalation items", then headings that start
 * with the word, then headings that shout it.
 */
function candidates(text: string, headings: readonly Heading[]): readonly Span[] {
  const rank = ({ title }: Heading): number => {
    if (home.test(title)) return 0;
    if (/^escalation/i.test(title)) return 1;
    return title.includes('ESCALATION') ? 2 : 3;
  };
  return headings
    .map((heading, index) => ({ heading, index, rank: rank(heading) }))
    .filter((found) => found.rank < 3)
    .toSorted((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, sectionsMax)
    .map(({ heading, index }) => spanOf(text, headings, heading, index));
}

function spanOf(text: string, headings: readonly Heading[], heading: Heading, index: number): Span {
  const start = heading.contentStart;
  return { start, end: breakBefore(text, start, sectionEnd(text, headings, index)) };
}

/** The content of the section an escalation is written to; null when the body has none. */
export function escalationHome(text: string, bodyAt: number): Span | null {
  const headings = headingsOf(text, bodyAt);
  const index = headings.findIndex(({ title }) => home.test(title));
  const heading = headings[index];
  return heading === undefined ? null : spanOf(text, headings, heading, index);
}

/**
 * The escalation a body holds. When the status says so (`open`), prose without labels counts as the question and later
 * sections are looked through too; otherwise only the likeliest section, and only with a labelled question or options.
 */
export function escalationIn(text: string, headings: readonly Heading[], open: boolean): Escalation | null {
  const spans = candidates(text, headings);
  for (const span of open ? spans : spans.slice(0, 1)) {
    const found = readEscalationText(
      text.slice(span.start, Math.min(span.end, span.start + sectionCharsMax)),
      open,
    );
    if (found !== null) return found;
  }
  return null;
}

/**
 * The lines of an escalation section, without a line end behind the last one.
 *
 * @example writeEscalationSection(escalation, '\n') // '**Question:** Which one rules?\n\n- Option A: Follow the spec — …'
 */
export function writeEscalationSection(escalation: Escalation, lineEnd: LineEnd): string {
  const line = (label: string, value: string | null): readonly string[] =>
    value === null || oneLine(value) === '' ? [] : [`${label}: ${oneLine(value)}`];
  const options = escalation.options.flatMap(optionLines);
  const rest = [
    ...line('Recommended', escalation.recommended),
    ...line('Default', escalation.default),
    ...line('Deadline', escalation.deadline),
    ...line('Diagnostic', escalation.diagnostic),
    ...line('Id', escalation.id),
  ];
  const question = `**Question:** ${oneLine(escalation.question)}`.trimEnd();
  return [[question], options, rest]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join(lineEnd))
    .join(lineEnd + lineEnd);
}

/** An option on one line; its consequence on a line of its own where a dash in the text would cut it elsewhere. */
function optionLines(option: Option): readonly string[] {
  const [what, then] = [oneLine(option.do), oneLine(option.then)];
  const start = `- Option ${letterOf(option.letter)}:`;
  const line = then === '' ? what : `${what} — ${then}`;
  const read = splitOption(line);
  return (what !== '' || then === '') && read.do === what && read.then === then
    ? [`${start} ${line}`.trimEnd()]
    : [`${start} ${what}`.trimEnd(), `  - Then: ${then}`.trimEnd()];
}
