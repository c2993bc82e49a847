import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { edit } from '../../src/protocol/codec.ts';
import type { Project } from '../../src/protocol/project.ts';
import { replayFile } from '../../src/runner/replay.ts';
import {
  good,
  goodRound,
  handoff,
  handoffText,
  hasFile,
  makeProject,
  removeProjects,
  self,
  start,
  type Scenario,
} from '../rig/journey.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(removeProjects);

const waitMsMax = 45_000;
const idle = handoff({ status: 'PAUSED' });
/** A first role that works long enough to be caught at it. */
const slow: Scenario = {
  ...goodRound,
  architect: [
    [
      { write: { path: '.next-role/half.txt', text: 'half\n' } },
      { pause: 30_000 },
      ...good('architect', 'implementer'),
    ],
  ],
};

function change(project: Project, keys: Readonly<Record<string, string>>): void {
  const edited = edit(handoffText(project), keys);
  if (!edited.ok) throw new Error(JSON.stringify(edited.problems));
  writeFileSync(project.handoff, edited.text);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Waited ${waitMsMax} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Starts the command itself, as a person would, and collects what it says. */
function command(...args: readonly string[]): {
  child: ChildProcess;
  out: () => string;
  ended: Promise<number | null>;
} {
  const [program, ...rest] = [...self, ...args];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  children.push(child);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {
    child,
    out: () => said,
    ended: new Promise((resolve) => child.on('close', (code) => resolve(code))),
  };
}

const roundsOf = (project: Project): number =>
  handoffText(project).includes('status: ROUND-COMPLETE') ? 1 : 0;

describe('watch', () => {
  it('runs three projects at once, each on its own file only, and stops one that a hand edit pauses', async () => {
    const [first, second, paused] = await Promise.all([
      makeProject({ scenario: goodRound, handoff: idle }),
      makeProject({ scenario: goodRound, handoff: idle }),
      makeProject({ scenario: slow, handoff: idle }),
    ]);
    const projects = [first, second, paused];
    const watching = command('watch', ...projects.map(({ root }) => root));
    await until('three runners', () =>
      projects.every((project) => hasFile(project, '.next-role/owner.json')),
    );

    change(first, { status: 'READY' });
    await until('the first round', () => roundsOf(first) === 1);
    expect(handoffText(second)).toBe(idle);
    expect(handoffText(paused)).toBe(idle);

    change(paused, { status: 'READY' });
    await until('the slow session', () => hasFile(paused, '.next-role/half.txt'));
    change(second, { status: 'READY' });
    change(paused, { status: 'PAUSED' });
    await until(
      'the pause',
      () =>
        /next-role: architect\nstatus: PAUSED\n/.test(handoffText(paused)) &&
        !handoffText(paused).includes('dispatch'),
    );
    await until('the second round', () => roundsOf(second) === 1);

    watching.child.kill('SIGTERM');
    expect(await watching.ended).toBe(130);
    for (const project of projects) {
      const replayed = replayFile(join(project.own, 'journal.jsonl'));
      expect(replayed.differences).toEqual([]);
      expect(hasFile(project, '.next-role/owner.json')).toBe(false);
    }
    expect(replayFile(join(first.own, 'journal.jsonl')).orders.map(({ role }) => role)).toEqual([
      'architect',
      'implementer',
      'reviewer',
      'memorial',
    ]);
  });
});

describe('one project', () => {
  it('has one runner: a second gets 75 and is told who holds it', async () => {
    const project = await makeProject({ scenario: slow });
    const first = command('run', '--dir', project.root);
    await until('the session', () => hasFile(project, '.next-role/half.txt'));
    const second = command('run', '--dir', project.root);
    expect(await second.ended).toBe(75);
    expect(second.out()).toContain(String(first.child.pid));
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is left in order by %s: the session ended, the order given back, nothing running',
    async (signal) => {
      const project = await makeProject({ scenario: slow });
      const running = command('run', '--dir', project.root);
      await until('the session', () => hasFile(project, '.next-role/half.txt'));
      const [session] = /dispatch: (\S+)/.exec(handoffText(project))?.slice(1) ?? [];
      const claim = readFileSync(join(project.own, 'sessions', session!, 'claim'), 'utf8');
      const pid = Number(/\d+/.exec(claim)?.[0]);
      running.child.kill(signal);
      expect(await running.ended).toBe(130);
      expect(handoffText(project)).toMatch(/next-role: architect\nstatus: READY\n/);
      expect(() => process.kill(pid, 0)).toThrow();
      writeFileSync(join(project.root, 'scenario.yaml'), JSON.stringify({ about: '', roles: goodRound }));
      const again = command('run', '--dir', project.root);
      expect(await again.ended).toBe(0);
    },
  );

  it('whose runner was killed has its living session adopted, not started again', async () => {
    const ran = { append: { path: '.next-role/ran.log', text: '{role}\n' } };
    const scenario = {
      ...goodRound,
      architect: [
        [
          ran,
          { write: { path: '.next-role/half.txt', text: 'x' } },
          { pause: 1_500 },
          ...good('architect', 'implementer'),
        ],
      ],
    };
    const project = await makeProject({ scenario });
    const first = command('run', '--dir', project.root);
    await until('the session', () => hasFile(project, '.next-role/half.txt'));
    first.child.kill('SIGKILL');
    await first.ended;
    const journey = start(project);
    expect(await journey.end).toMatchObject({ situation: { rest: 0 } });
    expect(readFileSync(join(project.root, '.next-role/ran.log'), 'utf8')).toBe('architect\n');
    expect(journey.sessions()).toEqual(['implementer', 'reviewer', 'memorial']);
  });

  it('whose session vanished with its machine asks the human instead of running it again', async () => {
    const project = await makeProject({ scenario: slow });
    const first = command('run', '--dir', project.root);
    await until('the session', () => hasFile(project, '.next-role/half.txt'));
    const session = /dispatch: (\S+)/.exec(handoffText(project))?.[1];
    const claim = join(project.own, 'sessions', session!, 'claim');
    const pid = Number(/\d+/.exec(readFileSync(claim, 'utf8'))?.[0]);
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(-pid, 'SIGKILL');
    const journey = start(project, (situation) => situation.rest !== null);
    expect(await journey.end).toMatchObject({ situation: { rest: 2, question: { askedBy: 'architect' } } });
    expect(journey.sessions()).toEqual([]);
    expect(handoffText(project)).toContain('nobody saw how it ended');
  });
});
