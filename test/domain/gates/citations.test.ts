import { describe, expect, it } from 'vitest';
import { citationsGate, citationsIn, sourcesOf, type Source } from '../../../src/domain/gates/citations.ts';

const sources: readonly Source[] = [
  { file: 'src/a.ts', commit: 'abc123', text: 'one\nconst x = 1;\nthree\n' },
  { file: 'src/a.ts', commit: null, text: 'one\nconst x = 1;\nthree\n' },
  { file: 'gone.ts', commit: null, text: null },
];
const table = (...rows: readonly string[]): string =>
  [
    '## Existing architectural surface',
    '',
    '| file | SHA | lines | snippet |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
const judge = (text: string) =>
  citationsGate
    .judge({ citations: citationsIn('spec.md', text), sources, silent: [] })
    .map(({ severity, line, text: words }) => `${severity} ${line ?? ''} ${words}`);

describe('the citations gate', () => {
  it.each([
    ['one line', table('| `src/a.ts` | abc123 | 2 | `const x = 1;` |')],
    ['a range', table('| src/a.ts | `abc123` | 1-3 | `const x = 1;` |')],
    ['a list of lines', table('| src/a.ts | abc123 | 1, 2-3 | const  x = 1; |')],
    ['a greenfield row', table('| (greenfield) | | | |')],
    ['no table', '## Existing architectural surface\n\nNothing.\n'],
    ['a report’s quote', '| AC-1 | holds | src/a.ts:2 `const x = 1;` |\n'],
    ['a place alone', 'See `src/a.ts:3`.\n'],
    ['a template', '| AC-1 | holds | `file:line` |\n<!-- src/a.ts:99 -->\n'],
    ['an address', 'See http://127.0.0.1:8080 and https://a.example:443/x.\n'],
  ])('is content with %s', (_, text) => {
    expect(judge(text)).toEqual([]);
  });

  it.each([
    [
      'a snippet that is nowhere',
      table('| src/a.ts | abc123 | 2 | `const y = 2;` |'),
      /^MAJOR 5 .*nothing in that file reads so/,
    ],
    [
      'a snippet in another line',
      table('| src/a.ts | abc123 | 1 | `const x = 1;` |'),
      /^MAJOR 5 .*stands in line 2/,
    ],
    [
      'a commit that does not have the file',
      table('| src/a.ts | fff | 2 | `const x = 1;` |'),
      /^MAJOR 5 .*at commit fff, which is not there/,
    ],
    ['lines beyond the end', table('| src/a.ts | abc123 | 90-99 | `x` |'), /^MAJOR 5 .*has 4 lines/],
    ['an empty cell', table('| src/a.ts | abc123 | 2 | |'), /^CRITICAL 5 .*leaves its snippet open/],
    ['a placeholder', table('| src/a.ts | abc123 | <lines> | `x` |'), /^CRITICAL 5 .*leaves its lines open/],
    ['a report’s quote one line off', 'src/a.ts:3 `const x = 1;`\n', /^MINOR 1 .*stands in line 2/],
    ['a report’s invented quote', 'src/a.ts:2 `const z = 3;`\n', /^MAJOR 1 /],
    ['a report’s file that is gone', 'gone.ts:1\n', /^MAJOR 1 .*not there/],
  ])('finds %s', (_, text, expected) => {
    expect(judge(text)).toEqual([expect.stringMatching(expected)]);
  });

  it('asks for each file once, and not for rows that are open', () => {
    const rows = table(
      '| src/a.ts | abc123 | 2 | `x` |',
      '| src/a.ts | abc123 | 3 | `y` |',
      '| b.ts | abc | | |',
    );
    expect(sourcesOf(citationsIn('s.md', rows))).toEqual([{ file: 'src/a.ts', commit: 'abc123' }]);
  });

  it('names a text that cites nothing where its contract asks for it', () => {
    const found = citationsGate.judge({ citations: [], sources: [], silent: ['spec.md'] });
    expect(found).toMatchObject([{ severity: 'MAJOR', file: 'spec.md' }]);
  });
});
