import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/cli/output.ts';
import { bad, clean, cut, forward, paint, plainOf, strong, table, width, wrap } from '../../src/cli/text.ts';
import { bytes, counted, duration, moment, stopwatch } from '../../src/cli/quantity.ts';

const hostile = '\u001b]0;title\u0007\u001b[31mred\u001b[0m\u009b2J\u0000\u007f\u202etxt.exe\tok';

describe('clean()', () => {
  it('takes whole escapes, control characters and turned writing away, and keeps the words', () => {
    expect(clean(hostile)).toBe('redtxt.exe  ok');
  });

  it('leaves nothing that a terminal obeys, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(clean(text)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('paint()', () => {
  it('lets no escape of a text through, with colour or without', () => {
    expect(paint(['a', strong(hostile)], false)).toBe('aredtxt.exe  ok');
    expect(paint([bad('x\u001b[2J')], true)).toBe('\u001b[31mx\u001b[39m');
  });
});

describe('jsonText()', () => {
  it('escapes the control characters that JSON would leave as they are', () => {
    const text = jsonText({ a: 'x\u009b\u007f\u001b' }, 0);
    expect(text).toBe('{"a":"x\\u009b\\u007f\\u001b"}');
    expect(JSON.parse(text)).toEqual({ a: 'x\u009b\u007f\u001b' });
  });
});

describe('forward()', () => {
  it('wraps words under themselves and leaves a command whole', () => {
    expect(forward('Next: ', 'Mend line 5, then save.', 20).map(plainOf)).toEqual([
      'Next: Mend line 5,',
      '      then save.',
    ]);
    expect(forward('Next: ', 'next-role set round=R02 status=READY', 20).map(plainOf)).toEqual([
      'Next: next-role set round=R02 status=READY',
    ]);
  });
});

describe('wrap()', () => {
  it.each([
    ['one two three', 9, 0, ['one two', 'three']],
    ['one two three', 9, 2, ['one two', '  three']],
    ['', 9, 0, ['']],
    ['abcdefghijklmnop', 8, 0, ['abcdefgh', 'ijklmnop']],
    ['a\nb', 8, 0, ['a', 'b']],
  ])('breaks %j at %i with an indent of %i', (text, columns, indent, lines) => {
    expect(wrap(text, columns, indent)).toEqual(lines);
  });

  it('never makes a line longer than asked for, and loses no word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 60 }), (some, columns) => {
        const lines = wrap(some.join(' '), columns);
        for (const each of lines) expect(width(each)).toBeLessThanOrEqual(columns);
        expect(lines.join(' ').split(' ').filter(Boolean)).toEqual(some);
      }),
    );
  });
});

describe('table()', () => {
  it('cuts only the flexible column to fit the width', () => {
    const rows = [['a-very-long-project-name-indeed', 'R01', 'working']];
    const lines = table(['PROJECT', 'ROUND', 'STATE'], rows, { columns: 32, flexible: 0 }).map(plainOf);
    expect(lines).toEqual(['PROJECT           ROUND  STATE', 'a-very-long-pro…  R01    working']);
    for (const each of lines) expect(width(each)).toBeLessThanOrEqual(32);
  });
});

describe('cut()', () => {
  it.each([
    ['coordination/specs/Q-R07-SPEC.md', 12, 'end', '…R07-SPEC.md'],
    ['coordination/specs/Q-R07-SPEC.md', 12, 'start', 'coordinatio…'],
    ['short', 12, 'start', 'short'],
    ['short', 1, 'start', '…'],
  ] as const)('%j to %i keeping the %s', (text, columns, keep, expected) => {
    expect(cut(text, columns, keep)).toBe(expected);
  });
});

describe('quantities', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_234, '1.2 s'],
    [59_000, '59 s'],
    [60_000, '1 min'],
    [83_000, '1 min 23 s'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('duration(%i) is %s', (ms, words) => expect(duration(ms)).toBe(words));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [12_400, '12 kB'],
    [999_600, '1.0 MB'],
    [3_400_000_000, '3.4 GB'],
  ])('bytes(%i) is %s', (count, words) => expect(bytes(count)).toBe(words));

  it('shows a running clock, a moment with its distance, and counts with their nouns', () => {
    expect(stopwatch(83_000)).toBe('1:23');
    expect(stopwatch(3_723_000)).toBe('1:02:03');
    const now = Date.UTC(2026, 10, 22, 12);
    expect(moment(now - 180_000, now)).toMatch(/^\d\d:\d\d:\d\d \(3 min ago\)$/);
    expect(moment(now + 86_400_000, now)).toMatch(/^2026-11-2\d \d\d:\d\d:\d\d \(in 1 d\)$/);
    expect(counted(1, 'session')).toBe('1 session');
    expect(counted(0, 'session')).toBe('0 sessions');
  });
});
