/**
 * A reviewer's report read as findings: severity, place, id and words of each, in whatever shape a report writes them
 * (list items, headings, tables, a heading per severity). What is said to be fixed or withdrawn is none. It judges the
 * work under review, so its findings go to whoever made that work, not to the reviewer.
 */
import { findingId, type Finding, type Severity } from '../../protocol/finding.ts';
import type { Gate } from './gate.ts';
import { mergeReviews, type MergedFinding, type Opinion } from './mergereviews.ts';
import { proseOf, type TextLine } from './markdown.ts';

/** Reports of a round, by path. */
export type Report = { readonly path: string; readonly text: string };

export const review: Gate<readonly Report[]> = {
  name: 'review',
  judge: (reports) => mergeReviews(opinionsIn(reports)).map((finding) => witnessed(finding, reports.length)),
};

const missingOpinionId = findingId(review.name, 'no-second-opinion');

/** An opinion that was asked for and does not count. `why` says what is wrong with it; empty when there is no report. */
export function missingOpinion(role: string, why: readonly string[]): Finding {
  const text =
    why.length === 0
      ? `The ${role} left no report: this review is one opinion`
      : `The report of the ${role} does not count: ${why.join('; ')}`;
  return { id: missingOpinionId, gate: review.name, severity: 'MAJOR', file: null, line: null, text };
}

/** Whether a finding says that an opinion is missing which must not be. */
export function isMissingOpinion({ id }: Finding): boolean {
  return id === missingOpinionId;
}

/** Each report read by itself, under the name of who wrote it. */
export function opinionsIn(reports: readonly Report[]): readonly Opinion[] {
  return reports.map(({ path, text }) => ({ by: reviewerOf(path), path, findings: findingsIn(path, text) }));
}

/** A report's author by its name: `REVIEWER-REPORT-R07-SECOND.md` is the second reviewer's. */
function reviewerOf(path: string): string {
  const suffix = /REVIEWER-REPORT-.+-([A-Za-z]+)\.md$/.exec(path)?.[1]?.toLowerCase();
  return suffix === undefined ? 'reviewer' : `${suffix}-reviewer`;
}

/** Who said it is only worth telling where several were asked. */
function witnessed({ by, ...finding }: MergedFinding, opinions: number): Finding {
  return opinions < 2 ? finding : { ...finding, text: `${finding.text} (${by.join(', ')})` };
}

const severity = /\b(CRITICAL|MAJOR|MINOR|OBS(?:ERVATIONS?)?|NITS?)\b/;
const severityWord = /\b(critical|major|minor|obs(?:ervations?)?|nits?)\b/i;
/** Where in a line its severity must stand to be one, in characters. */
const leadChars = 60;
/** Longest text of one finding, in characters. */
const textCharsMax = 600;
const closedWord = '(?:fixed|resolved|closed|withdrawn|retracted|refuted)';
const closed = [
  /^\s*(?:[-*+]\s*)?(?:~~|\[x\])/i,
  new RegExp(`\\((?:was |now |is |verified )*${closedWord}\\b[^)]*\\)`, 'i'),
  new RegExp(`\\b(?:CRITICAL|MAJOR|MINOR|OBS|NIT)\\W{0,5}${closedWord}\\b`, 'i'),
  new RegExp(`(?:—|–|→|->|:)\\s*(?:now |is )?${closedWord}\\.?\\W*$`, 'i'),
];
const none = /^\W*(?:none\b|(?:nil|n\/a|nothing|zero|0)\W*$|no\s+(?:\w+\s+)?findings?\b|$)/i;

/**
 * The open findings of a report.
 *
 * @example findingsIn('r.md', '## Findings\n- F-1 MAJOR src/a.ts:3 wrong sign') // [{ id: 'review:f-1:src/a.ts', … }]
 */
export function findingsIn(path: string, text: string): readonly Finding[] {
  const found: Finding[] = [];
  let below: Severity | null = null;
  for (const entry of entriesOf(scopeOfFindings(proseOf(text)))) {
    if (entry.isHeading) below = headingSeverity(entry.words) ?? (entry.level <= 2 ? null : below);
    const own = severityOf(entry);
    const weight = own ?? (entry.isItem ? below : null);
    if (weight === null || closed.some((pattern) => pattern.test(entry.words))) continue;
    const rest = restOf(entry.words);
    if (none.test(rest)) continue;
    found.push(findingOf(path, entry, weight, rest));
  }
  return numbered(found);
}

type Entry = {
  readonly line: number;
  readonly words: string;
  readonly isItem: boolean;
  readonly isHeading: boolean;
  readonly level: number;
};

const findingsTitle = /finding|issues?\b|defects?\b/i;
const otherTitle =
  /^#{1,6}\s.*(?:false.positive|refuted|resolved|withdrawn|legend|severity scale|right.reasons|grilling|acceptance criteria|cross.cutting)/i;

/** The sections about findings; a report without such a heading is read whole, but for sections about other things. */
function scopeOfFindings(lines: readonly TextLine[]): readonly TextLine[] {
  const levelOf = ({ text }: TextLine): number => /^(#{1,6})\s/.exec(text)?.[1]?.length ?? 0;
  const hasSection = lines.some(
    (line) => levelOf(line) > 0 && levelOf(line) <= 2 && findingsTitle.test(line.text),
  );
  let inside = !hasSection;
  let skipBelow = 0;
  return lines.filter((line) => {
    const level = levelOf(line);
    if (level > 0 && (skipBelow === 0 || level <= skipBelow)) {
      skipBelow = otherTitle.test(line.text) ? level : 0;
      if (hasSection && level <= 2) inside = findingsTitle.test(line.text);
    }
    return inside && skipBelow === 0;
  });
}

/** List items, headings, table rows and lines that begin in bold, each with the lines that go on with it. */
function entriesOf(lines: readonly TextLine[]): readonly Entry[] {
  const entries: { line: number; words: string; isItem: boolean; isHeading: boolean; level: number }[] = [];
  let open = false;
  for (const { line, text } of lines) {
    const heading = /^(#{1,6})\s+(.*)$/.exec(text);
    const isItem =
      /^\s{0,3}(?:[-*+]|\d+[.)])\s|^\s*\||^\s*\*\*|^\s*>\s*\*\*/.test(text) ||
      /^\s*[A-Z]{1,3}-?\d+\b/.test(text);
    if (/^\s*\|[\s|:-]+$/.test(text)) continue;
    if (heading !== null || isItem) {
      const level = heading?.[1]?.length ?? 0;
      entries.push({
        line,
        words: (heading?.[2] ?? text).trim(),
        isItem: heading === null,
        isHeading: heading !== null,
        level,
      });
      open = true;
    } else if (text.trim() === '') open = false;
    else if (open) {
      const last = entries.at(-1);
      if (last !== undefined) last.words += ` ${text.trim()}`;
    }
  }
  return entries;
}

/** A heading that is only a severity, such as `### CRITICAL (2)` or `### Major findings`. */
function headingSeverity(words: string): Severity | null {
  const only = /^[\W\d]*(\w+)(?:\s+(?:findings?|issues?))?[\W\d]*$/.exec(words)?.[1] ?? '';
  return severityWord.test(only) ? named(only) : null;
}

/** The severity in an entry's lead; in a table any cell may be it. */
function severityOf({ words, isHeading }: Entry): Severity | null {
  if (words.startsWith('|')) {
    const cell = words
      .split('|')
      .find(
        (each) =>
          severityWord.exec(each.replace(/[*_`[\]()]/g, '').trim())?.[0].length ===
            each.replace(/[*_`[\]()]/g, '').trim().length && each.trim() !== '',
      );
    return cell === undefined ? null : named(cell.replace(/[^A-Za-z]/g, ''));
  }
  if (isHeading && headingSeverity(words) !== null) return null;
  const lead = words.slice(0, leadChars);
  const match = severity.exec(lead) ?? /^[\W\w]{0,16}?\b(Critical|Major|Minor)\b(?=\W*[:—\])-])/.exec(lead);
  return match === null ? null : named(match[1] ?? '');
}

function named(word: string): Severity {
  const upper = word.toUpperCase();
  if (upper.startsWith('OBS')) return 'OBS';
  if (upper.startsWith('NIT')) return 'MINOR';
  return upper === 'CRITICAL' || upper === 'MAJOR' ? upper : 'MINOR';
}

/** What is left of an entry's words once marks, id and severity are gone. */
function restOf(words: string): string {
  return words
    .replace(/^[\s>*+-]*(?:\d+[.)]\s)?/, '')
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .replace(new RegExp(severity, 'g'), ' ')
    .replace(/^\W*(?:Critical|Major|Minor)\b/i, ' ')
    .replace(idPattern, ' ')
    .replace(/\*\*|__/g, '')
    .replace(/^[\s|:()[\]—–-]+/, '')
    .trim();
}

/** `F-1`, `C2`, `M-3`; an acceptance criterion is no finding's id. */
const idPattern = /\b(?!AC-?\d)([A-Z]{1,4}-?\d{1,4}[a-z]?)\b/;

function findingOf(path: string, entry: Entry, weight: Severity, rest: string): Finding {
  const id = idPattern.exec(entry.words.slice(0, leadChars))?.[1] ?? null;
  const place = /([\w@.+/-]*[\w@+/-]\.[A-Za-z]\w{0,7})(?::(\d+))?/.exec(rest);
  const file =
    place?.[1] !== undefined && (place[2] !== undefined || place[1].includes('/')) ? place[1] : null;
  const words =
    rest
      .replace(/`/g, '')
      .toLowerCase()
      .match(/[a-z]{3,}/g) ?? [];
  return {
    id: findingId(review.name, id ?? words.slice(0, 6).join('-'), ...(file === null ? [] : [file])),
    gate: review.name,
    severity: weight,
    file: file ?? path,
    line: file === null ? entry.line : place?.[2] === undefined ? null : Number(place[2]),
    text: `${id === null ? '' : `${id} `}${rest.replace(/\s+/g, ' ')}`.slice(0, textCharsMax),
  };
}

/** Two findings of the same words at the same place are told apart by a number. */
function numbered(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const times = (seen.get(finding.id) ?? 0) + 1;
    seen.set(finding.id, times);
    return times === 1 ? finding : { ...finding, id: `${finding.id}:${times}` };
  });
}
