import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grilling } from '../../../src/domain/gates/grilling.ts';

const judge = (text: string | null, sections: readonly string[] = ['Findings', 'Grilling']) =>
  grilling.judge([{ path: 'r.md', sections, text }]).map(({ line, text: words }) => `${line ?? ''} ${words}`);

describe('the grilling gate', () => {
  it.each([
    [
      'three answers in a list',
      '## Grilling\n\n- The sign may be wrong.\n- A long list is slow.\n- The PRD says it.\n',
    ],
    [
      'the original’s words in one paragraph',
      '## Pre-emit grilling\n\nCRITICAL: the lock. LIKELY-SURFACES: the retry. PRE-EMPTABLE: both, by the PRD.\n',
    ],
    [
      'a table',
      '## Grilling output\n| q | a |\n|---|---|\n| worst | the lock is lost |\n| next | a retry is seen |\n| earlier | nothing was there |\n',
    ],
  ])('is content with %s', (_, text) => {
    expect(judge(text)).toEqual([]);
  });

  it.each([
    ['a heading alone', '# R\n\n## Grilling\n', /^3 .*has no answer/],
    ['a word', '## Grilling\n\nDone.\n', /has no answer/],
    ['placeholders', '## Grilling\n\n- TBD\n- …\n- N/A\n', /has no answer/],
    [
      'the template’s comment',
      '## Grilling\n\n<!-- Which CRITICAL could have been missed, what will surprise, what earlier -->\n',
      /has no answer/,
    ],
    ['one answer of three', '## Grilling\n\nThe CRITICAL thing is the lock file.\n', /answers 1 of 3/],
  ])('finds %s', (_, text, expected) => {
    expect(judge(text)).toEqual([expect.stringMatching(expected)]);
  });

  it('leaves a missing section to the artifact contract, and a file that owes none alone', () => {
    expect(judge('# R\n')).toEqual([]);
    expect(judge(null)).toEqual([]);
    expect(judge('## Grilling\n', ['Findings'])).toEqual([]);
  });

  it('is content with the shipped example', () => {
    for (const name of ['architect/spec-audit.md', 'reviewer/report-a.md', 'reviewer/report-b.md']) {
      expect(judge(readFileSync(`examples/compare-semver/scripted/${name}`, 'utf8')), name).toEqual([]);
    }
  });
});
