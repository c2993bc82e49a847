/**
 * edit(): the named keys change, every other byte stays; a text that does not parse is refused. Expectations are whole
 * texts, so that one byte too many fails.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { decode, edit, header } from '../../src/protocol/codec.ts';
import type { HandoffChange } from '../../src/protocol/handoff.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.md`, import.meta.url), 'utf8');

function edited(text: string, change: HandoffChange): string {
  const result = edit(text, change);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.text;
}

describe('edit() of front matter', () => {
  it('changes values in their place: comments, alignment and the body stay', () => {
    const text = fixture('front-matter');
    const expected = text
      .replace('round:       R07 ', 'round:       R08 ')
      .replace('status:      READY ', 'status:      WORKING ')
      .replace("owner: 'Dana: on call'", 'owner: "x: y"')
      .replace(
        'summary: |\n  two lines\n  of text\n\n---',
        'summary: short\n\nby: runner\nsince: "2026-11-22T10:00:00Z"\n---',
      );
    const change = {
      round: 'R08',
      status: 'WORKING',
      owner: 'x: y',
      summary: 'short',
      by: 'runner',
      since: '2026-11-22T10:00:00Z',
    };
    expect(edited(text, change)).toBe(expected);
  });

  it('removes keys with all their lines', () => {
    const text = fixture('front-matter');
    const expected = text
      .replace(/inputs:\n.*\n.*\n/, '')
      .replace(/labels:.*\n/, '')
      .replace('summary: |\n  two lines\n  of text\n', '');
    expect(edited(text, { inputs: null, labels: null, summary: null, absent: null })).toBe(expected);
  });

  it('replaces a nested value by a text', () => {
    expect(
      edited('---\nstatus: READY\ninputs:   # paths\n  - a.md\n  - b.md # last\nx: 1\n---\n', {
        inputs: 'c.md',
      }),
    ).toBe('---\nstatus: READY\ninputs: c.md # last\nx: 1\n---\n');
    expect(edited('---\nstatus: READY\nx: {a: b}   # c\n---\n', { x: 'short' })).toBe(
      '---\nstatus: READY\nx: short   # c\n---\n',
    );
  });

  it('keeps CRLF, a BOM, leading blank lines, the spelling of keys and a missing last line end', () => {
    const text =
      '\ufeff\r\n---  \r\nNEXT-ROLE:  REVIEWER\r\nCURRENT-ROUND: R1\r\nStatus: READY\r\n--- \r\nbody\nmixed\r\nend';
    expect(edited(text, { 'next-role': 'memorial', round: 'R2', status: 'PAUSED', by: 'me' })).toBe(
      '\ufeff\r\n---  \r\nNEXT-ROLE:  memorial\r\nCURRENT-ROUND: R2\r\nStatus: PAUSED\r\nby: me\r\n--- \r\nbody\nmixed\r\nend',
    );
  });

  it('fills an empty value and an empty header', () => {
    expect(edited('---\nstatus: READY\nanswer:\nnote:   # why\n---\n', { answer: 'B', note: 'so' })).toBe(
      '---\nstatus: READY\nanswer: B\nnote: so   # why\n---\n',
    );
    expect(edited('---\n---\nbody', { status: 'READY', round: 'R1' })).toBe(
      '---\nstatus: READY\nround: R1\n---\nbody',
    );
  });

  it('follows the indentation of the keys, and a missing space behind the colon', () => {
    expect(edited('---\n  status: READY\n---\n', { by: 'me' })).toBe('---\n  status: READY\n  by: me\n---\n');
    expect(edited('---\nround:R1\nstatus:READY\n---\n', { status: 'x: y' })).toBe(
      '---\nround:R1\nstatus:"x: y"\n---\n',
    );
  });

  it.each([
    '0123',
    '1234567e89',
    '1e5',
    '-1',
    '.5',
    '0x1F',
    '1_000',
    '12:30:45',
    '2026-11-22',
    'true',
    'No',
    'null',
    '~',
    '',
    ' padded ',
    'a: b',
    'a #b',
    '#x',
    '- x',
    '? x',
    '[x',
    '{x',
    '*x',
    '&x',
    '!x',
    '|',
    '>',
    '%x',
    '@x',
    '`x`',
    '"x"',
    "it's",
    "'x'",
    'a, b',
    'two\nlines\r\n',
    'tab\there',
    'nul\0',
    'back\\slash',
    '---',
    '...',
    '=',
    '<<',
    'é — ü',
    '日本',
    '😀',
    '\ud800',
    '\u2028',
    '\u0085',
    '\ufeff',
    '\u00a0x',
    'x '.repeat(300),
    '(operator decision) — R08',
    'coordination/specs/Q-R07-SPEC.md',
  ])('writes %j so that every YAML reader gives it back', (value) => {
    const text = edited('---\nstatus: READY\nkey: old # c\n---\n', { key: value, fresh: value });
    expect(
      header(text)
        ?.keys.slice(1)
        .map((entry) => entry.value),
    ).toEqual([value, value]);
    expect(text.split('\n')).toHaveLength(6);
    expect(text).not.toMatch(/[\0-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/);
    const block = text.slice(4, text.indexOf('\n---', 4));
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(block, { version })).toMatchObject({ key: value, fresh: value });
  });

  it('leaves plain words plain', () => {
    for (const value of [
      'implementer',
      'R07',
      'coordination/specs/Q-R07-SPEC.md',
      'WAVE-PLAN-READY',
      'two words',
      '(none)',
    ]) {
      expect(edited('---\nstatus: x\n---\n', { key: value })).toContain(`\nkey: ${value}\n`);
    }
  });
});

describe('edit() of a bare header', () => {
  it('changes values in their place and adds behind the last header line', () => {
    const text = fixture('bare-archive');
    const expected = text
      .replace('CURRENT-ROUND: R61', 'CURRENT-ROUND: R62')
      .replace('NEXT-ROLE: IMPLEMENTER (fix-up; see the R61 decision — not R62)', 'NEXT-ROLE: reviewer')
      .replace('STATUS: READY', 'STATUS: WORKING')
      .replace('SHA-A: 0123456\n', 'SHA-A: 0123456\nBY: x: # y\n');
    expect(edited(text, { round: 'R62', 'next-role': 'reviewer', status: 'WORKING', by: 'x: # y' })).toBe(
      expected,
    );
  });

  it('takes continuation lines along', () => {
    const text = fixture('bare-archive');
    expect(edited(text, { inputs: null })).toBe(text.replace(/Inputs:.*\n.*\n/, ''));
    expect(edited(text, { inputs: 'a.md' })).toBe(text.replace(/Inputs:.*\n.*\n/, 'Inputs: a.md\n'));
    expect(edited('STATUS: READY\nInputs:\n- a.md\n- b.md\nTIER: full', { inputs: 'c.md' })).toBe(
      'STATUS: READY\nInputs: c.md\nTIER: full',
    );
  });

  it('keeps CRLF, a BOM, emphasis of keys and blanks around the value', () => {
    const text = '\ufeff\r\n**CURRENT-ROUND:** R1\r\n**STATUS: READY**\r\nTIER :\tfull  \r\n\r\nbody\n';
    expect(edited(text, { round: 'R2', status: 'PAUSED', tier: 'solo' })).toBe(
      '\ufeff\r\n**CURRENT-ROUND:** R2\r\n**STATUS: PAUSED**\r\nTIER :\tsolo  \r\n\r\nbody\n',
    );
  });

  it('spells new keys as the header spells its own', () => {
    expect(edited('STATUS: READY\n', { round: 'R1', 'next-role': 'human', inputs: 'a.md', by: 'me' })).toBe(
      'STATUS: READY\nCURRENT-ROUND: R1\nNEXT-ROLE: human\nInputs: a.md\nBY: me\n',
    );
    expect(edited('status: READY\n\nbody', { round: 'R1', 'next-role': 'human' })).toBe(
      'status: READY\nround: R1\nnext-role: human\n\nbody',
    );
  });

  it('adds and removes at the end of a file without a last line end', () => {
    expect(edited('STATUS: READY', { by: 'me', since: '1' })).toBe('STATUS: READY\nBY: me\nSINCE: 1');
    expect(edited('A: 1\r\nSTATUS: READY\r\nBY: me', { by: null, since: '1' })).toBe(
      'A: 1\r\nSTATUS: READY\r\nSINCE: 1\r\n',
    );
    expect(edited('\ufeffSTATUS: READY', { status: null, round: 'R1' })).toBe('\ufeffCURRENT-ROUND: R1\n');
    expect(edited('STATUS: READY\n\nx', { status: null })).toBe('\nx');
  });

  it('puts a value of several lines on one, and fills and empties values', () => {
    expect(edited('STATUS: READY\nNOTE:\n', { note: ' two\r\n\nlines ' })).toBe(
      'STATUS: READY\nNOTE: two lines\n',
    );
    expect(edited('STATUS: READY\nNOTE: x\n', { note: '', answer: '' })).toBe(
      'STATUS: READY\nNOTE:\nANSWER:\n',
    );
  });
});

describe('edit() in general', () => {
  it('leaves a value alone that already says it', () => {
    for (const text of [
      '---\nstatus: "READY"\nnote: >-\n  a\n  b\n---\n',
      'STATUS:   READY\nNOTE: a\n  b\n',
    ]) {
      expect(edited(text, { status: 'READY', note: 'a b' })).toBe(text);
    }
  });

  it('takes any spelling of a key', () => {
    expect(edited('CURRENT-ROUND: R1\nSTATUS: READY\n', { 'CURRENT-ROUND': 'R2' })).toContain(
      'CURRENT-ROUND: R2\n',
    );
    expect(edited('---\nstatus: READY\nround: R1\n---\n', { CURRENT_ROUND: 'R2' })).toContain(
      '\nround: R2\n',
    );
  });

  it('never touches the body, also where it quotes the header', () => {
    const body = '\n---\nstatus: READY\nSTATUS: READY\n---\n'.repeat(3);
    for (const head of ['---\nstatus: READY\n---\n', 'STATUS: READY\n']) {
      expect(edited(head + body, { status: 'BLOCKED' })).toBe(head.replace('READY', 'BLOCKED') + body);
    }
  });

  it.each([
    '',
    'prose',
    '---js\n{}\n---\n',
    '---\nstatus: "READY\n---\n',
    '---\nstatus: READY\n',
    '---\n- a\n---\n',
    '---\n{ status: READY }\n---\n',
    'STATUS: READY\nSTATUS: BLOCKED\n',
    'STATUS: READY\n<<<<<<< HEAD\n',
  ])('refuses %j with what decode() says of it', (text) => {
    expect(edit(text, { status: 'READY' })).toEqual({ ok: false, problems: decode(text).diagnostics });
  });

  it('mends a header that parses but says too little', () => {
    expect(decode(edited('---\nround: R1\nstatus: [a]\n---\n', { status: 'READY' })).handoff?.status).toBe(
      'READY',
    );
    expect(decode(edited('CURRENT-ROUND: R1\n', { status: 'READY' })).handoff?.status).toBe('READY');
  });

  it.each(['two words', 'a:b', '', '1st', 'x\ny', '#x'])('refuses %j as a new key', (key) => {
    for (const text of ['STATUS: READY\n', '---\nstatus: READY\n---\n']) {
      const result = edit(text, { [key]: 'x' });
      expect(!result.ok && result.problems[0]?.code).toBe('key-unknown');
    }
  });

  it('refuses a change that would not read back, instead of breaking the file', () => {
    const result = edit('---\nstatus: READY\n? a\n  b\n: c\n---\n', { 'a b': 'x', by: 'me' });
    if (result.ok) expect(header(result.text)?.keys.map(({ value }) => value)).toEqual(['READY', 'x', 'me']);
    const long = edit('STATUS: READY\n', { note: 'x'.repeat(70_000) });
    expect(!long.ok && long.problems[0]?.hint).toBeTruthy();
  });
});
