/** A tier in which a session that sees only the wish writes the check, and whoever builds is held to it unseen. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  artifactsOf,
  goodRound,
  handoff,
  handoffText,
  makeProject,
  play,
  removeProjects,
  type Step,
} from '../rig/journey.ts';

afterAll(removeProjects);

const secret = 'only-the-oracle-knows-this';
const check = [
  `# ${secret}`,
  'grep -q right "$NEXT_ROLE_WORK/src/work.txt" && exit 0',
  'echo "src/work.txt must say right; it says: $(cat "$NEXT_ROLE_WORK/src/work.txt")"',
  'exit 1',
  '',
].join('\n');
const builds = (word: string): readonly Step[] => [
  { write: { path: 'src/work.txt', text: `${word}\n` } },
  { handoff: { 'next-role': 'reviewer', status: 'READY' } },
];

describe('the tier oracle', () => {
  it('sends work back that fails a check nobody but the oracle has seen, and passes it once it is right', async () => {
    const project = await makeProject({
      git: true,
      handoff: handoff({ tier: 'oracle', 'next-role': 'oracle' }),
      scenario: {
        ...goodRound,
        oracle: [
          [
            { write: { path: 'coordination/acceptance/R01/run.sh', text: check } },
            {
              write: {
                path: 'coordination/acceptance/R01/README.md',
                text: '# Check\n\n## Behaviours\n\n- says right\n\n## Not checked\n\n- nothing\n',
              },
            },
            { handoff: { 'next-role': 'architect', status: 'READY' } },
          ],
        ],
        architect: [
          [...artifactsOf('architect'), { handoff: { 'next-role': 'implementer', status: 'READY' } }],
        ],
        implementer: [builds('wrong'), builds('right')],
      },
    });
    const journey = await play(project);
    expect(journey.ended).toMatchObject({ situation: { rest: 0 } });
    expect(journey.sessions()).toEqual([
      'oracle',
      'architect',
      'implementer',
      'implementer',
      'reviewer',
      'memorial',
    ]);
    const repair = journey.notices.find(
      (notice) => notice.type === 'session-started' && notice.order.kind === 'repair',
    );
    expect(JSON.stringify(repair)).toContain('must say right; it says: wrong');
    const sessions = join(project.own, 'sessions');
    const told = readdirSync(sessions)
      .filter((name) => !name.includes('oracle'))
      .map((name) => readFileSync(join(sessions, name, 'stdin'), 'utf8'));
    expect(told.length).toBeGreaterThan(4);
    for (const prompt of told) expect(prompt).not.toContain(secret);
  });

  it('does not let work pass whose check is gone: a human is asked at once, with the ways on', async () => {
    const project = await makeProject({
      handoff: handoff({ tier: 'oracle', 'next-role': 'implementer' }),
      scenario: { ...goodRound, implementer: [builds('right')] },
    });
    const journey = await play(project, ({ rest }) => rest !== null);
    expect(journey.sessions()).toEqual(['implementer']);
    expect(journey.ended).toMatchObject({ situation: { rest: 2, question: { askedBy: 'implementer' } } });
    const text = handoffText(project);
    expect(text).toContain('The work of implementer cannot be checked');
    expect(text).toContain('acceptance in coordination/acceptance/R01/run.sh: There is no check to run');
    expect(text).toContain('A: { do: Run oracle again');
    expect(text).toContain('B: { do: Accept what is on disk and go on with reviewer');
  });
});
