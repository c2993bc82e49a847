import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { look } from '../../src/runner/look.ts';
import type { Project } from '../../src/protocol/project.ts';
import {
  fileOf,
  good,
  goodRound,
  handoffText,
  makeProject,
  play,
  removeProjects,
  start,
  type Scenario,
} from '../rig/journey.ts';
import { line } from '../cli/shell.ts';

afterAll(removeProjects);

const fail = (kind: string, message: string, resetsInMs?: number): Scenario => ({
  ...goodRound,
  architect: [
    [{ misbehave: { fail: { class: kind, message, ...(resetsInMs === undefined ? {} : { resetsInMs }) } } }],
  ],
});
const plain = (text: string): string => text.replace(/\s+/g, ' ');
const heal = (project: Project): void =>
  writeFileSync(join(project.root, 'scenario.yaml'), stringify({ about: '', roles: goodRound }));

describe('a limit', () => {
  it('parks this project and every other of the same agent, survives a restart, and ends for all at "retry"', async () => {
    const first = await makeProject({
      scenario: fail('rate-limited', "You've hit your 5-hour limit", 3_600_000),
    });
    const scenario = join(first.root, 'scenario.yaml');
    const agents = { scripted: { kind: 'scripted', scenario } };
    const second = await makeProject({ scenario: goodRound, settings: { agents } });
    writeFileSync(join(first.root, 'coordination/next-role.yaml'), stringify({ agent: 'scripted', agents }));

    const one = start(first);
    await one.inState('cooling');
    one.stop();
    await one.end;
    expect(one.sessions()).toEqual(['architect']);

    const two = start(second);
    await two.inState('cooling');
    expect(two.sessions()).toEqual([]);
    expect(handoffText(second)).toContain('status: READY');
    const waiting = { out: plain((await line(second.root, ['why'])).out) };
    expect(waiting.out).toContain('the limit of scripted is used up');
    expect(waiting.out).toContain(first.root.slice(-20));
    expect(waiting.out).toMatch(/until .*at the latest/);
    expect(waiting.out).toContain('next-role retry');

    const again = start(first);
    heal(first);
    expect((await look(first)).situation).toMatchObject({ state: 'cooling', waitsFor: 'clock', sessions: 0 });
    const asked = await line(second.root, ['retry']);
    expect(asked).toMatchObject({
      code: 0,
      out: expect.stringContaining('every project that waits') as string,
    });
    expect((await two.end).type).toBe('rest');
    expect((await again.end).type).toBe('rest');
    expect([two.sessions()[0], again.sessions()[0]]).toEqual(['architect', 'architect']);
    expect((await line(second.root, ['retry'])).code).toBe(1);
  });

  it('that a tool or a text only quotes is no limit at all', async () => {
    const quotes = [
      { say: 'Claude AI usage limit reached|1790000000' },
      { run: "echo '5-hour limit reached ∙ resets 5pm; 429 rate_limit_error; insufficient_quota'" },
      { stderr: '401 authentication_error: credit balance is too low' },
    ];
    const architect = [[...quotes, ...good('architect', 'implementer')]];
    const project = await makeProject({ scenario: { ...goodRound, architect } });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'reviewer', 'memorial']);
  });

  it.each([
    ['auth', 'the key is refused', 'Log in with scripted'],
    ['quota', 'credit balance is too low', 'Add credit to the account of scripted'],
  ])('that only a human can lift (%s) asks at once, with the remedy', async (kind, message, remedy) => {
    const project = await makeProject({ scenario: fail(kind, message) });
    const journey = await play(project, ({ rest }) => rest !== null);
    expect(journey.sessions()).toEqual(['architect']);
    const why = plain((await line(project.root, ['why'])).out);
    expect(why).toContain(message);
    expect(why).toContain(remedy);
  });
});

describe('a model that is overloaded', () => {
  it('gives way to the next of its list at once: the order says why, and no attempt is spent', async () => {
    const overloaded = { misbehave: { fail: { class: 'overloaded', message: 'Overloaded' } } };
    const chosen = { run: 'printf %s "$NEXT_ROLE_MODEL" > chosen.txt' };
    // The implementer alone may write anywhere.
    const healed = { ...goodRound, implementer: [[chosen, ...good('implementer', 'reviewer')]] };
    const project = await makeProject({
      scenario: { ...goodRound, implementer: [[{ run: 'cp healed.yaml scenario.yaml' }, overloaded]] },
      settings: { roles: { implementer: { model: ['large', 'small'] } } },
      files: { 'healed.yaml': stringify({ about: '', roles: healed }) },
    });
    const journey = await play(project);
    expect(journey.sessions()).toEqual(['architect', 'implementer', 'implementer', 'reviewer', 'memorial']);
    const [, first, second] = journey.orders();
    expect([first?.model, first?.fallbacks, first?.visit, first?.attempt]).toEqual([
      'large',
      ['small'],
      1,
      1,
    ]);
    expect([second?.model, second?.fallbacks, second?.visit, second?.attempt]).toEqual(['small', [], 1, 1]);
    expect(second?.because).toEqual(
      expect.arrayContaining([
        'large met "overloaded", which spends no attempt',
        'large was overloaded or at its limit → fallback small',
      ]),
    );
    expect(fileOf(project, 'chosen.txt')).toBe('small');
    expect(journey.states()).not.toContain('parked');
  });
});

describe('an outage', () => {
  it('of the network is waited for, says so, and ends by itself without a spent attempt', async () => {
    const wait = '{ firstSeconds: 0.2, factor: 2, maxSeconds: 1, timesMax: 9, hoursMax: 1 }';
    const says = "'the provider of {agent} cannot be reached'";
    const rule = `network: { then: wait, says: ${says}, wait: ${wait} }
`;
    const project = await makeProject({
      scenario: fail('network', 'connect ECONNREFUSED'),
      files: { 'coordination/state/failures.yaml': rule },
    });
    const journey = start(project);
    await journey.until(
      'the second wait',
      (notice) => notice.type === 'decided' && JSON.stringify(notice.state).includes('"limitWaits":2'),
    );
    heal(project);
    expect(await journey.end).toMatchObject({ type: 'rest', situation: { rest: 0, sessions: 4 } });
    const said = journey.notices.find(
      (notice) => notice.type === 'decided' && notice.state.value === 'cooling',
    );
    expect(JSON.stringify(said)).toContain('ECONNREFUSED');
  });
});
