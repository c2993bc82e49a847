import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findingsIn } from '../../../src/domain/gates/review.ts';

const read = (text: string): readonly string[] =>
  findingsIn('r.md', text).map(
    ({ severity, file, line, text: words }) => `${severity} ${file ?? ''}:${line ?? ''} ${words}`,
  );

describe('findingsIn()', () => {
  it.each([
    [
      'list items',
      '- F-1 MAJOR src/a.ts:3 wrong sign\n- F-2 OBS nothing to do\n',
      ['MAJOR src/a.ts:3 F-1 src/a.ts:3 wrong sign', 'OBS r.md:4 F-2 nothing to do'],
    ],
    [
      'bold severities',
      '- **CRITICAL** — `src/a.ts:9` loses data\n',
      ['CRITICAL src/a.ts:9 `src/a.ts:9` loses data'],
    ],
    ['brackets', '1. [MINOR] src/b.ts: odd name\n', ['MINOR src/b.ts: src/b.ts: odd name']],
    [
      'headings per finding',
      '### F-1 (MAJOR): The lock is lost\n\nsrc/lock.ts:4 never waits.\n',
      ['MAJOR r.md:3 F-1 The lock is lost'],
    ],
    [
      'a heading per severity',
      '### CRITICAL\n\n(none)\n\n### MAJOR (2)\n\n- src/a.ts:1 first\n- src/a.ts:2 second\n',
      ['MAJOR src/a.ts:1 src/a.ts:1 first', 'MAJOR src/a.ts:2 src/a.ts:2 second'],
    ],
    [
      'a table',
      '| id | severity | place | what |\n|---|---|---|---|\n| F-1 | MAJOR | src/a.ts:3 | wrong |\n| F-2 | **Critical** | src/b.ts:4 | worse |\n',
      ['MAJOR src/a.ts:3', 'CRITICAL src/b.ts:4'],
    ],
    [
      'lines that go on',
      '- F-1 MAJOR src/a.ts:3 wrong\n  in two ways\n',
      ['MAJOR src/a.ts:3 F-1 src/a.ts:3 wrong in two ways'],
    ],
    [
      'NIT and OBSERVATION',
      '- NIT: src/a.ts:1 x y\n- OBSERVATION: src/a.ts:2 z y\n',
      ['MINOR src/a.ts:1', 'OBS src/a.ts:2'],
    ],
  ])('reads %s', (_, body, expected) => {
    const found = read(`## Findings\n\n${body}`);
    expect(found).toHaveLength(expected.length);
    expected.forEach((words, at) => expect(found[at]).toContain(words));
  });

  it.each([
    ['none', '- CRITICAL: none\n- MAJOR — none.\n'],
    ['no finding of a kind', '- No CRITICAL finding.\n'],
    ['prose about severities', 'There is no CRITICAL and no MAJOR finding here.\n'],
    [
      'what was fixed',
      '- F-1 CRITICAL (fixed in R01) src/a.ts:3 wrong\n- F-2 MAJOR src/a.ts:4 x — resolved\n- ~~F-3 CRITICAL y~~\n- F-4 CRITICAL: fixed\n',
    ],
    [
      'refuted ones in a section of their own',
      '### False positives\n\n- F-1 CRITICAL src/a.ts:3 was right after all\n',
    ],
    ['the template’s legend', readFileSync('templates/reviewer-report.md', 'utf8')],
  ])('passes over %s', (_, body) => {
    expect(read(`## Findings\n\n${body}`)).toEqual([]);
  });

  it('does not take "not fixed" for fixed', () => {
    expect(read('## Findings\n- F-1 CRITICAL src/a.ts:3 the leak is still not fixed by this\n')).toHaveLength(
      1,
    );
  });

  it('reads a report without a heading for findings whole, but for its other sections', () => {
    const text =
      '# Review\n\n- CRITICAL src/a.ts:3 broken\n\n## Grilling\n\n- CRITICAL could be missed in src/b.ts:1\n';
    expect(read(text)).toEqual(['CRITICAL src/a.ts:3 src/a.ts:3 broken']);
  });

  it('gives ids that stay when lines move, and tells findings apart', () => {
    const ids = (text: string): readonly string[] => findingsIn('r.md', text).map(({ id }) => id);
    const before = ids(
      '## Findings\n- F-1 MAJOR src/a.ts:3 wrong\n- MINOR src/a.ts:4 the name is odd here\n',
    );
    const after = ids(
      '## Findings\n\n\n- F-1 MAJOR src/a.ts:30 wrong\n- MINOR src/a.ts:44 the name is odd here\n',
    );
    expect(after).toEqual(before);
    expect(new Set(ids('## Findings\n- MINOR x is bad\n- MINOR x is bad\n')).size).toBe(2);
  });

  it('reads the shipped example', () => {
    const text = readFileSync('examples/compare-semver/scripted/reviewer/report-a.md', 'utf8');
    expect(findingsIn('r.md', text).map(({ severity, file, line }) => [severity, file, line])).toEqual([
      ['MINOR', 'test/invalid-input.test.js', 43],
      ['MINOR', 'src/compare-semver.js', 35],
      ['OBS', 'src/compare-semver.js', 27],
    ]);
  });
});
