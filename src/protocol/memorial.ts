/**
 * The memorial: lines that the memorial role writes into MEMORIAL.md, and the ledger of rules that the engine counts
 * from them. Reading is tolerant (list marks, any case, bold words, two to four spare columns) and never throws; what
 * is no line of the memorial is prose and stays what it is. Nothing is counted here; domain/memorial.ts does that.
 */
import { z } from 'zod';
import { readData } from './datafile.ts';
import type { Diagnostic } from './diagnostic.ts';

export const memorialPath = 'coordination/MEMORIAL.md';
/** The engine's own ledger of rules, beside the lines it was counted from; in git like them. */
export const rulesPath = 'coordination/memorial.json';
/** Retired rules that were pruned out of it. */
export const retiredPath = 'coordination/history/memorial-retired.json';

export type LineKind = 'CONFIRMATION' | 'VIOLATION' | 'OBS';

/** One line of MEMORIAL.md: `KIND | discipline | evidence | round | role`, and perhaps `| lesson`. */
export type MemorialLine = {
  readonly kind: LineKind;
  readonly discipline: string;
  readonly evidence: string;
  readonly round: string;
  readonly role: string;
  /** What to do the next time, in the role's words; null when the line names none. */
  readonly lesson: string | null;
  /** 1-based, in the text it was read from. */
  readonly line: number;
};

/** Where a rule stands: only the active ones, and those stable ones that fit the work, are given to a session. */
export type RuleStatus = 'active' | 'stable' | 'retired';

/** One rule of the ledger with its counts. */
export type Rule = {
  /** `<discipline>-<n>`: unique in its ledger, never given twice. */
  readonly id: string;
  readonly discipline: string;
  /** The role that could have prevented the violation. */
  readonly role: string;
  readonly text: string;
  readonly violations: number;
  readonly confirmations: number;
  /** Confirmations since the last violation. */
  readonly streak: number;
  readonly status: RuleStatus;
  /** Rounds of its first and its latest count. */
  readonly since: string;
  readonly last: string;
  /** The newest evidence, newest last, bounded. */
  readonly evidence: readonly string[];
};

/** Rules and the rounds that were counted into them. */
export type RuleLedger = {
  readonly version: 1;
  /** Numbers given so far, by discipline. */
  readonly given: Readonly<Record<string, number>>;
  /** Rounds counted, newest last, bounded: a round is counted once. */
  readonly counted: readonly string[];
  readonly rules: readonly Rule[];
};

export const emptyLedger: RuleLedger = { version: 1, given: {}, counted: [], rules: [] };

/** Lines of one memorial that are read; the newest count when there are more. */
export const memorialLinesMax = 5_000;
/** Longest evidence or lesson kept, in UTF-16 units. */
export const memorialWordsMax = 240;

const kinds: readonly LineKind[] = ['CONFIRMATION', 'VIOLATION', 'OBS'];

/**
 * The lines of a memorial, in the order of the text.
 *
 * @example readMemorial('VIOLATION | anti-scope | F-1 src/a.js:3 | R07 | implementer\n')[0]?.discipline // 'anti-scope'
 */
export function readMemorial(text: string): readonly MemorialLine[] {
  const commentless = text.replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''));
  return commentless
    .split(/\r\n?|\n/)
    .flatMap((line, at) => readLine(line, at + 1))
    .slice(-memorialLinesMax);
}

function readLine(text: string, line: number): readonly MemorialLine[] {
  const cells = text
    .replace(/^\s*(?:[-*+>]\s+|\|)?/, '')
    .replace(/\|\s*$/, '')
    .split('|')
    .map((cell) => cell.replace(/[*_`]/g, '').trim());
  const [first = '', discipline = '', evidence = '', round = '', role = '', lesson = ''] = cells;
  const kind = kinds.find((word) => first.toUpperCase() === word);
  if (kind === undefined || cells.length < 5 || discipline === '' || round === '' || role === '') return [];
  return [
    {
      kind,
      discipline: slug(discipline),
      evidence: evidence.slice(0, memorialWordsMax),
      round,
      role: slug(role),
      lesson: lesson === '' ? null : lesson.slice(0, memorialWordsMax),
      line,
    },
  ];
}

function slug(words: string): string {
  return words
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

const ruleSchema = z.strictObject({
  id: z.string().min(1),
  discipline: z.string().min(1),
  role: z.string().min(1),
  text: z.string(),
  violations: z.int().min(0),
  confirmations: z.int().min(0),
  streak: z.int().min(0),
  status: z.enum(['active', 'stable', 'retired']),
  since: z.string(),
  last: z.string(),
  evidence: z.array(z.string()),
});
const ledgerSchema = z.strictObject({
  version: z.literal(1),
  given: z.record(z.string(), z.int().min(0)),
  counted: z.array(z.string()),
  rules: z.array(ruleSchema),
});

export type LedgerReading =
  | { readonly ok: true; readonly ledger: RuleLedger }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads a ledger; an empty text is an empty ledger. A broken one is reported with its line and is not counted into. */
export function readLedger(text: string): LedgerReading {
  if (text.trim() === '') return { ok: true, ledger: emptyLedger };
  const reading = readData(text, ledgerSchema);
  return reading.ok ? { ok: true, ledger: reading.value } : { ok: false, diagnostics: reading.diagnostics };
}

/** The ledger as text: a rule a line, so that a diff in git shows what changed. */
export function writeLedger(ledger: RuleLedger): string {
  const rules = ledger.rules.map((rule) => `    ${JSON.stringify(rule)}`).join(',\n');
  return [
    '{',
    `  "version": ${ledger.version},`,
    `  "given": ${JSON.stringify(ledger.given)},`,
    `  "counted": ${JSON.stringify(ledger.counted)},`,
    rules === '' ? '  "rules": []' : `  "rules": [\n${rules}\n  ]`,
    '}',
    '',
  ].join('\n');
}
