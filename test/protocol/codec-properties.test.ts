/**
 * What must hold for any text: setting reads back, nothing else moves, nothing throws, nothing is ever run. Ten thousand
 * generated cases in all, over both dialects, all line ends, and files that were broken on purpose.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { decode, directiveOf, edit, header } from '../../src/protocol/codec.ts';
import type { Escalation } from '../../src/protocol/escalation.ts';

const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '0123',
    '1e5',
    'true',
    'null',
    '2026-11-22',
    ': ',
    ' #',
    '---',
    '"',
    "'",
    '**',
    '<!--',
    '(none)',
    '- a',
  ),
  fc.stringMatching(/^[-#:*`"'[\]{},&!|>%@ ab0.~=\n]{0,12}$/),
);
const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,10}$/).filter((key) => !/^(https?|ftp|file)$/.test(key));
const lineEnd = fc.constantFrom('\n', '\r\n');
const bom = fc.constantFrom('', '\ufeff', '\n', '\ufeff\r\n \r\n');
const body = fc.oneof(
  fc.constantFrom(
    '',
    '\n',
    '\nSTATUS: BLOCKED\n---\nstatus: x\n---\n',
    '\n# Title\r\n\r\ntext',
    '\n## Directive\nx\n',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => `\n${text}`),
);

/** A valid file: its header lines, then everything below them. */
type File = {
  readonly before: string;
  readonly lines: readonly string[];
  readonly after: string;
  readonly end: string;
};

const front: fc.Arbitrary<File> = fc
  .record({
    bom,
    end: lineEnd,
    body,
    extra: fc.subarray(['# a comment', 'x-list: [a, b] # c', 'x-quoted: "a: b"   # d', '', 'x-block: |']),
  })
  .map(({ bom: before, end, body: below, extra }) => ({
    before: `${before}---${end}`,
    lines: [
      'round:   R1  # r',
      'next-role: reviewer',
      'status:  READY # s',
      'free: old',
      ...extra,
      ...(extra.includes('x-block: |') ? ['  text'] : []),
    ],
    after: `---${end}${below}`,
    end,
  }));
const bare: fc.Arbitrary<File> = fc
  .record({
    bom,
    end: lineEnd,
    body,
    extra: fc.subarray(['TIER: full', 'Inputs: a.md', 'SHA-A: 0123', '<!-- note -->', '**X-BOLD:** y']),
  })
  .map(({ bom: before, end, body: below, extra }) => ({
    before,
    lines: ['CURRENT-ROUND:   R1', 'NEXT-ROLE: REVIEWER', 'STATUS:READY', 'FREE: old', ...extra],
    after: end + below,
    end,
  }));
const file = fc.oneof(front, bare);
const textOf = ({ before, lines, after, end }: File): string =>
  before + lines.map((line) => line + end).join('') + after;
const read = (text: string, key: string): string | undefined =>
  header(text)?.keys.find((entry) => entry.key === key)?.value;

function edited(text: string, change: Parameters<typeof edit>[1], escalation?: Escalation): string {
  const result = edit(text, change, escalation);
  if (!result.ok) throw new Error(JSON.stringify({ text, change, problems: result.problems }));
  return result.text;
}

describe('set, then read', () => {
  it('gives back any text in front matter', () => {
    fc.assert(
      fc.property(front, word, value, value, (start, key, one, two) => {
        const text = edited(textOf(start), { [key]: one, free: two });
        expect(read(text, key)).toBe(key === 'free' ? two : one);
        expect(read(text, 'free')).toBe(two);
      }),
      { numRuns: 750 },
    );
  });

  it('gives back any text in a bare header, on one line', () => {
    const plain = (text: string): string => text.replace(/[\r\n]+/g, ' ').trim();
    fc.assert(
      fc.property(bare, word, value, value, (start, key, one, two) => {
        const text = edited(textOf(start), { [key]: one, free: two });
        expect(read(text, key)).toBe(plain(key === 'free' ? two : one));
        expect(read(text, 'free')).toBe(plain(two));
      }),
      { numRuns: 750 },
    );
  });

  it('gives back any escalation', () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((text) => text.replace(/\s+/g, ' ').trim());
    const question = line.map((text) => `${text}?`);
    const options = fc
      .array(fc.record({ do: line, then: line }), { maxLength: 4 })
      .map((list) => list.map((option, index) => ({ letter: 'ABCD'.charAt(index), ...option })));
    const letter = fc.constantFrom(null, 'A', 'first thing');
    const escalation = fc.record({
      id: fc.constantFrom(null, 'R1-x-1'),
      question,
      options,
      recommended: letter,
      default: letter,
      deadline: fc.constantFrom(null, '2026-11-23T09:00:00Z'),
      diagnostic: fc.constant(null),
    });
    fc.assert(
      fc.property(file, escalation, (start, asked) => {
        const text = edited(
          textOf({ ...start, after: start.after.slice(0, 5) }),
          { status: 'ESCALATE' },
          asked,
        );
        expect(decode(text).handoff?.escalation).toEqual(asked);
      }),
      { numRuns: 500 },
    );
  });
});

describe('every other byte', () => {
  it('stays when a key is changed, added or removed', () => {
    fc.assert(
      fc.property(file, fc.constantFrom('WORKING', 'PAUSED', 'x y'), (start, status) => {
        const text = textOf(start);
        const set = start.lines.map((line) => line.replace('READY', status));
        expect(edited(text, { status })).toBe(textOf({ ...start, lines: set }));
        const without = start.lines.filter((line) => !/^free/i.test(line));
        expect(edited(text, { free: null })).toBe(textOf({ ...start, lines: without }));
        const more = edited(text, { fresh: 'x' });
        expect(more.replace(/^ *fresh: x\r?\n/im, '')).toBe(text);
      }),
      { numRuns: 750 },
    );
  });

  it('stays in a body of 600 KB', () => {
    const below = '\nSTATUS: READY\n---\nstatus: READY\r\n## Escalation\n'.repeat(12_500);
    fc.assert(
      fc.property(file, value, (start, free) => {
        const text = textOf({ ...start, after: start.after + below });
        expect(edited(text, { free }).endsWith(start.after + below)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('means the same again after an edit and its undoing', () => {
    fc.assert(
      fc.property(file, value, word, (start, free, key) => {
        const text = textOf(start);
        fc.pre(read(text, key) === undefined);
        const back = edited(edited(text, { status: 'WORKING', free, [key]: free }), {
          status: 'READY',
          free: 'old',
          [key]: null,
        });
        expect(decode(back)).toEqual(decode(text));
        if (free.trim() !== '') expect(back).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

describe('no text at all', () => {
  const canary = globalThis as { executed?: boolean };
  afterEach(() => delete canary.executed);

  const pieces = fc.constantFrom(
    '---',
    '---\n',
    '---js\n',
    '\n---\n',
    '\r\n',
    '\n',
    '\ufeff',
    ' ',
    '\t',
    'status: READY',
    'STATUS: READY\n',
    'round: R1\n',
    'NEXT-ROLE: x\n',
    'escalation:\n  question: q\n',
    '## Escalation items\n',
    '- Option A: x — y\n',
    '## Operator decision\n',
    '```',
    '<!--',
    '-->',
    '<<<<<<< ',
    '[',
    '{',
    '"',
    "'",
    '*',
    '&a ',
    '!x ',
    '|',
    '>',
    ': ',
    '- ',
    '? ',
    '#',
    '\0',
    '\r',
    '\u2028',
    '\ud800',
    'null',
    '...',
  );
  const shards = fc.oneof(
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 40 }).map((list) => list.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  const mutated = fc
    .record({ start: file, at: fc.nat(), cut: fc.nat({ max: 30 }), insert: shards })
    .map(({ start, at, cut, insert }) => {
      const text = textOf(start);
      const place = at % (text.length + 1);
      return text.slice(0, place) + insert.slice(0, 20) + text.slice(place + cut);
    });

  it('makes decode() or edit() throw, or edit() say done when it is not', () => {
    fc.assert(
      fc.property(fc.oneof(shards, mutated), word, value, (text, key, set) => {
        const reading = decode(text);
        if (reading.handoff === null)
          expect(reading.diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
        for (const { line } of reading.diagnostics) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
        }
        directiveOf(text);
        const result = edit(text, { [key]: set, note: null, tier: 'solo' });
        if (result.ok) expect(read(result.text, 'tier')).toBe('solo');
        else expect(result.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1250 },
    );
  });

  it('is ever run as code, whatever the fence says', () => {
    const language = fc.oneof(
      fc.constantFrom(
        'js',
        'javascript',
        'JS',
        ' js ',
        'JavaScript',
        'coffee',
        'cson',
        'json',
        'toml',
        'ts',
        'yaml',
        '',
      ),
      fc.string({ maxLength: 8 }).filter((name) => !/[\r\n]/.test(name)),
    );
    const code = fc.constantFrom(
      'globalThis.executed = true',
      '{ status: (globalThis.executed = true, "READY") }',
      'module.exports = (() => { globalThis.executed = true; return { status: "READY" } })()',
      'status: !!js/function "function () { globalThis.executed = true }"',
      'status: READY\nlanguage: js\nexcerpt_separator: globalThis.executed = true',
    );
    fc.assert(
      fc.property(bom, language, lineEnd, code, (before, name, end, run) => {
        const text = `${before}---${name}${end}${run}${end}---${end}---js${end}${run}${end}---${end}`;
        const reading = decode(text);
        edit(text, { status: 'WORKING' });
        header(text);
        expect(canary.executed).toBeUndefined();
        if (!/^\s*(ya?ml)?\s*$/i.test(name) && !name.startsWith('-')) expect(reading.handoff).toBeNull();
      }),
      { numRuns: 450 },
    );
  });
});
