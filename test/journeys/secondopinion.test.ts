/** A second reviewer beside the first: two real processes at once, one event, one merged report, one receipt. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { readLedgers } from '../../src/runner/ledger.ts';
import {
  type Journey,
  fileOf,
  goodRound,
  handoff,
  handoffText,
  hasFile,
  makeProject,
  play,
  removeProjects,
  type Scenario,
  type Step,
} from '../rig/journey.ts';

afterAll(removeProjects);

const grilled = [
  '- CRITICAL if it is wrong: the first line of the work.',
  '- Will surprise the next role: nothing that was looked for.',
  '- Could have been caught earlier: nothing that was found.',
].join('\n');
const report = (path: string, findings: string, grilling = grilled): Step => ({
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
      grilling,
      '',
    ].join('\n'),
  },
});
const first = (findings: string, grilling?: string): Step =>
  report('REVIEWER-REPORT-R01.md', findings, grilling);
const second = (findings: string, grilling?: string): Step =>
  report('REVIEWER-REPORT-R01-SECOND.md', findings, grilling);
const ends = (to: string, status: string): Step => ({ handoff: { 'next-role': to, status } });
const merges = ends('memorial', 'MERGE-READY');
const silence: Step = { say: 'nothing to report' };
const merged = 'coordination/reviews/REVIEWER-REPORT-R01-MERGED.md';

/** A round that begins with its review, because the rest of it is tried elsewhere. */
const reviewed = (scenario: Scenario, settings: Readonly<Record<string, unknown>> = {}, git = false) =>
  makeProject({
    git,
    settings: { secondOpinion: 'always', ...settings },
    handoff: handoff({ 'next-role': 'reviewer' }),
    files: { 'src/work.txt': 'work\n', 'src/other.txt': 'a\n'.repeat(9), 'src/old.txt': 'old\n' },
    scenario: { ...goodRound, ...scenario },
  });

/** To whatever rest it comes to, so that one nobody expected is seen at once. */
const played = (project: Project) => play(project, ({ rest }) => rest !== null);

/** The roles in their order; the pair that begins a review is started together, and told in either order. */
function inPairs(journey: Journey): readonly string[] {
  const roles = journey.sessions().join(' ');
  return roles.replace(/(^|implementer )second-reviewer reviewer/g, '$1reviewer second-reviewer').split(' ');
}

describe('a second opinion', () => {
  it('is worked beside the first review, merged by rule, and paid for in the receipt', async () => {
    const project = await reviewed({
      reviewer: [[first('- F-1 MINOR src/work.txt:1 the words are vague'), merges]],
      'second-reviewer': [
        [
          second(
            '- F-1 MAJOR src/work.txt:1 the words are too vague\n- F-2 MINOR src/other.txt:9 nobody needs it',
          ),
        ],
      ],
    });
    const journey = await played(project);
    expect(handoffText(project)).toContain('ROUND-COMPLETE');
    expect(inPairs(journey)).toEqual(['reviewer', 'second-reviewer', 'memorial']);
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
    expect(ledger?.ordered).toBe(3);
    expect(ledger?.work.map(({ order }) => order.role)).toContain('second-reviewer');
  });

  it('that does not come is ordered again by itself, and then the human is asked; nobody goes on with one', async () => {
    const project = await reviewed({ 'second-reviewer': [[silence]] }, { caps: { perDispatch: 2 } });
    const journey = await played(project);
    expect(inPairs(journey)).toEqual(['reviewer', 'second-reviewer', 'second-reviewer']);
    expect(journey.ended).toMatchObject({ situation: { rest: 2, role: 'reviewer' } });
    const text = handoffText(project);
    expect(text).toContain('status: ESCALATE');
    expect(text).toContain('This review needs a second opinion and has only one');
    expect(text).toContain('The second-reviewer left no report');
    expect(text).toContain('Have both reviewers look again');
    expect(text).toContain('Accept what is on disk and go on with memorial');
  });

  it('that breaks its own contract does not count until it is mended, while a report of the first is mended too', async () => {
    const project = await reviewed({
      // What it owes is answered in its second session only: the review is not merged before.
      reviewer: [
        [first('- F-1 MINOR src/work.txt:1 the words are vague', 'Done.'), merges],
        [first('- F-1 MINOR src/work.txt:1 the words are vague'), merges],
      ],
      'second-reviewer': [
        [second('- F-9 MAJOR src/work.txt:1 seen by nobody', 'Done.')],
        [second('- F-2 MINOR src/other.txt:9 nobody needs it')],
      ],
    });
    const journey = await played(project);
    expect(inPairs(journey)).toEqual([
      'reviewer',
      'second-reviewer',
      'reviewer',
      'second-reviewer',
      'memorial',
    ]);
    const [, , mending, opinion] = journey.orders();
    expect(mending).toMatchObject({ kind: 'repair' });
    expect(mending).not.toHaveProperty('companion');
    expect(opinion).toMatchObject({ kind: 'opinion', visit: 2, attempt: 2 });
    expect(opinion?.feedback.join('\n')).toMatch(
      /does not count: grilling in coordination\/reviews\/REVIEWER-REPORT-R01-SECOND\.md/,
    );
    const text = fileOf(project, merged);
    expect(text).toContain('- MINOR src/other.txt:9 F-2 nobody needs it (second-reviewer)');
    expect(text).toContain('(reviewer)');
    expect(text).not.toContain('F-9');
  });

  it('of an earlier visit is never taken for one of this review; both are told what changed since', async () => {
    const project = await reviewed(
      {
        implementer: [[{ write: { path: 'src/work.txt', text: 'better\n' } }, ends('reviewer', 'READY')]],
        reviewer: [
          [first('- F-1 CRITICAL src/work.txt:1 it is missing'), ends('implementer', 'READY')],
          [first('- F-3 MINOR src/work.txt:1 a word'), merges],
        ],
        'second-reviewer': [
          [second('- F-2 MAJOR src/old.txt:1 the old state')],
          [silence],
          [second('None.')],
        ],
      },
      { commit: false },
      true,
    );
    const journey = await played(project);
    expect(inPairs(journey)).toEqual([
      'reviewer',
      'second-reviewer',
      'implementer',
      'reviewer',
      'second-reviewer',
      'second-reviewer',
      'memorial',
    ]);
    expect(fileOf(project, merged)).not.toContain('src/old.txt');
    expect(fileOf(project, merged)).toContain('src/work.txt:1 F-3 a word');
    const prompts = journey.orders().map(({ id }) => fileOf(project, `.next-role/sessions/${id}/stdin`));
    const delta =
      /## What changed since your last session in this round\n\n(?:- .*\n)*- src\/work\.txt \(\+1 -1\)/;
    // So is the one that is asked again: the session that left nothing has seen nothing for it.
    expect(prompts.map((prompt) => delta.test(prompt))).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('is not asked for where the settings say never', async () => {
    const project = await reviewed({}, { secondOpinion: 'never' });
    expect(inPairs(await played(project))).toEqual(['reviewer', 'memorial']);
    expect(hasFile(project, merged)).toBe(false);
  });
});
