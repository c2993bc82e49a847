/**
 * The few sections of a handoff's body that mean something: the operator's decision, the round's directive, the inputs
 * for the next role. Everything else below the header is free markdown. Old headers quoted in the body are never taken
 * for the state.
 */
import { directiveCharsMax } from './handoff.ts';
import { pathsIn } from './inputpath.ts';
import { sectionEnd, spoken } from './section.ts';
import type { Heading } from './section.ts';

/** Text of the inputs section that is looked at, in UTF-16 units. */
const inputsCharsMax = 16_384;

/**
 * The human's words under `## Operator decision`, with what stands behind a colon or dash in the heading itself; null
 * when there is no such section, or it says nothing. The first section counts: files are stacked newest first.
 */
export function operatorDecisionIn(text: string, headings: readonly Heading[]): string | null {
  const index = headings.findIndex(({ title }) => decisionTitle(title) !== null);
  const heading = headings[index];
  if (heading === undefined) return null;
  const words = spoken(text.slice(heading.contentStart, sectionEnd(text, headings, index)));
  const said = [decisionTitle(heading.title) ?? '', words].filter((part) => part !== '').join('\n');
  return said === '' || /^[*_`]*\(none\)[*_`.]*$/i.test(said) ? null : said;
}

/** What the heading of a decision says itself, often nothing; null for any other heading, or a list of open ones. */
function decisionTitle(title: string): string | null {
  const match = /^operator decisions?(?:\s*\(([^()]*)\))?[*_`]*(?:\s*[:—–-]([^]*))?$/i.exec(title);
  if (match === null || /\b(?:open|pending)\b/i.test(match[1] ?? '')) return null;
  return (match[2] ?? '').trim();
}

/**
 * The round's directive, without its heading: the section that names the round, else the first "Round-scope directive",
 * else the first heading with the word in it. Cut at `directiveCharsMax`.
 */
export function directiveIn(text: string, headings: readonly Heading[], round: string | null): string | null {
  const all = headings
    .map(({ title }, index) => ({ title, index }))
    .filter(({ title }) => /\bdirectives?\b/i.test(title));
  const found =
    all.find(({ title }) => round !== null && title.split(/[\s:,;()—–]+/).includes(round)) ??
    all.find(({ title }) => /round[- ]scope directive/i.test(title)) ??
    all[0];
  const heading = headings[found?.index ?? -1];
  if (found === undefined || heading === undefined) return null;
  const end = Math.min(sectionEnd(text, headings, found.index), heading.contentStart + 2 * directiveCharsMax);
  const content = spoken(text.slice(heading.contentStart, end));
  const cut = content.slice(0, directiveCharsMax);
  // Never half of a surrogate pair.
  const whole = /[\ud800-\udbff]$/.test(cut.slice(-1)) ? cut.slice(0, -1) : cut;
  return whole === '' ? null : whole;
}

/** The paths listed under `## Inputs for next role`, for a header that lists none. */
export function inputsIn(text: string, headings: readonly Heading[]): readonly string[] {
  const index = headings.findIndex(({ title }) => /^inputs for (?:the )?next role\b/i.test(title));
  const heading = headings[index];
  if (heading === undefined) return [];
  const end = Math.min(sectionEnd(text, headings, index), heading.contentStart + inputsCharsMax);
  return pathsIn(spoken(text.slice(heading.contentStart, end)));
}
