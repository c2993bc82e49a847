/** Two reports that overlap: what is one finding, what stays two, and what severity is left. */
import { describe, expect, it } from 'vitest';
import { mergedText, mergeReviews, type Opinion } from '../../src/domain/gates/mergereviews.ts';
import type { Finding } from '../../src/protocol/finding.ts';

const finding = (over: Partial<Finding>): Finding => ({
  id: 'review:f-1',
  gate: 'review',
  severity: 'MINOR',
  file: 'src/a.ts',
  line: 10,
  text: 'the sign of the comparison is wrong',
  ...over,
});
const opinions = (first: readonly Finding[], second: readonly Finding[]): readonly Opinion[] => [
  { by: 'reviewer', path: 'one.md', findings: first },
  { by: 'second-reviewer', path: 'two.md', findings: second },
];
const shape = (merged: ReturnType<typeof mergeReviews>): readonly string[] =>
  merged.map(({ severity, file, line, by }) => `${severity} ${file ?? '-'}:${line ?? '-'} ${by.join('+')}`);

describe('mergeReviews()', () => {
  it('joins the same place within a few lines, and keeps the worse severity and who said it', () => {
    const merged = mergeReviews(
      opinions(
        [finding({})],
        [finding({ line: 12, severity: 'CRITICAL', text: 'comparison has the wrong sign here' })],
      ),
    );
    expect(shape(merged)).toEqual(['CRITICAL src/a.ts:10 reviewer+second-reviewer']);
  });

  it('keeps what only one of them saw, the worst first', () => {
    const merged = mergeReviews(
      opinions(
        [finding({}), finding({ id: 'review:f-2', file: 'src/b.ts', line: 1, text: 'no test' })],
        [finding({ file: 'src/c.ts', severity: 'CRITICAL', text: 'writes outside the project' })],
      ),
    );
    expect(shape(merged)).toEqual([
      'CRITICAL src/c.ts:10 second-reviewer',
      'MINOR src/a.ts:10 reviewer',
      'MINOR src/b.ts:1 reviewer',
    ]);
  });

  it('keeps apart what is near in lines and speaks of something else, and what is far', () => {
    const merged = mergeReviews(
      opinions(
        [finding({})],
        [
          finding({ line: 11, text: 'memory leaks' }),
          finding({ line: 60, text: 'the sign of the comparison' }),
        ],
      ),
    );
    expect(merged).toHaveLength(3);
  });

  it('joins by words where a report names no line, and never two findings of one report', () => {
    const general = finding({ file: 'one.md', line: null, text: 'nothing tests the empty list' });
    expect(
      mergeReviews(opinions([general], [{ ...general, text: 'the empty list has nothing that tests it' }])),
    ).toHaveLength(1);
    expect(mergeReviews(opinions([general, general], []))).toHaveLength(2);
    expect(mergeReviews(opinions([general], [general, general]))).toHaveLength(2);
  });

  it('does not take a file that both name for a word in common', () => {
    const first = finding({ text: 'src/a.ts:10 the sign is wrong' });
    const second = finding({ text: 'src/a.ts:10 nobody closes the handle', severity: 'CRITICAL' });
    expect(mergeReviews(opinions([first], [second]))).toHaveLength(2);
  });

  it('joins what names no place of the work, though each stands at its own report', () => {
    const report = (name: string): string => `coordination/reviews/REVIEWER-REPORT-${name}.md`;
    const first = finding({ file: report('R01'), line: 7, text: 'nothing tests the empty list' });
    const second = finding({
      file: report('R01-SECOND'),
      line: 40,
      text: 'the empty list has nothing that tests it',
    });
    expect(mergeReviews(opinions([first], [second]))).toHaveLength(1);
  });

  it('takes one report alone as it is', () => {
    expect(shape(mergeReviews(opinions([finding({})], []).slice(0, 1)))).toEqual([
      'MINOR src/a.ts:10 reviewer',
    ]);
  });
});

describe('mergedText()', () => {
  it('lists each report and each finding with its witnesses', () => {
    const given = opinions([finding({ severity: 'MAJOR' })], []);
    const text = mergedText('R07', given, mergeReviews(given));
    expect(text).toContain('- second-reviewer: two.md, 0 findings');
    expect(text).toContain('- MAJOR src/a.ts:10 the sign of the comparison is wrong (reviewer)');
    expect(mergedText('R07', given, [])).toContain('None.');
  });
});
