/**
 * What of a directive says something about the work: clauses of its own sentences, without quotes, code, old headers,
 * history, halt text and lists of what is not to be touched; and the structured fields in which an author names a tier or a
 * criterion. Pure text in, clauses out; it weighs nothing.
 */
import { headingsOf, sectionEnd } from '../protocol/section.ts';
import type { RouterRules } from '../protocol/routing.ts';
import { patternIn } from './phrase.ts';

/** A piece of a sentence, with the place from which on it is negated; the length when it is not. */
export type Clause = { readonly text: string; readonly negatedFrom: number };

/** Clauses of one text that are looked at. */
const clausesMax = 2_000;
/** Text that is looked at, in UTF-16 units. */
const charsMax = 32_768;

/**
 * The clauses of a text.
 *
 * @example clausesOf('Add a page; do not touch engine/.', rules).map((c) => c.negatedFrom) // [10, 0]
 */
export function clausesOf(text: string, rules: RouterRules): readonly Clause[] {
  const work = wordsOfWork(text.slice(0, charsMax), rules);
  const affirmed = patternIn(work, rules.affirmed);
  const unchanged = patternIn(work, rules.unchanged);
  const negations = patternIn(work, rules.negations);
  const negatedFrom = (clause: string): number => {
    if (placeOf(unchanged, clause) >= 0) return 0;
    const at = placeOf(negations, clause);
    return at < 0 ? clause.length : at;
  };
  return work
    .split(/(?<=[.;:!?])\s+|\n+|,\s+(?:but|so that|and not|while)\s+|\s[—–]\s/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
    .slice(0, clausesMax)
    .map((piece) =>
      affirmed === null ? piece : piece.replace(affirmed, (words) => ' '.repeat(words.length)),
    )
    .map((piece) => ({ text: piece, negatedFrom: negatedFrom(piece) }));
}

/** Where a pattern is found first; below 0 when nowhere. */
const placeOf = (pattern: RegExp | null, text: string): number =>
  pattern === null ? -1 : text.search(pattern);

/** The text without the sections, paragraphs and lines that are about something else. */
function wordsOfWork(text: string, rules: RouterRules): string {
  const headings = headingsOf(text, 0);
  const holes = headings.flatMap(({ title, start }, index) =>
    isIgnored(title, rules) ? [{ from: start, to: sectionEnd(text, headings, index) }] : [],
  );
  let kept = '';
  let at = 0;
  for (const { from, to } of holes) {
    if (from > at) kept += text.slice(at, from);
    at = Math.max(at, to);
  }
  kept += text.slice(at);
  return withoutLines(kept, rules);
}

/** Paragraph by paragraph: a label that is ignored takes its whole paragraph with it. */
function withoutLines(text: string, rules: RouterRules): string {
  const lines: string[] = [];
  let fence = false;
  let passing = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:`{3,}|~{3,})/.test(line)) fence = !fence;
    const label = /^\s*(?:[-*]\s+)?[*_]*([A-Za-z][A-Za-z -]{1,40})(?:[:.][*_]{2}|[*_]*\s*:)(?:\s|$)/.exec(
      line,
    )?.[1];
    if (line.trim() === '') passing = false;
    else if (label !== undefined) passing = isIgnored(label, rules) || isFieldLabel(label);
    const quoted = /^\s*>/.test(line) || /^[A-Z][A-Z-]{3,}:/.test(line) || /^\s*-{3,}\s*$/.test(line);
    if (!fence && !passing && !quoted) lines.push(joined(line));
    else lines.push('');
  }
  return lines.join('\n');
}

/** List marks and emphasis go; the end of a heading or list item is the end of a clause anyway. */
function joined(line: string): string {
  return line
    .replace(/^\s*(?:#{1,6}|[-*+]|\d+[.)])\s+/, '')
    .replace(/[*_]{2,}/g, '')
    .trim();
}

function isIgnored(title: string, rules: RouterRules): boolean {
  const at = placeOf(patternIn(title, rules.ignore), title);
  return (at >= 0 && /^[\W\d]*$/.test(title.slice(0, at))) || isFieldLabel(title) || isPathList(title);
}

function isFieldLabel(title: string): boolean {
  return /^\s*(?:proposed |suggested )?tier\b/i.test(title);
}

function isPathList(title: string): boolean {
  return /\b(?:allowed|forbidden|protected|frozen)\b.{0,20}\bpaths?\b|\bpaths?\b.{0,20}\b(?:allowed|forbidden)\b/i.test(
    title,
  );
}

/** A tier that the author named in a field of its own, with the words; null without one. */
export type NamedTier = { readonly tier: string; readonly words: string };

const aliases: ReadonlyMap<string, string> = new Map([
  ['t0', 'solo'],
  ['t1', 'audit'],
  ['t3', 'full'],
  ['implementer-only', 'solo'],
  ['coordinator-only', 'coordinator'],
]);

/**
 * The structured fields: a `Tier:` line or a section "Tier rationale" that starts with a tier, or cites criteria (any A is
 * full, any S audit, else a Z solo).
 *
 * @example namedTierIn('Tier: audit (S1)', ['solo', 'audit']) // { tier: 'audit', words: 'Tier: audit' }
 */
export function namedTierIn(text: string, tiers: readonly string[]): NamedTier | null {
  const field =
    /^[ \t]*(?:#{1,6}[ \t]*)?(?:[-*][ \t]+)?[*_]*(?:proposed |suggested )?tier(?: rationale)?[*_]*[ \t]*(?:[:—–-][*_ \t]*|\n+)([^\n]{1,400})/im.exec(
      withoutQuotes(text.slice(0, charsMax)),
    );
  const said = field?.[1]?.trim() ?? '';
  const word = /^[*_`"]*([A-Za-z][A-Za-z0-9-]*)/.exec(said)?.[1]?.toLowerCase() ?? '';
  const tier = aliases.get(word) ?? tiers.find((name) => name === word);
  if (tier !== undefined) return { tier, words: `Tier: ${word}` };
  const criteria = said.match(/(?<![\w-])[ASZ][1-7](?![\w-])/g) ?? [];
  const [first] = criteria;
  if (first === undefined) return null;
  const letters = new Set(criteria.map((one) => one.charAt(0)));
  const byCriteria = letters.has('A') ? 'full' : letters.has('S') ? 'audit' : 'solo';
  return { tier: byCriteria, words: criteria.join(', ') };
}

function withoutQuotes(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*>/.test(line) && !/^TIER:/.test(line))
    .join('\n');
}
