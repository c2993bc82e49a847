/** A second reviewer beside the first: two real processes at once, one event, one merged report, one receipt. */
import { afterAll, describe, expect, it } from 'vitest';
import { readLedgers } from '../../src/runner/ledger.ts';
import {
  fileOf,
  good,
  goodRound,
  hasFile,
  makeProject,
  play,
  removeProjects,
  type Step,
} from '../rig/journey.ts';

afterAll(removeProjects);

const report = (path: string, findings: string): Step => ({
  write: {
    path: `coordination/reviews/${path}`,
    text: [
      '# Review',
      '## Acceptance criteria',
      'Words.',
      '## Findings',
      findings,
      '## Right-reasons audit',
      'Words.',
      '## Grilling',
      '- CRITICAL if it is wrong: the first line of the work.',
      '- Will surprise the next role: nothing that was looked for.',
      '- Could have been caught earlier: nothing that was found.',
      '',
    ].join('\n'),
  },
});
const ends = (to: string, status: string): Step => ({ handoff: { 'next-role': to, status } });
const merged = 'coordination/reviews/REVIEWER-REPORT-R01-MERGED.md';

describe('a second opinion', () => {
  it('is worked beside the first review, merged by rule, and paid for in the receipt', async () => {
    const project = await makeProject({
      settings: { secondOpinion: 'always' },
      scenario: {
        ...goodRound,
        reviewer: [
          [
            report('REVIEWER-REPORT-R01.md', '- F-1 MINOR src/work.txt:1 the words are vague'),
            ends('memorial', 'MERGE-READY'),
          ],
        ],
        'second-reviewer': [
          [
            report(
              'REVIEWER-REPORT-R01-SECOND.md',
              '- F-1 MAJOR src/work.txt:1 the words are too vague\n- F-2 MINOR src/other.txt:9 nobody needs it',
            ),
          ],
        ],
      },
    });
    const journey = await play(project);
    expect(journey.sessions()).toEqual([
      'architect',
      'implementer',
      'reviewer',
      'second-reviewer',
      'memorial',
    ]);
    const text = fileOf(project, merged);
    expect(text).toContain('- MAJOR src/work.txt:1');
    expect(text).toContain('(reviewer, second-reviewer)');
    expect(text).toMatch(/MINOR src\/other\.txt:9 .*\(second-reviewer\)/);
    const ended = journey.notices.find(
      (notice) =>
        notice.type === 'decided' && notice.event.type === 'ENDED' && notice.event.companion !== undefined,
    );
    expect(ended).toMatchObject({ event: { companion: { outcome: { type: 'done' } } } });
    const [ledger] = readLedgers(project);
    expect(ledger?.ordered).toBe(5);
    expect(ledger?.work.map(({ order }) => order.role)).toContain('second-reviewer');
  });

  it('that never comes leaves the first review alone, and a finding says so', async () => {
    const project = await makeProject({
      settings: { secondOpinion: 'always' },
      scenario: { ...goodRound, 'second-reviewer': [[{ say: 'nothing to report' }]] },
    });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
    expect(JSON.stringify(journey.notices)).toContain('The second-reviewer left no report');
    expect(hasFile(project, merged)).toBe(true);
  });

  it('is not asked for where the settings say never', async () => {
    const project = await makeProject({
      settings: { secondOpinion: 'never' },
      scenario: { ...goodRound, implementer: [good('implementer', 'reviewer')] },
    });
    expect((await play(project)).sessions()).not.toContain('second-reviewer');
  });
});
