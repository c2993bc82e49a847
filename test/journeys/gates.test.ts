/**
 * Gates in real rounds. Three of them here, one of each kind (a report, a stream, a command); test/long/gates.test.ts has
 * all eleven. And a session that would turn off what it is held to.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { GateName } from '../../src/protocol/gateplan.ts';
import { playGate } from '../rig/gate-journeys.ts';
import { handoff, handoffText, makeProject, play, removeProjects, type Step } from '../rig/journey.ts';

afterAll(removeProjects);

describe('a round whose session breaks what a gate holds', () => {
  it.each<GateName>(['review', 'hidden-read', 'tests'])(
    '%s: rests with the finding and its place, and goes through once it is mended',
    playGate,
  );
});

const off = (name: string): string => `  ${name}: { off: true }\n`;
const weaker = `gates:\n${['write-policy', 'anti-scope', 'tests', 'artifact-contract'].map(off).join('')}`;
const write = (path: string, text: string): Step => ({ write: { path, text } });
const done: Step = { handoff: { 'next-role': 'human', status: 'ROUND-COMPLETE' } };
const forget: Step = { run: 'rm ".next-role/sessions/$NEXT_ROLE_ORDER/manifest.json"' };
const asks: Step = {
  escalate: { question: 'Which?', options: { A: { do: 'one', then: 'so' }, B: { do: 'other', then: 'so' } } },
};

describe('a session that turns gates off', () => {
  it('is judged by what it was given all the same, also by way of a question, and with all gates once it is put back', async () => {
    const project = await makeProject({
      handoff: handoff({ tier: 'build', 'next-role': 'implementer' }),
      files: { 'coordination/state/tiers.yaml': 'build: { about: builds, roles: [implementer] }\n' },
      settings: { commit: false, gates: { tests: { command: 'grep -q right src/work.txt' } } },
      scenario: {
        implementer: [
          // While the round rests at the question, the next runner starts with what the session left as settings.
          [write('coordination/state/gates.yaml', weaker), write('src/work.txt', 'wrong\n'), forget, asks],
          [write('src/work.txt', 'still wrong\n'), done],
          [{ run: 'rm coordination/state/gates.yaml' }, done],
          [write('src/work.txt', 'right\n'), done],
        ],
      },
    });
    const asked = await play(project, ({ rest }) => rest !== null);
    expect(asked.sessions()).toHaveLength(1);
    const answered = edit(handoffText(project), { answer: 'A' });
    if (!answered.ok) throw new Error(JSON.stringify(answered.problems));
    writeFileSync(project.handoff, answered.text);

    const journey = await play(project, ({ rest }) => rest !== null);
    const reds = journey.notices.flatMap((notice) =>
      notice.type === 'decided' && notice.event.type === 'GATED'
        ? [
            notice.event.gates
              .filter(({ pass }) => !pass)
              .map(({ gate, findings }) => [gate, findings[0]?.severity, findings[0]?.file]),
          ]
        : [],
    );
    expect(reds).toEqual([
      [
        ['write-policy', 'CRITICAL', 'coordination/state/gates.yaml'],
        ['tests', 'CRITICAL', null],
      ],
      [['tests', 'CRITICAL', null]],
      [],
    ]);
    expect(handoffText(project)).toContain('status: ROUND-COMPLETE');
  });
});
