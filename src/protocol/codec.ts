/**
 * The codec of NEXT-ROLE.md: text to handoff, and changes of single keys back into the text. Both dialects go through
 * one door, and the scanners behind it decide what is a header. Reading never throws, whatever a model or an editor
 * left behind; writing changes the named keys only, reads its own result back, and refuses a text that does not parse.
 */
import { directiveIn } from './body.ts';
import { splicesOf, wantedOf } from './change.ts';
import type { Wanted } from './change.ts';
import { sameEscalation } from './choice.ts';
import type { Diagnostic, DiagnosticCode } from './diagnostic.ts';
import type { Escalation } from './escalation.ts';
import { readEscalationBlock } from './escalationblock.ts';
import { escalationIn } from './escalationsection.ts';
import type { Dialect, HandoffChange, Reading } from './handoff.ts';
import { isCoreKey, keyOf } from './header.ts';
import type { Header } from './header.ts';
import { readHandoff } from './meaning.ts';
import type { Known } from './slips.ts';
import { fault, shown } from './remark.ts';
import { scanText } from './scan.ts';
import { headingsOf } from './section.ts';
import { spliceAll } from './textline.ts';

export type { Known } from './slips.ts';

/** A new text, or why there is none. */
export type Edited =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Diagnostic[] };

/** The keys of a header, for people: as `next-role status` shows them. */
export type HeaderView = {
  readonly dialect: Dialect;
  readonly keys: readonly { readonly key: string; readonly value: string; readonly line: number }[];
};

/**
 * Reads a handoff. Never throws. `known` adds the project's own roles, and the tiers a `tier:` must be one of.
 *
 * @example decode('---\nround: R07\nnext-role: reviewer\nstatus: READY\n---\n').handoff?.role // 'reviewer'
 */
export function decode(text: string, known: Known = {}): Reading {
  const scan = scanText(text);
  if (scan.header === null) return { handoff: null, diagnostics: scan.problems };
  return readHandoff(text, scan.header, known);
}

/**
 * The keys of the header with canonical names, their text and lines; null when no header can be read.
 *
 * @example header('STATUS: READY\n')?.keys // [{ key: 'status', value: 'READY', line: 1 }]
 */
export function header(text: string): HeaderView | null {
  const found = scanText(text).header;
  if (found === null) return null;
  return { dialect: found.dialect, keys: found.keys.map(({ key, value, line }) => ({ key, value, line })) };
}

/**
 * How many lines the header takes, with what opens and closes it; null when no header can be read.
 *
 * @example headerLines('---\nstatus: READY\n---\n\n## Directive\n') // 3
 */
export function headerLines(text: string): number | null {
  const found = scanText(text).header;
  if (found === null) return null;
  const head = text.slice(0, found.bodyAt);
  return head.split('\n').length - (head.endsWith('\n') ? 1 : 0);
}

/**
 * The round's directive in the body, without its heading, at most `directiveCharsMax` long; null when there is none.
 *
 * @example directiveOf('STATUS: READY\n\n## Directive\nBuild it.\n') // 'Build it.'
 */
export function directiveOf(text: string): string | null {
  const found = scanText(text).header;
  const round = found?.keys.find(({ key }) => key === 'round')?.value ?? null;
  return directiveIn(text, headingsOf(text, found?.bodyAt ?? 0), round);
}

/**
 * Changes keys of the header and nothing else: a text sets a key, null removes it with all its lines. With an
 * escalation, its block (front matter) or section (bare header) is written or replaced. Every other byte stays. In a
 * bare header line breaks of a value become spaces. Refuses a text whose header cannot be read, and never throws.
 *
 * @example edit('STATUS: READY\n', { status: 'WORKING' }) // { ok: true, text: 'STATUS: WORKING\n' }
 */
export function edit(text: string, change: HandoffChange, escalation: Escalation | null = null): Edited {
  const scan = scanText(text);
  if (scan.header === null) return { ok: false, problems: scan.problems };
  const wanted = wantedOf(scan.header, change, escalation);
  const odd = [...wanted.keys()].find(
    (key) => !/^[a-z][a-z0-9_-]*$/.test(key) && keyOf(scan.header, key) === undefined,
  );
  if (odd !== undefined) {
    const hint = 'Use letters, digits, "-" and "_", starting with a letter.';
    return refused('key-unknown', scan.header.line, `The key ${shown(odd)} cannot stand in a header.`, hint);
  }
  const edited = spliceAll(text, splicesOf(text, scan.header, wanted, escalation));
  const wrong = firstWrong(scan.header, edited, wanted, escalation);
  if (wrong === null) return { ok: true, text: edited };
  const line = keyOf(scan.header, wrong)?.line ?? scan.header.line;
  if (wrong === 'escalation' && escalation !== null) {
    const message = `The escalation ${shown(escalation.question)} cannot be written so that it reads back.`;
    return refused('escalation-invalid', line, message, 'Give each option a letter or word of its own.');
  }
  const hint = 'Write the header as one plain "key: value" per line, then save.';
  return refused(
    'header-yaml',
    line,
    `The key ${shown(wrong)} cannot be changed in this header without changing others.`,
    hint,
  );
}

function refused(code: DiagnosticCode, line: number, message: string, hint: string): Edited {
  return { ok: false, problems: [fault(code, line, message, hint)] };
}

/** The first key that does not read as it should after an edit, else null. */
function firstWrong(
  before: Header,
  edited: string,
  wanted: Wanted,
  escalation: Escalation | null,
): string | null {
  const expected = new Map<string, string>(before.keys.map(({ key, value }) => [key, value]));
  for (const [key, value] of wanted) {
    if (value === null) expected.delete(key);
    else expected.set(key, value);
  }
  if (escalation !== null && before.dialect === 'front-matter') expected.delete('escalation');
  const after = scanText(edited).header;
  if (after === null) {
    // A bare header whose core keys were all to be removed is no header any more; that is what was asked for.
    const gone = before.dialect === 'bare-header' && ![...expected.keys()].some(isCoreKey);
    return gone ? null : escalation === null ? ([...wanted.keys()][0] ?? 'status') : 'escalation';
  }
  for (const [key, value] of expected) {
    if (keyOf(after, key)?.value !== value) return key;
  }
  const extra = after.keys.find(
    ({ key }) => !expected.has(key) && !(key === 'escalation' && escalation !== null),
  );
  if (extra !== undefined) return extra.key;
  return escalation === null || saysTheSame(edited, after, escalation) ? null : 'escalation';
}

function saysTheSame(text: string, after: Header, escalation: Escalation): boolean {
  if (after.dialect === 'front-matter') {
    const raw = keyOf(after, 'escalation')?.raw;
    const found = raw === undefined ? null : readEscalationBlock(raw);
    return found !== null && sameEscalation(found, escalation);
  }
  const found = escalationIn(text, headingsOf(text, after.bodyAt), true);
  const silent = escalation.question.trim() === '' && escalation.options.length === 0;
  return silent || (found !== null && sameEscalation(found, escalation));
}
