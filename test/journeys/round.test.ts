import { writeFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Project } from '../../src/protocol/project.ts';
import { edit } from '../../src/protocol/codec.ts';
import { replayFile } from '../../src/runner/replay.ts';
import { resume } from '../../src/runner/answer.ts';
import {
  artifactsOf,
  fileOf,
  git,
  good,
  goodRound,
  handoffText,
  hasFile,
  makeProject,
  play,
  removeProjects,
  start,
} from '../rig/journey.ts';
import { saves } from '../rig/saves.ts';

afterAll(removeProjects);

const asking = {
  ...goodRound,
  implementer: [
    [
      { write: { path: 'src/work.txt', text: 'half done\n' } },
      {
        escalate: {
          question: 'The spec says 1 h, the API says 24 h. Which one rules?',
          options: {
            A: { do: 'Follow the spec', then: 'hourly refresh' },
            B: { do: 'Follow the API', then: 'AC-4 changes' },
          },
          recommended: 'B',
        },
      },
    ],
    good('implementer', 'reviewer'),
  ],
};

function answered(project: Project, change: Readonly<Record<string, string>>): string {
  const edited = edit(handoffText(project), change);
  if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
  return edited.text;
}

describe('a round', () => {
  it('runs from a saved handoff to ROUND-COMPLETE in as many sessions as the tier asks for', async () => {
    const project = await makeProject({ scenario: goodRound, git: true });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ type: 'rest', situation: { state: 'finished', rest: 0 } });
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
    expect(handoffText(project)).toMatch(/next-role: human\nstatus: ROUND-COMPLETE\n/);
    expect(handoffText(project)).not.toMatch(/dispatch|since|^by:/m);
  });

  it('leaves every other byte of the handoff as it was', async () => {
    const body = '\n## Directive\n\nKeep `STATUS: READY` quoted here.   \n\n| a | b |\n';
    const text = `---\n# who acts next\nround:   R01\nnext-role: architect # by hand\nstatus: READY\ntier: full\nowner: "ada"\n---\n${body}`;
    const project = await makeProject({ scenario: goodRound, handoff: text });
    await play(project);
    expect(handoffText(project)).toBe(
      text
        .replace('next-role: architect', 'next-role: human')
        .replace('status: READY\n', 'status: ROUND-COMPLETE\n'),
    );
  });

  it('runs the original’s bare-header files in their own dialect', async () => {
    const bare =
      'CURRENT-ROUND: R14a\nNEXT-ROLE: IMPLEMENTER (after the operator’s ok)\nSTATUS: READY\nTIER: audit\n\n## Inputs for next role\n(none)\n';
    const audit = {
      implementer: [
        [
          { write: { path: 'coordination/specs/Q-{round}-SPEC.md', text: thinSpec() } },
          ...good('implementer', 'reviewer'),
        ],
      ],
      reviewer: [good('reviewer', 'memorial', 'MERGE-READY')],
      memorial: [good('memorial', 'human')],
    };
    const project = await makeProject({ scenario: audit, handoff: bare });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
    expect(journey.sessions()).toEqual(['implementer', 'reviewer', 'memorial']);
    expect(handoffText(project)).toMatch(
      /^CURRENT-ROUND: R14a\nNEXT-ROLE: human\nSTATUS: ROUND-COMPLETE\nTIER: audit\n/,
    );
  });

  it('commits the round’s files after each role, and never what the human had staged', async () => {
    const project = await makeProject({ scenario: goodRound, git: true, files: { 'mine.txt': 'old\n' } });
    writeFileSync(join(project.root, 'mine.txt'), 'staged by hand\n');
    git(project.root, 'add', 'mine.txt');
    await play(project);
    const subjects = git(project.root, 'log', '--format=%s').trim().split('\n');
    expect(subjects.filter((line) => line.startsWith('chore(R01):'))).toHaveLength(4);
    expect(git(project.root, 'diff', '--cached', '--name-only').trim()).toBe('mine.txt');
    expect(git(project.root, 'log', '--name-only', '--format=', '--', 'mine.txt').trim()).toBe('mine.txt');
    expect(git(project.root, 'status', '--porcelain', 'coordination').trim()).toBe('');
  });

  it('writes a manifest and the prompt before each session, and the reviewer’s offers nothing hidden', async () => {
    const project = await makeProject({
      scenario: goodRound,
      files: { 'coordination/logs/IMPLEMENTER-R01.log': 'notes\n' },
    });
    await play(project);
    const sessions = readdirSync(join(project.own, 'sessions'));
    expect(sessions).toHaveLength(4);
    for (const session of sessions) {
      const manifest = JSON.parse(fileOf(project, `.next-role/sessions/${session}/manifest.json`)) as {
        offered: { path: string; sha256: string }[];
        hidden: string[];
      };
      expect(manifest.offered.length).toBeGreaterThan(0);
      for (const { path, sha256 } of manifest.offered) {
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(path).not.toContain('logs/');
      }
    }
  });

  it('decides the same when its journal is replayed', async () => {
    const project = await makeProject({ scenario: goodRound });
    const journey = await play(project);
    const replayed = replayFile(join(project.own, 'journal.jsonl'));
    expect(replayed.differences).toEqual([]);
    expect(replayed.orders.map(({ role }) => role)).toEqual(journey.sessions());
    expect(replayed.records).toBe(journey.states().length);
  });

  it('does nothing more when a finished round is run again', async () => {
    const project = await makeProject({ scenario: goodRound });
    await play(project);
    const again = await play(project);
    expect(again.ended).toMatchObject({ type: 'rest', situation: { rest: 0 } });
    expect(again.sessions()).toEqual([]);
  });
});

describe('a question', () => {
  it.each(saves)(
    'is answered by a save %s, and the role that asked goes on with the words',
    async (_, save) => {
      const project = await makeProject({ scenario: asking, git: true });
      const journey = start(project);
      await journey.inState('parked');
      expect(journey.sessions()).toEqual(['architect', 'implementer']);
      save(project.handoff, answered(project, { answer: 'B', note: 'but log it' }));
      expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
      expect(journey.sessions()).toEqual(['architect', 'implementer', 'implementer', 'reviewer', 'memorial']);
      const decision = fileOf(project, 'coordination/decisions/D-R01-implementer-1.md');
      expect(decision).toContain('**B** — Follow the API');
      expect(decision).toContain('but log it');
      for (const [visit, role] of [
        [3, 'implementer'],
        [4, 'reviewer'],
      ] as const) {
        const session = readdirSync(join(project.own, 'sessions')).find((name) =>
          name.startsWith(`R01.${visit}-${role}`),
        );
        expect(fileOf(project, `.next-role/sessions/${session!}/stdin`)).toContain('but log it');
      }
      expect(handoffText(project)).not.toMatch(/escalation|answer|note:/);
      expect(replayFile(join(project.own, 'journal.jsonl')).differences).toEqual([]);
    },
  );

  it('stops a run with 2, survives the runner’s end, and is answered by resume for the next run', async () => {
    const project = await makeProject({ scenario: asking });
    const first = await play(project, (situation) => situation.rest !== null);
    expect(first.ended).toMatchObject({
      type: 'rest',
      situation: { rest: 2, question: { id: 'R01-implementer-1', askedBy: 'implementer' } },
    });
    expect(await resume(project, { choose: 'Q', note: null, id: null })).toMatchObject({ type: 'refused' });
    expect(await resume(project, { choose: 'a', note: null, id: 'R01-other-9' })).toMatchObject({
      type: 'refused',
    });
    expect(await resume(project, { choose: 'a', note: null, id: null })).toEqual({
      type: 'answered',
      id: 'R01-implementer-1',
      choice: 'A',
    });
    const second = await play(project);
    expect(second.ended).toMatchObject({ situation: { rest: 0 } });
    expect(second.sessions()).toEqual(['implementer', 'reviewer', 'memorial']);
    expect(await resume(project, { choose: 'A', note: null, id: null })).toMatchObject({ type: 'refused' });
  });

  it('is answered by READY with an operator decision section', async () => {
    const project = await makeProject({ scenario: asking });
    const journey = start(project);
    await journey.inState('parked');
    writeFileSync(
      project.handoff,
      `${answered(project, { status: 'READY' })}\n## Operator decision\n\nTake 12 h.\n`,
    );
    await journey.end;
    expect(fileOf(project, 'coordination/decisions/D-R01-implementer-1.md')).toContain('Take 12 h.');
  });

  it('refuses a letter that is no option, keeps waiting, and takes the next one', async () => {
    const project = await makeProject({ scenario: asking });
    const journey = start(project);
    await journey.inState('parked');
    writeFileSync(project.handoff, answered(project, { answer: 'Z' }));
    await journey.until(
      'the refusal',
      (notice) => notice.type === 'decided' && JSON.stringify(notice.state).includes('answer-unknown'),
    );
    writeFileSync(project.handoff, answered(project, { answer: 'A' }));
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
  });

  it('takes its default at the deadline only where the settings allow it', async () => {
    const deadline = new Date(Date.now() + 1_500).toISOString();
    const [first, second] = asking.implementer;
    const withDefault = {
      ...asking,
      implementer: [
        first!.map((step) =>
          'escalate' in step
            ? { escalate: { ...(step['escalate'] as object), default: 'A', deadline } }
            : step,
        ),
        second!,
      ],
    };
    const project = await makeProject({
      scenario: withDefault,
      settings: { escalation: { allowDefaults: true } },
    });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
    expect(fileOf(project, 'coordination/decisions/D-R01-implementer-1.md')).toContain('via: default');
    const strict = await makeProject({ scenario: withDefault });
    const parked = await play(strict, (situation) => situation.rest !== null);
    expect(parked.ended).toMatchObject({ situation: { rest: 2 } });
  });

  it('answered by the role itself does not count', async () => {
    const [first] = asking.implementer;
    const scenario = {
      ...asking,
      implementer: [[...first!, { handoff: { answer: 'A' } }], good('implementer', 'reviewer')],
    };
    const project = await makeProject({ scenario });
    const journey = await play(project, (situation) => situation.rest !== null);
    expect(journey.ended).toMatchObject({ situation: { rest: 2 } });
    expect(handoffText(project)).not.toMatch(/^answer:/m);
    expect(hasFile(project, 'coordination/decisions/D-R01-implementer-1.md')).toBe(false);
  });
});

/** The architect's full spec has every section that the thin one of the audit tier owes. */
function thinSpec(): string {
  const [spec] = artifactsOf('architect');
  return (spec?.['write'] as { text: string }).text;
}
